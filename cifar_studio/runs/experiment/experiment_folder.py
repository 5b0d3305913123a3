"""An experiment's folder: its files, how they are written, and who holds it.

`experiment.json` is the question, `trials.jsonl` one line whenever a trial is planned, begun or
ended. A trial is an ordinary run folder among the runs, whose environment names experiment, trial
and part: what is shown can be rebuilt from these.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock
import msgspec
from msgspec.structs import replace

from cifar_studio import atomic, paths
from cifar_studio.config.check import value_faults
from cifar_studio.config.experiment.experiment import Experiment, checked_experiment
from cifar_studio.config.serialization import from_mapping, to_mapping
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import BadInputError, NewerVersionError, RunFolderError
from cifar_studio.reading import read_bytes
from cifar_studio.runs.experiment.importance import (
    Importance,
    read_importance,
    write_importance,
)
from cifar_studio.runs.experiment.trials import AnyLine, Part, Planned, Trial, TrialTable
from cifar_studio.runs.folder import json_file, lock
from cifar_studio.runs.folder.run_folder import RunFolder, check_ordinary, now

FORMAT_VERSION = 1
MAX_LEDGER_BYTES = 64 * 2**20
MAX_LINE_BYTES = 64 * 1024
MAX_LINES = 1_000_000
_NAME = re.compile(r"[^\W_][\w .()-]{0,79}")
_line_decoder: msgspec.json.Decoder[AnyLine] = msgspec.json.Decoder(AnyLine)


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The format of `experiment.json`; the rest is read by the rules of a config."""

    format: int


@dataclass(frozen=True)
class ExperimentState:
    """What a folder tells at one moment.

    Attributes
    ----------
    trials : tuple of Trial
        By number. What began and did not end is "running" while somebody holds the experiment,
        else "interrupted".
    is_held : bool
        Whether a dispatcher works on it now.
    order : tuple of int
        The trials that are not over, in the order of their turns.
    is_paused : bool
        Whether who works on it waits for a person.
    """

    name: str
    path: Path
    experiment: Experiment
    trials: tuple[Trial, ...]
    is_held: bool
    order: tuple[int, ...]
    is_paused: bool = False

    @property
    def runs_folder(self) -> Path:
        """Where its trials stand."""
        return Path(self.experiment.runs) if self.experiment.runs else paths.runs_folder()

    def run_path(self, part: Part | Trial) -> Path | None:
        """The run folder of a trial or part; None before there is one."""
        return self.runs_folder / part.run if part.run else None


