"""`cifar-studio experiment`: made, run, stopped, gone on with and finished."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from cifar_studio import paths
from cifar_studio.cli.making import NewWords, experiment_of
from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.errors import BadInputError, ConfigError
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.folder.library import list_runs
from cli_support import PATIENCE_S, TINY, assert_one_line, start, studio

pytestmark = [pytest.mark.usefixtures("shared_cache"), pytest.mark.timeout(3 * PATIENCE_S)]
SMALL = (*TINY[1:], "--set=train_per_class=2", "--set=epochs=1")
VARIED = ("--vary=momentum=0.8,0.9",)


def folder_of(name: str) -> ExperimentFolder:
    return ExperimentFolder(paths.experiments_folder() / name)


def made(name: str, *words: str) -> ExperimentFolder:
    result = studio("experiment", "new", name, *words)
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"experiment: {folder_of(name).path}\n"
    return folder_of(name)


def asked(**words: object) -> Experiment:
    return experiment_of(NewWords(**{"kind": "search", "preset": "quick-look", **words}))[0]  # type: ignore[arg-type]


def test_that_a_new_experiment_says_what_it_will_do(home: Path) -> None:
    result = studio("experiment", "new", "lr", "--kind=search", *SMALL, *VARIED, "--set=test=never")
    assert result.returncode == 0, result.stderr
    assert "every combination: 2 trials, each a training of 1 epoch" in result.stderr
    assert "momentum: 0.8 or 0.9" in result.stderr
    assert "The test set stays locked" in result.stderr
    assert "What --set says of test counts for nothing" in result.stderr
    assert "Run it: cifar-studio experiment run lr" in result.stderr
    again = studio("experiment", "new", "lr", "--kind=search", *SMALL, *VARIED)
    assert again.returncode == 2
    assert_one_line(again, "there is an experiment lr already")


def test_that_a_search_tries_every_combination_unless_it_cannot() -> None:
    assert asked(vary=["momentum=0.8,0.9"]).method == "grid"
    assert asked(vary=["momentum=0.8,0.9"], trials=2).method == "random"
    assert asked(vary=["momentum=0.8..0.9"], hours=1.0).method == "random"
    assert asked(vary=["momentum=0.8..0.9"], trials=2, by="tpe").method == "tpe"
    searched = asked(vary=["momentum=0.8,0.9"])
    assert (searched.config.train_per_class, searched.config.validation_per_class) == (90, 10)
    assert asked(kind="folds").folds == 5
    assert asked(kind="seeds").seeds == 3


def test_that_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        asked(
            preset="none-such",
            vary=["momentum=0.8,2", "warmth=1,2", "batch_size"],
            metric="test_top1",
            by="hand",
            prune="all",
            short=True,
            folds=1,
        )
    said = str(caught.value)
    for words in (
        "there is no preset 'none-such'",
        "momentum: is 2",
        "warmth: unknown key",
        "--vary batch_size has no '='",
        "test_top1 is a test figure",
        "by: is 'hand'",
        "prune: is 'all'",
        "short: is no option of --kind search",
        "folds: is 1, must be 2 to 20",
    ):
        assert words in said
    assert "nothing is varied" not in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"kind": "contest"}, "there is no kind contest"),
        ({}, "nothing is varied"),
        ({"vary": ["momentum=0.8..0.9"]}, "how many there are must be said"),
        ({"kind": "folds", "vary": ["momentum=0.8,0.9"]}, "which --kind folds does not do"),
        ({"kind": "seeds", "trials": 3}, "trials: is no option of --kind seeds"),
        ({"kind": "report"}, "preset: is no option of --kind report"),
        ({"data": "/none/such"}, "/none/such does not exist"),
    ],
)
def test_that_what_cannot_be_made_is_refused(words: dict[str, object], said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        asked(**words)


def test_that_a_report_has_its_trials_from_the_start() -> None:
    report, planned = experiment_of(NewWords(kind="report", short=True, seeds=2))
    assert len(planned) == 12
    assert report.trial_config(planned[6].parameters).seed == 1
    assert [plan.preset for plan in planned[:2]] == ["report-resnet18", "report-resnet18-dropout"]
    assert report.trial_config(planned[0].parameters).epochs == 3


@pytest.mark.parametrize("word", ["run", "show", "stop", "pause", "go-on", "more"])
def test_that_a_name_that_is_none_gets_one_line(word: str) -> None:
    result = studio("experiment", word, "none")
    assert result.returncode == 2
    assert_one_line(result, "there is no experiment none", "experiment list")


def test_that_an_experiment_that_nobody_runs_cannot_be_stopped() -> None:
    made("seeds", "--kind=seeds", "--seeds=2", *SMALL)
    for word in ("stop", "pause", "go-on"):
        result = studio("experiment", word, "seeds")
        assert result.returncode == 2
        assert_one_line(result, "nobody runs the experiment seeds")
    more = studio("experiment", "more", "seeds", "--seeds=2")
    assert more.returncode == 0
    assert "now has 4 trainings" in more.stderr
    assert folder_of("seeds").read_experiment().seeds == 4


def test_that_experiments_are_listed_with_where_they_stand() -> None:
    nothing = studio("experiment", "list")
    assert nothing.returncode == 0
    assert_one_line(nothing, "there are no experiments")
    made("seeds", "--kind=seeds", "--seeds=2", *SMALL)
    (paths.experiments_folder() / "damaged").mkdir()
    (paths.experiments_folder() / "damaged" / "experiment.json").write_text("{")
    listed = studio("experiment", "list")
    assert_one_line(listed, "is damaged")
    assert listed.stdout.split()[:3] == ["seeds", "stopped", "Seeds"]
    (entry,) = json.loads(studio("experiment", "list", "--json").stdout)
    assert (entry["name"], entry["kind"], entry["trials"]) == ("seeds", "seeds", 0)


def test_a_search_from_its_first_trial_to_its_winner() -> None:
    folder = made("lr", "--kind=search", *SMALL, *VARIED)
    first = studio("experiment", "run", "lr", "--slots=2")
    assert first.returncode == 0, first.stderr
    assert "trial 1/2 · momentum 0.8" in first.stderr
    assert "trial 2/2: validation top-1" in first.stderr
    assert first.stdout.splitlines()[-1] == f"experiment: {folder.path}"
    assert "2/2 trials" in first.stdout
    shown = json.loads(studio("experiment", "show", "lr", "--json").stdout)
    assert (shown["state"], len(shown["trials"])) == ("finished", 2)
    ran = {trial["run"] for trial in shown["trials"]}
    assert ran == {str(run.path) for run in list_runs(paths.runs_folder())}
    listed = studio("runs").stdout
    assert "trial 1 of lr" in listed
    assert "trial 2 of lr" in listed
    finished = studio("experiment", "finish", "lr", "--seeds=1", "--json")
    assert finished.returncode == 0, finished.stderr
    assert "the winner, with 2 training pictures a class for 1 epoch" in finished.stderr
    won = json.loads(finished.stdout)
    assert (won["name"], won["metric"]) == ("lr-winner", "test_top1")
    (trial,) = won["trials"]
    (run,) = (run for run in list_runs(paths.runs_folder()) if str(run.path) == trial["run"])
    assert run.config.test == "at_end"
    assert run.rows[-1].test_top1 == trial["value"]
    # The same winner is not tested once more.
    again = studio("experiment", "finish", "lr", "--seeds=1", "--json")
    assert json.loads(again.stdout)["trials"][0]["run"] == trial["run"]
    assert len(list_runs(paths.runs_folder())) == 3


def wait_for_rows(runs: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while not any(run.rows for run in list_runs(runs)) and time.monotonic() < until:
        time.sleep(0.1)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_that_ctrl_c_keeps_everything_and_the_same_command_goes_on() -> None:
    folder = made("cv", "--kind=folds", "--folds=2", *SMALL, "--set=epochs=2000")
    with start("experiment", "run", "cv") as process:
        wait_for_rows(paths.runs_folder())
        other = studio("experiment", "run", "cv")
        assert other.returncode == 2
        assert_one_line(other, "is being run by another process")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err
    assert "The same command goes on where it was." in err
    assert out.splitlines()[-1] == f"experiment: {folder.path}"
    (run,) = list_runs(paths.runs_folder())
    assert run.status.state == "stopped"
    done = len(run.rows)
    with start("experiment", "run", "cv") as process:
        until = time.monotonic() + PATIENCE_S
        while len(list_runs(paths.runs_folder())[0].rows) <= done and time.monotonic() < until:
            time.sleep(0.1)
        paused = studio("experiment", "pause", "cv")
        assert paused.returncode == 0, paused.stderr
        stopped = studio("experiment", "stop", "cv", "--now")
        assert stopped.returncode == 0, stopped.stderr
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err
    assert "goes on at epoch" in err
    (run,) = list_runs(paths.runs_folder())
    assert run.status.state == "stopped"
    assert [row.epoch for row in run.rows] == list(range(1, len(run.rows) + 1))


@pytest.mark.long
def test_that_trainings_that_fail_in_a_row_hold_the_others(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    folder = made("bad", "--kind=seeds", "--seeds=5", *SMALL, f"--data={tmp_path / 'empty'}")
    result = studio("experiment", "run", "bad")
    assert result.returncode == 1
    assert "3 trainings in a row have failed" in result.stderr
    states = [trial.state for trial in folder.read().trials]
    assert states == ["failed"] * 3 + ["planned"] * 2
