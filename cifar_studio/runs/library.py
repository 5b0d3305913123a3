"""The library of runs: what stands in the folder of runs, one summary a run."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import BadInputError, NewerVersionError, RunFolderError, StudioError
from cifar_studio.runs.environment import Environment
from cifar_studio.runs.epochs import EpochRow, best_row, read_table
from cifar_studio.runs.events import RunState
from cifar_studio.runs.folder import Notes, RunFolder, Status, is_run_folder, start_time
from cifar_studio.runs.trace import Trace, read_trace


@dataclass(frozen=True)
class Run:
    """A run as its folder tells it.

    Attributes
    ----------
    path : Path
    config : TrainConfig
    environment : Environment or None
        None where the run ended before it was written.
    status : Status
    rows : tuple of EpochRow
    notes : Notes
    damage : tuple of str
        What of it cannot be read, a sentence each.
    """

    path: Path
    config: TrainConfig
    environment: Environment | None
    status: Status
    rows: tuple[EpochRow, ...]
    notes: Notes
    damage: tuple[str, ...] = ()

    @property
    def best(self) -> EpochRow | None:
        return best_row(self.rows)

    @property
    def started(self) -> datetime.datetime | None:
        return start_time(self.path)

    @property
    def data_name(self) -> str:
        return self.environment.data.name if self.environment else "unknown data"

    def trace(self) -> Trace:
        """Points inside epochs, read from disk."""
        return read_trace(self.path / "trace.csv")


@dataclass(frozen=True)
class DamagedRun:
    """A run folder whose settings cannot be read.

    Attributes
    ----------
    path : Path
    fault, remedy : str
        For a person, as `StudioError` means them.
    """

    path: Path
    fault: str
    remedy: str


def load(path: Path) -> Run:
    """Read one run folder.

    Raises
    ------
    StudioError
        It is no run folder, or its config cannot be read.
    """
    if not is_run_folder(path):
        raise RunFolderError(
            f"{path} is no run folder (it has no config.json)",
            "Choose a folder that a training made",
        )
    table = read_table(RunFolder(path).epochs_file)
    return load_with(path, table.rows, lines_left_out=table.lines_left_out)


def load_with(path: Path, rows: Sequence[EpochRow], *, lines_left_out: int = 0) -> Run:
    """`load` for who knows the rows already. Raises StudioError."""
    folder = RunFolder(path)
    damage = []
    try:
        config = folder.read_config()
    except NewerVersionError:
        raise
    except BadInputError as error:
        if not folder.has_checkpoint():
            raise
        raise RunFolderError(
            error.fault, "Resume the run: its checkpoint knows the settings"
        ) from error
    environment: Environment | None = None
    try:
        environment = folder.read_environment()
    except RunFolderError:
        if folder.environment_file.exists():
            damage.append("environment.json cannot be read")
    try:
        status = folder.read_status()
    except RunFolderError as error:
        state: RunState = "running" if folder.is_held() else "interrupted"
        status = Status(state=state, message=error.fault, epochs=config.epochs)
        if folder.status_file.exists():
            damage.append("status.json cannot be read")
    if lines_left_out or [row.epoch for row in rows] != list(range(1, len(rows) + 1)):
        damage.append("epochs.csv is not whole")
    return Run(path, config, environment, status, tuple(rows), folder.read_notes(), tuple(damage))


def list_runs(parent: Path) -> list[Run]:
    """All readable runs below `parent`, newest first; damaged ones are left out."""
    return list_all(parent)[0]


def list_all(parent: Path) -> tuple[list[Run], list[DamagedRun]]:
    """All runs below `parent`, newest first, and those whose settings cannot be read."""
    runs, damaged = [], []
    for path in run_paths(parent):
        try:
            runs.append(load(path))
        except StudioError as error:
            damaged.append(DamagedRun(path, error.fault, error.remedy))
        except OSError as error:
            fault = f"{path} cannot be read ({error.strerror or error})"
            damaged.append(DamagedRun(path, fault, "See to it that it can be read"))
    return runs, damaged


def run_paths(parent: Path) -> list[Path]:
    """The run folders directly below `parent`, newest name first."""
    try:
        return sorted(filter(is_run_folder, parent.iterdir()), key=lambda p: p.name, reverse=True)
    except OSError:
        return []