class ExperimentFolder:
    """Reads and writes one experiment's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    experiment_file = property(lambda self: self.path / "experiment.json")
    ledger_file = property(lambda self: self.path / "trials.jsonl")
    importance_file = property(lambda self: self.path / "importance.json")
    lock_file = property(lambda self: self.path / ".lock")
    paused_file = property(lambda self: self.path / "paused")
    control_file = property(lambda self: self.path / "control.json")

    @property
    def name(self) -> str:
        return self.path.name

    def hold(self) -> filelock.BaseFileLock:
        """The lock of the dispatcher that works on this experiment; ends with the process.

        Raises
        ------
        RunFolderError
            Another process holds it; it is not there or cannot be written; or something else than
            a file stands where one of its files belongs, as in a stranger's folder it may.
        """
        if not self.path.is_dir():  # a lock would make it
            raise RunFolderError(
                f"{self.path} is no experiment",
                "`cifar-studio experiment list` names those that are there",
            )
        try:
            files = (self.experiment_file, self.ledger_file, self.lock_file, self.paused_file)
            for file in files:
                check_ordinary(file)
            return lock.take(self.lock_file)
        except lock.LockTakenError:
            raise RunFolderError(
                f"the experiment {self.name} is being run by another process",
                f"Wait until it ends, or stop it: cifar-studio experiment stop {self.name}",
            ) from None
        except OSError as error:
            raise RunFolderError(
                f"{self.path} cannot be written ({error.strerror or error})",
                "Free space or mend the folder",
            ) from error

    def is_held(self) -> bool:
        return lock.is_taken(self.lock_file)

    def write_experiment(self, experiment: Experiment) -> None:
        """Raises OSError."""
        value = msgspec.to_builtins(experiment)
        value["config"] = to_mapping(experiment.config)
        text = json_file.encoded({"format": FORMAT_VERSION, **value})
        atomic.write_bytes(self.experiment_file, text)

    def read_experiment(self) -> Experiment:
        """The experiment, checked.

        Raises
        ------
        RunFolderError
            It is missing or damaged.
        ConfigError
            Its settings cannot be used.
        NewerVersionError
        """
        try:
            value = json_file.read_plain(self.experiment_file)
            if not isinstance(value, dict):
                raise json_file.NotAsExpectedError("it is no object")
            # A name may hold bytes that are no text, and then goes through no pipe to a worker.
            json.dumps(value, ensure_ascii=False).encode()
            version = msgspec.convert(value, _Kept).format
            if version > FORMAT_VERSION:
                raise NewerVersionError(
                    f"{self.experiment_file} has format {version}, this version reads up to "
                    f"{FORMAT_VERSION}",
                    "Update CIFAR Studio",
                )
            config = _config(value.pop("config", None))
            experiment = msgspec.convert({**value, "config": {}}, Experiment)
        except OSError as error:
            raise RunFolderError(
                f"{self.path} is no experiment ({error.strerror or error})",
                "`cifar-studio experiment list` names those that are there",
            ) from error
        except (
            json_file.NotAsExpectedError,
            msgspec.ValidationError,
            OverflowError,
            RecursionError,
            UnicodeEncodeError,
        ) as error:
            fault = str(error).partition("\n")[0][:100]
            raise RunFolderError(
                f"{self.experiment_file} is damaged ({fault})", "Put it back from a copy"
            ) from error
        experiment = replace(experiment, config=config)
        return checked_experiment(experiment)

    def write_importance(self, trials: int, importance: Mapping[str, float]) -> None:
        """Keep the shares, 0 to 1, that so many finished trials give. Raises OSError."""
        write_importance(self.importance_file, trials, importance)

    def read_importance(self) -> Importance:
        """What was kept last; empty where there is nothing, or nothing that can be used."""
        return read_importance(self.importance_file)

    def append(self, line: AnyLine) -> None:
        """Write one line; it is on the disk when this returns. Raises OSError."""
        line = replace(line, time=now())
        atomic.append_line(self.ledger_file, msgspec.json.encode(line).decode())

    def read_lines(self) -> list[AnyLine]:
        """Whole lines in their order; a torn last one, and what is no line, is left out.

        Raises
        ------
        RunFolderError
            It is there and cannot be read. Taken for empty, all would be trained once more.
        """
        try:
            data = read_bytes(self.ledger_file, MAX_LEDGER_BYTES)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise RunFolderError(
                f"{self.ledger_file} cannot be read ({error.strerror or error})",
                "See to it that it can be read, or put it back from a copy",
            ) from error
        if data.count(b"\n") > MAX_LINES:
            raise RunFolderError(
                f"{self.ledger_file} has more than {MAX_LINES:,} lines",
                "Put it back from a copy",
            )
        return decoded(data.split(b"\n")[:-1])

    def read_table(self, experiment: Experiment) -> TrialTable:
        table = TrialTable(experiment.parts)
        table.feed(self.read_lines())
        return table

    def read(self) -> ExperimentState:
        """Raises as `read_experiment`."""
        experiment = self.read_experiment()
        is_held = self.is_held()
        table = self.read_table(experiment)
        return self.state(experiment, table, is_held=is_held)

    def state(self, experiment: Experiment, table: TrialTable, *, is_held: bool) -> ExperimentState:
        """What was read, as it is to be taken: with nobody there, nothing is running."""
        trials = table.in_order() if is_held else [_as_left(trial) for trial in table.in_order()]
        return ExperimentState(
            self.name,
            self.path,
            experiment,
            tuple(trials),
            is_held,
            tuple(table.waiting),
            self.is_paused(is_held=is_held),
        )

    def say_paused(self, is_paused: bool) -> None:
        """Let others know whether who works on it waits for a person; the disk may refuse it."""
        with contextlib.suppress(OSError):
            if is_paused:
                self.paused_file.touch()
            else:
                self.paused_file.unlink(missing_ok=True)

    def is_paused(self, *, is_held: bool) -> bool:
        """Whether who works on it waits for a person."""
        return is_held and self.paused_file.exists()


def create(
    parent: Path, name: str, experiment: Experiment, trials: Iterable[Planned] = ()
) -> ExperimentFolder:
    """Make an experiment's folder with its first trials. Whole, or not at all.

    Raises
    ------
    BadInputError
        There is one of this name, or the name is none for a folder.
    RunFolderError
        The place cannot be written.
    """
    if experiment.kind != "queue":
        check_name(name)
    folder = ExperimentFolder(parent / name)
    try:
        folder.path.mkdir(parents=True)
        rewrite(folder, replace(experiment, created=now()), trials)
        atomic.sync_folder(parent)
    except FileExistsError:
        raise BadInputError(
            f"there is an experiment {name} already", "Choose another name, or go on with it"
        ) from None
    except OSError as error:
        raise RunFolderError(
            f"no experiment can be made in {parent} ({error.strerror or error})",
            "Choose another place with CIFAR_STUDIO_EXPERIMENTS, or free space there",
        ) from error
    return folder


def rewrite(folder: ExperimentFolder, experiment: Experiment, trials: Iterable[Planned]) -> None:
    """Begin an experiment's ledger anew with these trials. Raises OSError."""
    # The ledger first: a folder is an experiment once its question stands.
    lines = [msgspec.json.encode(replace(trial, time=now())) for trial in trials]
    atomic.write_bytes(folder.ledger_file, b"".join(line + b"\n" for line in lines))
    folder.write_experiment(experiment)


