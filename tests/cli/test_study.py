"""The study of the report: what is found of it, and the command that trains the rest."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from cifar_studio.config.presets import PRESETS
from cifar_studio.config.study import FULL, SHORT, StudyRun, StudySize
from cifar_studio.runner.training.speeds import Speed, SpeedBook
from cifar_studio.runner.training.time_needed import Step, time_needed
from cifar_studio.runs.experiment.report import (
    adopt_runs,
    find_run,
    report_experiment,
    report_name,
)
from cifar_studio.runs.experiment.same_question import found_or_created
from cifar_studio.runs.folder.library import list_runs
from cifar_studio.runs.folder.run_folder import RunFolder, Status
from cli_support import PATIENCE_S, start, studio
from runner.small_runs import CONFIG

TINY = (
    *("--epochs=1", "--train-per-class=1", "--test-per-class=1", "--data=demo"),
    *("--set=architecture=mobilenet_v2", "--set=dropout=null", "--set=batch_size=50"),
)
"""Six runs of the smallest network, a second each."""


def small(seed: int, epochs: int = 2) -> StudyRun:
    preset = PRESETS["report-mobilenet_v2"]
    return StudyRun(preset, replace(CONFIG, seed=seed, epochs=epochs))


@pytest.fixture
def runs(small_run: Path, tmp_path: Path) -> Path:
    """A folder with a finished run of `small(0)`."""
    shutil.copytree(small_run, tmp_path / "runs" / small_run.name)
    return tmp_path / "runs"


def test_that_a_run_counts_only_with_its_very_settings_and_data(runs: Path) -> None:
    present = list_runs(runs)
    found = find_run(small(0).config, "demo", present)
    assert found is not None
    assert found.status.state == "finished"
    assert find_run(small(1).config, "demo", present) is None
    assert find_run(small(0).config, "auto", present) is None


def test_that_an_estimate_counts_what_is_left(runs: Path, tmp_path: Path) -> None:
    book = SpeedBook(tmp_path / "speeds.json")
    steps = [Step(small(0).config), Step(small(1).config)]
    unknown = time_needed(steps, book)
    assert unknown.total_seconds is None
    assert unknown.memory_mib == (None, None)
    book.remember(small(0).config, Speed(50.0, 200.0, 512.0))
    known = time_needed(steps, book)
    assert known.seconds == pytest.approx((5.0, 5.0))  # 100 pictures to train on, 100 to test
    assert known.memory_mib == (512.0, 512.0)
    done = Step(small(0).config, find_run(small(0).config, "demo", list_runs(runs)))
    assert time_needed([done], book).seconds == (0.0,)


def test_that_runs_that_stand_already_are_taken_in_once(runs: Path, tmp_path: Path) -> None:
    planned = [small(0), small(1)]
    experiment, trials = report_experiment(planned, data="demo", folder=str(runs))
    folder = found_or_created(tmp_path, "report", experiment, trials)
    adopt_runs(folder)
    adopt_runs(folder)
    first, second = folder.read().trials
    assert (first.state, second.state) == ("finished", "planned")
    (run,) = list_runs(runs)
    assert first.run == run.path.name
    assert run.best is not None
    assert first.value == run.best.test_top1
    assert first.parts[0].attempts == 1
    assert folder.read_experiment().trial_config(second.parameters) == planned[1].config


def test_that_a_run_that_was_cut_short_goes_on_as_a_trial(runs: Path, tmp_path: Path) -> None:
    (path,) = (run.path for run in list_runs(runs))
    RunFolder(path).write_status(Status(state="interrupted", epoch=1, epochs=2))
    experiment, trials = report_experiment([small(0)], data="demo", folder=str(runs))
    folder = found_or_created(tmp_path, "report", experiment, trials)
    adopt_runs(folder)
    (trial,) = folder.read().trials
    assert (trial.state, trial.run) == ("interrupted", path.name)


def test_that_the_same_question_finds_its_experiment_again(tmp_path: Path) -> None:
    asked = report_experiment([small(0)], data="demo", folder=str(tmp_path))
    first = found_or_created(tmp_path, "report", *asked)
    assert found_or_created(tmp_path, "report", *asked).name == "report"
    elsewhere = report_experiment([small(0)], data="demo", folder="")
    other = report_experiment([small(1)], data="demo", folder=str(tmp_path))
    assert found_or_created(tmp_path, "report", *elsewhere).name == "report-2"
    assert found_or_created(tmp_path, "report", *other).name == "report-3"
    assert found_or_created(tmp_path, "report", *other).name == "report-3"
    first.experiment_file.write_text("{")
    assert found_or_created(tmp_path, "report", *asked).name == "report-4"


@pytest.mark.parametrize(
    ("size", "name"),
    [
        (FULL, "report"),
        (SHORT, "report-short-3x100"),
        (StudySize(epochs=1, test_per_class=5, seeds=2), "report-short-1xall-test-5-2-seeds"),
    ],
)
def test_that_a_study_is_named_by_its_size(size: StudySize, name: str) -> None:
    assert report_name(size) == name
    assert report_name(size, as_printed=True) != name


@pytest.mark.long
def test_the_command_from_estimate_to_table(shared_cache: Path, tmp_path: Path) -> None:
    words = ("study", "report", "--runs", tmp_path / "runs", *TINY, "--set=deterministic=true")
    measured = studio(*words, "--estimate", "--json")
    assert measured.returncode == 0, measured.stderr
    told = json.loads(measured.stdout)
    assert len(told["runs"]) == 6
    assert all(run["memory_mib"] > 100 for run in told["runs"])
    assert not list_runs(tmp_path / "runs")
    done = studio(*words, "--table", tmp_path / "table.csv")
    assert done.returncode == 0, done.stderr
    assert "short: 1 epoch, 1 training picture a class, 1 test picture a class" in done.stderr
    assert "Measuring" not in done.stderr, "what was measured is remembered"
    assert "Epochs to convergence" in done.stdout
    with (tmp_path / "table.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert all("not comparable: demo" in row["Beside the report"] for row in rows)
    again = studio(*words, "--json")
    assert again.stderr.count(": done, ") == 6
    assert len(json.loads(again.stdout)) == 6


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_that_ctrl_c_stops_the_study_and_the_same_command_goes_on(
    shared_cache: Path, tmp_path: Path
) -> None:
    words = ("study", "report", "--runs", tmp_path, *TINY, "--epochs=4000")
    with start(*words) as process:
        until = time.monotonic() + PATIENCE_S
        while not any(run.rows for run in list_runs(tmp_path)) and time.monotonic() < until:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err
    assert "Stopping after this batch" in err
    assert "The same command goes on" in err
    (run,) = list_runs(tmp_path)
    assert run.status.state == "stopped"
    assert "Table 2" in out
    (again,) = (studio(*words, "--estimate").stderr.count("goes on"),)
    assert again >= 1


def test_that_missing_pictures_are_told_before_anything_is_measured(tmp_path: Path) -> None:
    done = studio("study", "report", "--runs", tmp_path, "--data", tmp_path / "none")
    assert done.returncode == 2
    assert "Measuring" not in done.stderr
