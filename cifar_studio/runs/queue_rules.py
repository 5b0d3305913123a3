"""Runs that wait for their turn: what one is, when failures hold the others, and their file.

Plain logic below whoever hands runs out: the window's queue and the command line's study.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from cifar_studio.config.check import check
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder import json_file
from cifar_studio.runs.folder.events import RunState
from cifar_studio.runs.wording import network

MOST_FAILURES = 3
"""So many failures in a row hold the runs that wait: what is wrong is not with one of them."""


class PlannedRun(msgspec.Struct, frozen=True):
    """A run that somebody asked for.

    `repeats` is the folder of a run that is to be repeated: its very pictures, and what was chosen
    for it by looking at the machine where this one can do that. It is empty for a run of its own.
    """

    config: TrainConfig
    data: str  # "auto", "demo", or a folder or archive
    preset: str = ""  # name of the preset that it came from, empty where there was none
    repeats: str = ""

    @property
    def title(self) -> str:
        again = " again" if self.repeats else ""
        return f"{network(self.config)}{again} · {self.config.epochs} epochs"

    @property
    def data_title(self) -> str:
        return {"auto": "CIFAR-100", "demo": "demo set"}.get(self.data, self.data)


class FailureCount:
    """Failures in a row, of runs that were handed out one after another."""

    def __init__(self) -> None:
        self._in_a_row = 0

    @property
    def is_too_many(self) -> bool:
        """Whether the other runs should wait, as they would fail in vain."""
        return self._in_a_row >= MOST_FAILURES

    def add(self) -> None:
        self._in_a_row += 1

    def clear(self) -> None:
        self._in_a_row = 0


def is_failure(state: RunState) -> bool:
    """Whether a run that ended so counts as failed, and was not stopped by anybody."""
    return state in ("failed", "crashed")


class _KeptQueue(msgspec.Struct):
    runs: list[PlannedRun] = []


def read_queue(path: Path) -> list[PlannedRun]:
    """The runs that `write_queue` kept.

    None where the file is missing or damaged; runs whose settings this version does not take are
    left out.
    """
    try:
        kept = json_file.read(path, _KeptQueue)
    except (OSError, json_file.NotAsExpectedError):
        return []
    return [run for run in kept.runs if not check(run.config)]


def write_queue(path: Path, runs: Sequence[PlannedRun]) -> None:
    """Keep runs on disk; a place that cannot be written is no reason to disturb anybody."""
    with contextlib.suppress(OSError):
        json_file.write(path, _KeptQueue(list(runs)))
