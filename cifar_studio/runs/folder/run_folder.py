"""A run folder: its files, how they are written, and who holds it.

The folder is the truth: whatever is shown can be rebuilt from it. Checkpoints and evaluation
arrays have modules of their own; this one knows their names.
"""

from __future__ import annotations

import datetime
import os
import re
import stat
from pathlib import Path
from typing import Annotated, TypeVar

import filelock
import msgspec

from cifar_studio import atomic
from cifar_studio.config.serialization import read_config, to_json
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.disk_space import unwritable_run
from cifar_studio.errors import RunFolderError
from cifar_studio.runs.folder import json_file, lock
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.epochs import EpochRow, append_row, read_rows, rewrite_rows
from cifar_studio.runs.folder.events import Moment, RunState

FILES = (
    "config.json",
    "environment.json",
    "status.json",
    "notes.json",
    "epochs.csv",
    "trace.csv",
    "log.txt",
    "last.pt",
    "previous.pt",
    "best.pt",
    "evaluation.npz",
    "evaluation_last.npz",
    "evaluation_train.npz",
    ".lock",
)
_T = TypeVar("_T", bound=msgspec.Struct)
_Epochs = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """`status.json`: where a run stands. Times are ISO 8601 with the zone."""

    state: RunState
    message: str = ""
    remedy: str = ""
    epoch: _Epochs = 0
    epochs: _Epochs = 0
    best_epoch: _Epochs = 0
    started: str = ""
    updated: str = ""


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """`notes.json`: what a person added."""

    name: str = ""
    notes: str = ""
    star: bool = False


class RunFolder:
    """Reads and writes one run folder, which need not exist until something is written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    config_file = property(lambda self: self.path / "config.json")
    environment_file = property(lambda self: self.path / "environment.json")
    epochs_file = property(lambda self: self.path / "epochs.csv")
    trace_file = property(lambda self: self.path / "trace.csv")
    status_file = property(lambda self: self.path / "status.json")
    notes_file = property(lambda self: self.path / "notes.json")
    damaged_notes_file = property(lambda self: self.path / "notes.damaged.json")
    log_file = property(lambda self: self.path / "log.txt")
    last_checkpoint = property(lambda self: self.path / "last.pt")
    previous_checkpoint = property(lambda self: self.path / "previous.pt")
    best_checkpoint = property(lambda self: self.path / "best.pt")
    best_evaluation = property(lambda self: self.path / "evaluation.npz")
    last_evaluation = property(lambda self: self.path / "evaluation_last.npz")
    training_evaluation = property(lambda self: self.path / "evaluation_train.npz")
    lock_file = property(lambda self: self.path / ".lock")

    def hold(self) -> filelock.BaseFileLock:
        """The lock of the process that works on this folder; ends with the process.

        Raises
        ------
        RunFolderError
            Another process holds it; it cannot be written; or something else than a file stands
            where a file of the run belongs, which a folder of a stranger may lead astray with.
        """
        try:
            for name in FILES:
                check_ordinary(self.path / name)
            return lock.take(self.lock_file)
        except lock.LockTakenError:
            raise RunFolderError(
                f"{self.path} is in use by another process", "Wait until it ends, or stop it"
            ) from None
        except OSError as error:
            raise unwritable_run(self.path, error, "work on a copy of it") from error

    def is_held(self) -> bool:
        """Whether a process works on this folder now. Nothing is written."""
        return lock.is_taken(self.lock_file)

    def has_checkpoint(self) -> bool:
        """Whether there is one to go on from; not whether it is whole."""
        paths = (self.last_checkpoint, self.previous_checkpoint, self.best_checkpoint)
        try:
            return any(path.is_file() for path in paths)
        except OSError:  # a folder that may not be looked into
            return False

    def write_config(self, config: TrainConfig) -> None:
        atomic.write_bytes(self.config_file, to_json(config))

    def read_config(self) -> TrainConfig:
        """Raises BadInputError or ConfigError."""
        return read_config(self.config_file)

    def write_environment(self, environment: Environment) -> None:
        json_file.write(self.environment_file, environment)

    def read_environment(self) -> Environment:
        """Raises RunFolderError where it is missing or damaged."""
        return _read_json(self.environment_file, Environment)

    def evaluation_file(self, moment: Moment, of_training: bool = False) -> Path:
        """Where the evaluation of the best or the latest epoch's network lies."""
        best_or_last = self.best_evaluation if moment == "best" else self.last_evaluation
        path: Path = self.training_evaluation if of_training else best_or_last
        return path

    def write_status(self, status: Status) -> None:
        json_file.write(self.status_file, msgspec.structs.replace(status, updated=now()))

    def read_status(self) -> Status:
        """The status; a run that says it is running while nobody holds its folder was interrupted.

        Raises RunFolderError where it is missing or damaged.
        """
        status = _read_json(self.status_file, Status)
        if status.state in ("running", "paused") and not self.is_held():
            return msgspec.structs.replace(status, state="interrupted")
        return status

    def write_notes(self, notes: Notes) -> None:
        """Keep notes; ones that are damaged are set aside and not lost. Raises OSError."""
        try:
            self.read_notes()
        except RunFolderError:
            if os.path.lexists(self.notes_file):
                self.notes_file.replace(self.damaged_notes_file)
        json_file.write(self.notes_file, notes)

    def read_notes(self) -> Notes:
        """Raises RunFolderError where they are missing or damaged."""
        return _read_json(self.notes_file, Notes)

    def append_epoch(self, row: EpochRow) -> None:
        append_row(self.epochs_file, row)

    def read_epochs(self) -> list[EpochRow]:
        return read_rows(self.epochs_file)

    def keep_epochs(self, rows: list[EpochRow]) -> None:
        """Replace `epochs.csv` by these rows."""
        atomic.write_bytes(self.epochs_file, rewrite_rows(rows))


