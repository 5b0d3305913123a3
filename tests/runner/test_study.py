"""Studies: many real runs one after another, stopped, killed and gone on with."""

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
from cifar_studio.config.study import StudyRun
from cifar_studio.runner.study import StudyRunner, estimate_of, plan
from cifar_studio.runner.training.speeds import Speed, SpeedBook
from cifar_studio.runs.folder.events import EpochEnded, RunEnded
from cifar_studio.runs.folder.library import list_runs
from cli_support import PATIENCE_S, start, studio
from runner.small_runs import CONFIG

TINY = (
    *("--epochs=1", "--train-per-class=1", "--test-per-class=1", "--data=demo"),
    *("--set=architecture=mobilenet_v2", "--set=dropout=null", "--set=batch_size=50"),
)
"""Six runs of the smallest network, a second each."""


def small(seed: int, epochs: int = 1) -> StudyRun:
    preset = PRESETS["report-mobilenet_v2"]
    return StudyRun(preset, replace(CONFIG, seed=seed, epochs=epochs))


def test_that_what_is_done_is_not_done_again(shared_cache: Path, tmp_path: Path) -> None:
    runs = [small(0), small(1)]
    runner = StudyRunner("demo", tmp_path, ["x"])
    assert [step.state for step in plan(runs, tmp_path, "demo")] == ["new", "new"]
    events = list(runner.train(plan(runs, tmp_path, "demo")[0]))
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert ended.state == "finished"
    first, second = plan(runs, tmp_path, "demo")
    assert (first.state, second.state) == ("finished", "new")
    assert first.found is not None
    assert str(first.found.path) == ended.folder
    assert [step.state for step in plan(runs, tmp_path, "auto")] == ["new", "new"]


@pytest.mark.long
def test_that_a_run_that_was_killed_goes_on(shared_cache: Path, tmp_path: Path) -> None:
    runs = [small(0, epochs=3)]
    runner = StudyRunner("demo", tmp_path, [])
    for event in runner.train(plan(runs, tmp_path, "demo")[0]):
        if isinstance(event, EpochEnded):
            runner.kill()
    (step,) = plan(runs, tmp_path, "demo")
    assert step.state == "resumable"
    assert step.found is not None
    done = len(step.found.rows)
    assert 1 <= done <= 3
    events = list(StudyRunner("demo", tmp_path, []).train(step))
    assert isinstance(events[-1], RunEnded)
    assert events[-1].state == "finished"
    (run,) = list_runs(tmp_path)
    assert [row.epoch for row in run.rows] == [1, 2, 3]


def test_that_stop_keeps_the_state(shared_cache: Path, tmp_path: Path) -> None:
    runs = [small(0, epochs=50)]
    runner = StudyRunner("demo", tmp_path, [])
    last = None
    for event in runner.train(plan(runs, tmp_path, "demo")[0]):
        last = event
        if isinstance(event, EpochEnded):
            runner.stop()
    assert isinstance(last, RunEnded)
    assert last.state == "stopped"
    assert runner.is_stopped
    assert plan(runs, tmp_path, "demo")[0].state == "resumable"


def test_that_an_estimate_counts_what_is_left(small_run: Path, tmp_path: Path) -> None:
    runs = [small(CONFIG.seed, CONFIG.epochs), small(CONFIG.seed + 1)]
    book = SpeedBook(tmp_path / "speeds.json")
    steps = plan(runs, tmp_path, "demo")
    unknown = estimate_of(steps, book)
    assert unknown.total_seconds is None
    assert unknown.memory_mib == (None, None)
    book.remember(runs[0].config, Speed(50.0, 200.0, 512.0))
    known = estimate_of(steps, book)
    assert known.seconds == pytest.approx((5.0, 2.5))  # an epoch trains on 100 pictures, tests 100
    assert known.memory_mib == (512.0, 512.0)
    shutil.copytree(small_run, tmp_path / small_run.name)
    assert estimate_of(plan(runs, tmp_path, "demo"), book).seconds[0] == 0.0


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