def check_name(name: str) -> None:
    """Raise BadInputError for a name that is none for a folder."""
    if not _NAME.fullmatch(name) or name != name.rstrip(" ."):
        raise BadInputError(
            f"an experiment cannot be called {json.dumps(name)[:100]}",
            "Take letters, digits, spaces, dots, dashes and brackets, 80 at most",
        )
    if is_queue(name):
        raise BadInputError(
            f"{name} is what the window calls the runs that wait", "Choose another name"
        )


def free_name(parent: Path, wished: str) -> str:
    """The name, with a number where there is one of it already."""
    name, number = wished, 1
    while (parent / name).exists():
        number += 1
        name = f"{wished}-{number}"
    return name


def is_queue(name: str) -> bool:
    """Whether an experiment of this name is a window's queue: "queue", "queue-2"."""
    return re.fullmatch(r"queue(-\d+)?", name) is not None


def experiment_paths(parent: Path) -> list[Path]:
    """The experiments' folders below `parent`, by name; queues are none that a person asked for."""
    try:
        return sorted(
            path
            for path in parent.iterdir()
            if not is_queue(path.name) and (path / "experiment.json").is_file()
        )
    except OSError:
        return []


def is_deleted(state: ExperimentState, part: Part) -> bool:
    """Whether a training had a run folder that is gone."""
    path = state.run_path(part)
    try:
        return path is not None and not RunFolder(path).config_file.exists()
    except OSError:  # a name that is too long, a folder that may not be read
        return True


def _config(value: Any) -> TrainConfig:
    if not isinstance(value, dict):
        raise json_file.NotAsExpectedError("it has no config")
    return from_mapping(value, judge=value_faults)  # some are filled in by the trials


def decoded(texts: Iterable[bytes]) -> list[AnyLine]:
    """Lines of a ledger, without those that are none."""
    lines: list[AnyLine] = []
    for text in texts:
        if len(text) > MAX_LINE_BYTES:
            continue
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            lines.append(_line_decoder.decode(text))
    return lines


def _as_left(trial: Trial) -> Trial:
    if all(part.state != "running" for part in trial.parts):
        return trial  # the same object, so that who compares sees that nothing changed
    parts = tuple(
        dataclasses.replace(part, state="interrupted") if part.state == "running" else part
        for part in trial.parts
    )
    return dataclasses.replace(trial, parts=parts)