def create(parent: Path, architecture: str) -> RunFolder:
    """Make an empty run folder named by start time and network.

    Raises
    ------
    RunFolderError
        The place cannot be written.
    """
    stamp = datetime.datetime.now().strftime("%Y%m%d_%H%M%S")
    try:
        parent.mkdir(parents=True, exist_ok=True)
        for number in range(1, 1000):
            suffix = "" if number == 1 else f"_{number}"
            path = parent / f"{stamp}_{architecture}{suffix}"
            try:
                path.mkdir()
            except FileExistsError:
                continue
            try:
                atomic.sync_folder(parent)
            except OSError:
                path.rmdir()
                raise
            return RunFolder(path)
    except OSError as error:
        raise RunFolderError(
            f"no run folder can be made in {parent} ({error.strerror})",
            "Choose another place with --runs, or free space there",
            "disk",
        ) from error
    raise RunFolderError(f"{parent} is full of runs of this second", "Try again in a second")


def is_run_folder(path: Path) -> bool:
    """Whether a folder looks like a run, be it a damaged one.

    It has a config, or a checkpoint, which knows the settings too; or it has a run's name and
    figures.
    """
    folder = RunFolder(path)
    if os.path.lexists(folder.config_file) or folder.has_checkpoint():
        return True
    if start_time(path) is None:
        return False
    return os.path.lexists(folder.epochs_file) or os.path.lexists(folder.status_file)


def run_of(path: Path) -> Path:
    """The run folder that a path names: itself, or the one in which such a file lies."""
    # os.path asks without complaint, whatever the name is.
    return path.parent if os.path.isfile(path) and is_run_folder(path.parent) else path  # noqa: PTH113


def now() -> str:
    """The time now, ISO 8601 with seconds and zone."""
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")


def start_time(path: Path) -> datetime.datetime | None:
    """The start that a run folder's name tells; None where the name is another."""
    match = re.match(r"(\d{8}_\d{6})_", path.name)
    try:
        return datetime.datetime.strptime(match[1], "%Y%m%d_%H%M%S") if match else None
    except ValueError:
        return None


def _read_json(path: Path, kind: type[_T]) -> _T:
    try:
        return json_file.read(path, kind)
    except OSError as error:
        raise RunFolderError(
            f"{path} cannot be read ({error.strerror or error})",
            "Choose a run folder that is whole",
        ) from error
    except json_file.NotAsExpectedError as error:
        raise RunFolderError(
            f"{path} is damaged ({error})", "Choose a run folder that is whole"
        ) from error


def check_ordinary(path: Path) -> None:
    """Raises RunFolderError where something else than a file stands at `path`; OSError."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise RunFolderError(
            f"{path} is no ordinary file", "Remove it, or take a copy of the folder without it"
        )
