"""Runs that wait: the form in which they are kept, and when failures hold them."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runner.protocol import TrainRequest
from cifar_studio.runs.queue_rules import (
    MOST_FAILURES,
    FailureCount,
    PlannedRun,
    read_queue,
    write_queue,
)


def test_that_runs_are_kept_and_those_with_faults_left_out(tmp_path: Path) -> None:
    path = tmp_path / "queue.json"
    runs = [PlannedRun(TrainConfig(seed=1), "demo", "quick-look"), PlannedRun(TrainConfig(), "x")]
    bad = PlannedRun(TrainConfig(epochs=0), "auto")
    write_queue(path, [*runs, bad])
    kept = json.loads(path.read_text())
    assert list(kept) == ["runs"]
    assert list(kept["runs"][0]) == ["config", "data", "preset", "repeats"]
    assert read_queue(path) == runs
    path.write_text("{")
    assert read_queue(path) == []
    assert read_queue(tmp_path / "none.json") == []
    write_queue(tmp_path / "no folder" / "queue.json", runs)


def test_that_a_request_carries_all_that_was_planned() -> None:
    planned = PlannedRun(TrainConfig(seed=3), "demo", "quick-look", "/runs/first")
    request = TrainRequest(id=1, runs="/runs", **msgspec.structs.asdict(planned))
    assert msgspec.json.decode(msgspec.json.encode(request), type=TrainRequest) == request
    assert {**json.loads(msgspec.json.encode(planned)), "request": "train"}.items() <= (
        json.loads(msgspec.json.encode(request)).items()
    )


def test_that_only_failures_in_a_row_hold_the_others() -> None:
    failures = FailureCount()
    for _ in range(MOST_FAILURES - 1):
        failures.add()
    assert not failures.is_too_many
    failures.clear()
    for _ in range(MOST_FAILURES):
        assert not failures.is_too_many
        failures.add()
    assert failures.is_too_many
