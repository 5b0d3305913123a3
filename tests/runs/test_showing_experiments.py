"""What an experiment says: as an object, and as lines."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder, create
from cifar_studio.runs.experiment.importance import Importance
from cifar_studio.runs.experiment.show import describe_experiment, experiment_object
from cifar_studio.runs.experiment.trials import Begun, Ended, Planned
from cifar_studio.terminal import as_json
from experiment_support import make_folds, make_search, make_seeds, read, search


def test_that_the_object_is_the_contract(tmp_path: Path) -> None:
    folder = make_search(tmp_path)
    found = experiment_object(read(folder))
    assert list(found) == ["name", "kind", "state", "metric", "trials", "best", "says"]
    assert json.loads(as_json(found)) == found
    assert (found["name"], found["kind"], found["metric"]) == (
        *("first search", "search", "val_top1"),
    )
    assert found["state"] == "finished"
    trials = found["trials"]
    assert isinstance(trials, list)
    assert [trial["number"] for trial in trials] == list(range(1, 13))
    assert [trial["state"] for trial in trials].count("pruned") == 2
    assert trials[-1]["state"] == "failed"
    assert trials[-1]["message"] == "out of memory"
    assert trials[-1]["value"] is None
    known = {trial["number"]: trial["value"] for trial in trials if trial["value"] is not None}
    assert found["best"] == max(known, key=lambda number: known[number])
    for trial in trials:
        assert (Path(trial["run"]) / "config.json").is_file()
        assert Path(trial["run"]).is_absolute()
    says = found["says"]
    assert isinstance(says, dict)
    assert says["value"] == max(known.values())
    assert says["best"] == trials[found["best"] - 1]["parameters"]  # type: ignore[operator]
    assert says["importance"] == {}
    folder.write_importance(9, {"learning_rate": 0.7, "momentum": 0.3})
    assert experiment_object(read(folder))["says"]["importance"] == {  # type: ignore[index]
        "learning_rate": 0.7,
        "momentum": 0.3,
    }


def test_that_a_trial_whose_run_is_gone_is_deleted_and_its_figure_stays(tmp_path: Path) -> None:
    folder = make_search(tmp_path)
    before = experiment_object(read(folder))["trials"]
    assert isinstance(before, list)
    shutil.rmtree(before[2]["run"])
    after = experiment_object(read(folder))["trials"]
    assert isinstance(after, list)
    assert after[2] == {**before[2], "state": "deleted", "run": None}
    assert after[:2] == before[:2]


def test_that_a_trial_of_several_folds_names_its_runs(tmp_path: Path) -> None:
    folder = make_search(tmp_path, trials=3, folds=2)
    trials = experiment_object(read(folder))["trials"]
    assert isinstance(trials, list)
    (first, second) = trials[0]["runs"]
    assert (first["fold"], second["fold"]) == (1, 2)
    assert trials[0]["value"] == pytest.approx((first["value"] + second["value"]) / 2)
    assert trials[0]["epochs"] == first["epochs"] + second["epochs"]
    shutil.rmtree(first["run"])
    again = experiment_object(read(folder))["trials"][0]  # type: ignore[index]
    assert [run["state"] for run in again["runs"]] == ["deleted", "finished"]
    assert again["state"] == "finished"


@pytest.mark.parametrize("make", [make_seeds, make_folds])
def test_that_seeds_and_folds_say_mean_and_deviation(tmp_path: Path, make: object) -> None:
    found = experiment_object(read(make(tmp_path)))  # type: ignore[operator]
    values = [trial["value"] for trial in found["trials"]]  # type: ignore[attr-defined]
    says = found["says"]
    assert isinstance(says, dict)
    assert says["n"] == len(values)
    assert says["mean"] == pytest.approx(np.mean(values))
    assert says["standard_deviation"] == pytest.approx(np.std(values, ddof=1))
    assert says["figures"]["val_top1"]["mean"] == says["mean"]


def test_that_what_others_know_is_put_in(tmp_path: Path) -> None:
    found = experiment_object(read(make_seeds(tmp_path)), {"rows": [1]})
    assert isinstance(found["says"], dict)
    assert found["says"]["rows"] == [1]
    assert found["says"]["n"] == 3


def test_that_the_state_is_what_is_left_and_who_works(tmp_path: Path) -> None:
    planned = [Planned(trial=1, parameters={"learning_rate": 0.01})]
    folder = create(tmp_path, "s", search(trials=2, runs=str(tmp_path)), planned)

    def state() -> object:
        return experiment_object(read(folder))["state"]

    assert state() == "stopped"
    with folder.hold():
        assert state() == "running"
    folder.append(Begun(trial=1, run="x"))
    folder.append(Ended(trial=1, state="finished", value=3.0))
    assert state() == "stopped", "one of two trials was never proposed"
    folder.append(Planned(trial=2, parameters={"learning_rate": 0.02}))
    folder.append(Ended(trial=2, state="pruned", value=1.0))
    assert state() == "finished"


def test_that_hours_end_a_search(tmp_path: Path) -> None:
    folder = create(tmp_path, "s", search(trials=None, hours=1.0))  # type: ignore[arg-type]
    assert experiment_object(read(folder))["state"] == "stopped"
    folder.append(Planned(trial=1, parameters={"learning_rate": 0.01}))
    folder.append(Ended(trial=1, state="finished", value=3.0, seconds=3601.0))
    assert experiment_object(read(folder))["state"] == "finished"


def test_that_the_lines_say_where_it_stands(tmp_path: Path) -> None:
    folder = make_search(tmp_path)
    folder.write_importance(9, {"momentum": 0.25, "learning_rate": 0.75})
    found = experiment_object(read(folder))
    lines = describe_experiment(read(folder))
    number, says = found["best"], found["says"]
    assert isinstance(says, dict)
    assert lines[0].startswith(
        f"Search · 11/12 trials · best {says['value']:.2f} % (trial {number}: learning_rate "
    )
    assert "9 finished" in lines[1]
    assert "2 pruned" in lines[1]
    assert "Matters most: learning_rate 75 %, momentum 25 %" in lines
    assert "Trial 12 failed: out of memory" in lines
    (mean, *_) = describe_experiment(read(make_folds(tmp_path / "b")))
    assert mean.startswith("Folds · 4/4 trials · mean ")
    assert mean.endswith(", n = 4")


def test_that_a_best_value_at_an_edge_is_said(tmp_path: Path) -> None:
    folder = create(
        tmp_path, "s", search(), [Planned(trial=1, parameters={"learning_rate": 0.099})]
    )
    folder.append(Ended(trial=1, state="finished", value=3.0))
    said = "The best learning rate, 0.099, lies at the upper edge of 0.001 to 0.1"
    assert said in describe_experiment(read(folder))
    assert experiment_object(read(folder))["says"]["edges"] == [said]  # type: ignore[index]


@pytest.mark.parametrize(
    "line",
    [
        b'{"line":"planned","trial":1,"parameters":{"learning_rate":1e308,"\\u202e\\u001b":[[{}]]}}',
        b'{"line":"planned","trial":1,"parameters":{"learning_rate":9' + b"9" * 400 + b"}}",
        b'{"line":"begun","trial":1,"run":"' + b"x" * 5000 + b'"}',
        b'{"line":"begun","trial":1,"run":"a\\u0000b\\u001b[2J"}',
        b'{"line":"ended","trial":1,"state":"finished","value":1e308,"seconds":1e308}',
        b'{"line":"ended","trial":1,"state":"failed","message":"\\u001b[2J\\n\\ud800"}',
    ],
)
def test_that_a_strangers_ledger_is_told_all_the_same(tmp_path: Path, line: bytes) -> None:
    folder = make_search(tmp_path, trials=4)
    text = folder.ledger_file.read_bytes()
    start = line if b"planned" in line else b'{"line":"planned","trial":1,"parameters":{}}\n' + line
    again = b'{"line":"ended","trial":1,"state":"finished","value":1e308,"seconds":1e308}\n'
    folder.ledger_file.write_bytes(start + b"\n" + again * 3 + text)
    found = experiment_object(read(folder))
    msgspec.json.encode(found)
    assert json.loads(as_json(found), parse_constant=pytest.fail)["name"] == "first search"
    assert all(words.isprintable() for words in describe_experiment(read(folder)))


def test_that_importance_comes_back_and_what_is_damaged_is_none(tmp_path: Path) -> None:
    folder = ExperimentFolder(tmp_path)
    assert folder.read_importance() == Importance()
    folder.write_importance(30, {"learning_rate": 0.25, "momentum": 0.75})
    assert folder.read_importance().trials == 30
    assert folder.read_importance().ranked() == [("momentum", 0.75), ("learning_rate", 0.25)]
    for text in (
        "{",
        "[]",
        '{"importance": {"learning_rate": NaN}}',
        '{"importance": {"learning_rate": 2}}',
        '{"trials": -1}',
    ):
        folder.importance_file.write_text(text)
        assert folder.read_importance() == Importance(), text
    folder.importance_file.write_text('{"trials": 3, "importance": {"<script>": 0.5}}')
    assert folder.read_importance() == Importance(trials=3)


def test_that_folds_say_how_sure_their_mean_is(tmp_path: Path) -> None:
    folder = make_folds(tmp_path)
    found = experiment_object(read(folder))
    assert isinstance(found["says"], dict)
    folds = found["says"]["folds"]
    figure = folds["figures"]["val_top1"]
    values = [trial["value"] for trial in found["trials"]]  # type: ignore[attr-defined]
    deviation = float(np.std(values, ddof=1))
    # A quarter of the pictures is held out for three quarters.
    assert (folds["k"], folds["n"]) == (4, 4)
    assert figure["standard_error"] == pytest.approx(deviation * np.sqrt(1 / 4 + 1 / 3), rel=1e-3)
    shutil.rmtree(read(folder).runs_folder)
    says = experiment_object(read(folder))["says"]
    assert isinstance(says, dict)
    assert "folds" not in says
    assert says["n"] == 4
