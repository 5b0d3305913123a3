"""The library of runs: what stands in the folder of runs, one summary a run."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import RunFolderError, StudioError
from cifar_studio.runs.environment import Environment
from cifar_studio.runs.epochs import EpochRow, best_row
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
    """

    path: Path
    config: TrainConfig
    environment: Environment | None
    status: Status
    rows: tuple[EpochRow, ...]
    notes: Notes

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
    folder = RunFolder(path)
    config = folder.read_config()
    try:
        environment: Environment | None = folder.read_environment()
    except RunFolderError:
        environment = None
    try:
        status = folder.read_status()
    except RunFolderError as error:
        state: RunState = "running" if folder.is_held() else "interrupted"
        status = Status(state=state, message=error.fault, epochs=config.epochs)
    rows = tuple(folder.read_epochs())
    return Run(path, config, environment, status, rows, folder.read_notes())


def list_runs(parent: Path) -> list[Run]:
    """All readable runs below `parent`, newest first; damaged ones are left out."""
    runs = []
    for path in run_paths(parent):
        try:
            runs.append(load(path))
        except (StudioError, OSError):
            continue
    return runs


def run_paths(parent: Path) -> list[Path]:
    """The run folders directly below `parent`, newest name first."""
    try:
        return sorted(filter(is_run_folder, parent.iterdir()), key=lambda p: p.name, reverse=True)
    except OSError:
        return []
