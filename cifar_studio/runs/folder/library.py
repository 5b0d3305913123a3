"""The library of runs: what stands in the folder of runs, one summary a run."""

from __future__ import annotations

import datetime
import functools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cifar_studio.config.settings import bounds_of
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import BadInputError, NewerVersionError, RunFolderError, StudioError
from cifar_studio.plain_text import printable
from cifar_studio.runs.folder.early_stopping import Stop, early_end, stopping
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.epochs import EpochRow, best_row, read_table
from cifar_studio.runs.folder.events import RunState
from cifar_studio.runs.folder.run_folder import Notes, RunFolder, Status, is_run_folder, start_time
from cifar_studio.runs.folder.trace import Trace, read_trace

MAX_FAULT = 300
RESUMABLE: tuple[RunState, ...] = ("stopped", "interrupted", "crashed", "failed")
"""States of a run that ended before its end."""
_T = TypeVar("_T")


@dataclass(frozen=True)
class Run:
    """A run as its folder tells it."""

    path: Path
    config: TrainConfig
    environment: Environment | None  # None where the run ended before it was written
    status: Status
    rows: tuple[EpochRow, ...]
    notes: Notes
    damage: tuple[str, ...] = ()  # what of it cannot be read, a sentence each

    @functools.cached_property
    def best(self) -> EpochRow | None:
        return best_row(self.rows)

    @functools.cached_property
    def early_stop(self) -> Stop | None:
        """How the run ended by its own rule before its last epoch; None where it did not."""
        return early_end(self.rows, self.config)

    @property
    def is_test_locked(self) -> bool:
        """Whether the test pictures are kept from the run and have not been looked at so far."""
        is_tested = any(row.test_top1 is not None for row in self.rows)
        return self.config.locks_test_set and not is_tested

    @property
    def started(self) -> datetime.datetime | None:
        return start_time(self.path)

    @property
    def data_name(self) -> str:
        return self.environment.data.name if self.environment else "unknown data"

    @property
    def data_choice(self) -> str:
        """What to ask for to train on the same pictures again: "auto" or "demo"."""
        is_demo = self.environment is not None and self.environment.data.is_demo
        return "demo" if is_demo else "auto"

    @property
    def is_mendable(self) -> bool:
        """Whether a checkpoint is there that knows what is damaged."""
        known = any(words.startswith(("epochs.csv", "status.json")) for words in self.damage)
        return known and RunFolder(self.path).has_checkpoint()

    def trace(self) -> Trace:
        """Points inside epochs, read from disk."""
        return read_trace(self.path / "trace.csv")


@dataclass(frozen=True)
class DamagedRun:
    """A run folder whose settings cannot be read; fault and remedy as `StudioError` means them."""

    path: Path
    fault: str
    remedy: str

    @classmethod
    def of(cls, path: Path, error: StudioError | OSError) -> DamagedRun:
        """What reading a run raised."""
        if isinstance(error, StudioError):
            return cls(path, error.fault, error.remedy)
        fault = f"{path} cannot be read ({error.strerror or error})"
        return cls(path, fault, "See to it that it can be read")

    @property
    def has_checkpoint(self) -> bool:
        """Whether one is there, which knows the settings."""
        return RunFolder(self.path).has_checkpoint()


def load(path: Path) -> Run:
    """Read one run folder.

    Raises
    ------
    StudioError
        It is no run folder, or its config cannot be read.
    """
    if not is_run_folder(path):
        raise RunFolderError(
            f"{path} is no run folder (it has neither a config.json nor a checkpoint)",
            "Choose a folder that a training made",
        )
    table = read_table(RunFolder(path).epochs_file)
    return load_with(path, table.rows, lines_left_out=table.lines_left_out)


def load_with(path: Path, rows: Sequence[EpochRow], *, lines_left_out: int = 0) -> Run:
    """`load` for who knows the rows already. Raises StudioError."""
    folder = RunFolder(path)
    config = _config(folder)
    damage: list[str] = []
    environment = _part(folder.read_environment, folder.environment_file, damage)
    status = _part(folder.read_status, folder.status_file, damage)
    notes = _part(folder.read_notes, folder.notes_file, damage)
    if status is None:
        status = Status(state=_likely_state(folder, config, rows), epochs=config.epochs)
    # While a run goes on, its status may tell of a row that was written after the reading.
    is_short = len(rows) < status.epoch and status.state not in ("running", "paused")
    if lines_left_out or is_short or not _is_in_order(rows):
        damage.append("epochs.csv is not whole")
    return Run(path, config, environment, status, tuple(rows), notes or Notes(), tuple(damage))


def list_runs(parent: Path) -> list[Run]:
    """All readable runs below `parent`, newest first; damaged ones are left out."""
    return list_all(parent)[0]


def list_all(parent: Path) -> tuple[list[Run], list[DamagedRun]]:
    """All runs below `parent`, newest first, and those whose settings cannot be read."""
    runs, damaged = [], []
    for path in run_paths(parent):
        try:
            runs.append(load(path))
        except (StudioError, OSError) as error:
            damaged.append(DamagedRun.of(path, error))
    return runs, damaged


def can_resume(run: Run) -> bool:
    """Whether a run has stopped before its end and has a state to go on from.

    Before its first checkpoint that is its very beginning.
    """
    is_at_its_beginning = len(run.rows) <= 1
    has_state = is_at_its_beginning or RunFolder(run.path).has_checkpoint()
    return run.status.state in RESUMABLE and has_state


def can_train_longer(run: Run) -> bool:
    """Whether a run has ended, however it did, and kept a state to go on from.

    One that ended early by its own rule would end again at once.
    """
    has_ended = run.status.state == "finished" or run.status.state in RESUMABLE
    if stopping(run.rows, run.config):
        return False
    has_room = len(run.rows) + 1 in bounds_of("epochs")
    return has_ended and has_room and RunFolder(run.path).has_checkpoint()


def run_paths(parent: Path) -> list[Path]:
    """The run folders directly below `parent`, newest name first."""
    try:
        return sorted(filter(is_run_folder, parent.iterdir()), key=lambda p: p.name, reverse=True)
    except OSError:
        return []


def _config(folder: RunFolder) -> TrainConfig:
    try:
        return folder.read_config()
    except NewerVersionError:
        raise
    except BadInputError as error:
        fault = printable(error.fault)
        # A stranger's config may have a thousand faults.
        if len(fault) > MAX_FAULT:
            fault = f"{fault[:MAX_FAULT]}…"
        remedy = (
            "Resume the run: its checkpoint knows the settings"
            if folder.has_checkpoint()
            else "Put its config.json back from a copy, or remove the run"
        )
        name = printable(str(folder.path))
        raise RunFolderError(f"the settings of {name} cannot be used: {fault}", remedy) from error


def _part(read: Callable[[], _T], file: Path, damage: list[str]) -> _T | None:
    """What `read` gives; None, and a word in `damage`, where the file is there and damaged."""
    try:
        return read()
    except RunFolderError:
        if os.path.lexists(file):
            damage.append(f"{file.name} cannot be read")
        return None


def _likely_state(folder: RunFolder, config: TrainConfig, rows: Sequence[EpochRow]) -> RunState:
    if folder.is_held():
        return "running"
    has_ended = len(rows) >= config.epochs or stopping(rows, config) is not None
    return "finished" if has_ended else "interrupted"


def _is_in_order(rows: Sequence[EpochRow]) -> bool:
    return all(row.epoch == number for number, row in enumerate(rows, 1))
