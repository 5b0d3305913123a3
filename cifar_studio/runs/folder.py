"""A run folder: its files, how they are written, and who holds it.

The folder is the truth: whatever is shown can be rebuilt from it. Checkpoints and evaluation
arrays have modules of their own; this one knows their names.
"""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import TypeVar

import filelock
import msgspec

from cifar_studio import atomic
from cifar_studio.config.serialization import read_config, to_json
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import RunFolderError
from cifar_studio.reading import read_bytes
from cifar_studio.runs.environment import Environment
from cifar_studio.runs.epochs import EpochRow, append_row, read_rows, rewrite_rows
from cifar_studio.runs.events import RunState

MAX_JSON_BYTES = 1024 * 1024
_FILES = (
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
    ".lock",
)
_T = TypeVar("_T", bound=msgspec.Struct)


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """`status.json`: where a run stands. Times are ISO 8601 with the zone."""

    state: RunState
    message: str = ""
    remedy: str = ""
    epoch: int = 0
    epochs: int = 0
    best_epoch: int = 0
    started: str = ""
    updated: str = ""


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """`notes.json`: what a person added."""

    name: str = ""
    notes: str = ""
    star: bool = False


class RunFolder:
    """Reads and writes one run folder.

    Parameters
    ----------
    path : Path
        The folder; it need not exist until something is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    config_file = property(lambda self: self.path / "config.json")
    environment_file = property(lambda self: self.path / "environment.json")
    epochs_file = property(lambda self: self.path / "epochs.csv")
    trace_file = property(lambda self: self.path / "trace.csv")
    status_file = property(lambda self: self.path / "status.json")
    notes_file = property(lambda self: self.path / "notes.json")
    log_file = property(lambda self: self.path / "log.txt")
    last_checkpoint = property(lambda self: self.path / "last.pt")
    previous_checkpoint = property(lambda self: self.path / "previous.pt")
    best_checkpoint = property(lambda self: self.path / "best.pt")
    best_evaluation = property(lambda self: self.path / "evaluation.npz")
    last_evaluation = property(lambda self: self.path / "evaluation_last.npz")
    lock_file = property(lambda self: self.path / ".lock")

    def hold(self) -> filelock.BaseFileLock:
        """The lock of the process that works on this folder; ends with the process.

        Raises
        ------
        RunFolderError
            Another process holds it; it cannot be written; or something else than a file stands
            where a file of the run belongs, which a folder of a stranger may lead astray with.
        """
        for path in (self.path / name for name in _FILES):
            if path.is_symlink() or (path.exists() and not path.is_file()):
                raise RunFolderError(
                    f"{path} is no ordinary file", "Remove it, or take a copy of the run without it"
                )
        # Who only asks whether it is held takes it for a moment, too.
        lock = filelock.FileLock(self.lock_file, timeout=0.5)
        try:
            lock.acquire()
        except filelock.Timeout:
            raise RunFolderError(
                f"{self.path} is in use by another process",
                "Wait until it ends, or stop it",
            ) from None
        except OSError as error:
            raise RunFolderError(
                f"{self.path} cannot be written ({error.strerror or error})",
                "Free space or mend the folder, or work on a copy of it",
            ) from error
        return lock

    def is_held(self) -> bool:
        """Whether a process works on this folder now."""
        if not self.lock_file.is_file() or self.lock_file.is_symlink():
            return False
        lock = filelock.FileLock(self.lock_file, timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout:
            return True
        except OSError:
            return False  # a folder that cannot be written is not being written
        lock.release()
        return False

    def has_checkpoint(self) -> bool:
        """Whether there is one to go on from; not whether it is whole."""
        paths = (self.last_checkpoint, self.previous_checkpoint, self.best_checkpoint)
        return any(path.is_file() for path in paths)

    def write_config(self, config: TrainConfig) -> None:
        atomic.write_bytes(self.config_file, to_json(config))

    def read_config(self) -> TrainConfig:
        """Raises BadInputError or ConfigError."""
        return read_config(self.config_file)

    def write_environment(self, environment: Environment) -> None:
        _write_json(self.environment_file, environment)

    def read_environment(self) -> Environment:
        """Raises RunFolderError where it is missing or damaged."""
        return _read_json(self.environment_file, Environment)

    def write_status(self, status: Status) -> None:
        _write_json(self.status_file, msgspec.structs.replace(status, updated=now()))

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
        if self.notes_file.exists() and self._notes() is None:
            self.notes_file.replace(self.path / "notes.damaged.json")
        _write_json(self.notes_file, notes)

    def read_notes(self) -> Notes:
        """Notes; empty ones where none were made or the file is damaged."""
        return self._notes() or Notes()

    def _notes(self) -> Notes | None:
        try:
            return _read_json(self.notes_file, Notes)
        except RunFolderError:
            return None

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
        ) from error
    raise RunFolderError(f"{parent} is full of runs of this second", "Try again in a second")


def is_run_folder(path: Path) -> bool:
    """Whether a folder looks like a run: it has a config, or a checkpoint that knows it."""
    folder = RunFolder(path)
    try:
        return folder.config_file.is_file() or folder.has_checkpoint()
    except OSError:  # a folder that may not be looked into
        return False


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


def _write_json(path: Path, value: msgspec.Struct) -> None:
    atomic.write_bytes(path, msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def _read_json(path: Path, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(read_bytes(path, MAX_JSON_BYTES), type=kind)
    except OSError as error:
        raise RunFolderError(
            f"{path} cannot be read ({error.strerror})", "Choose a run folder that is whole"
        ) from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RunFolderError(
            f"{path} is damaged ({str(error)[:100]})", "Choose a run folder that is whole"
        ) from error
