"""Where runs that wait are kept through a crash: the folder of a queue that nobody else has."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import filelock
import msgspec
from msgspec.structs import replace

from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.config.serialization import from_mapping, to_mapping
from cifar_studio.errors import ConfigError, NewerVersionError, RunFolderError, StudioError
from cifar_studio.runs.experiment import experiment_folder as folders
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.experiment.trials import Planned, TrialTable
from cifar_studio.runs.folder import lock as locks
from cifar_studio.runs.queue_rules import PlannedRun, read_queue

NAME: Literal["queue"] = "queue"
MOST_QUEUES = 100


def take_queue(
    parent: Path, old_file: Path | None = None
) -> tuple[ExperimentFolder, filelock.BaseFileLock]:
    """The folder of a queue and its lock: of several windows each gets one of its own.

    Its ledger is begun anew with the runs that wait, since one that only grows would be read in
    vain. Behind them come the runs that windows left which are no longer there.

    Parameters
    ----------
    old_file : Path, optional
        Where versions before 0.3 kept the queue; its runs are taken over and the file is removed.

    Raises
    ------
    RunFolderError
        No queue can be kept there.
    """
    try:
        folder, lock = next(_free_queues(parent, makes=True))
        try:
            waiting = _waiting_in(folder)
            _begin_anew(folder, waiting)
            for other, other_lock in _free_queues(parent, makes=False):
                try:
                    waiting = _put_behind(folder, waiting, _waiting_in(other))
                    _begin_anew(other, [])
                finally:
                    other_lock.release()
            if old_file is not None:
                _take_over(folder, waiting, old_file)
        except BaseException:
            lock.release()
            raise
    except StopIteration:
        raise RunFolderError(
            f"{parent} is full of queues", "Remove those that nobody needs"
        ) from None
    except OSError as error:
        raise RunFolderError(
            f"the queue cannot be kept in {parent} ({error.strerror or error})",
            "Free space or mend the folder; until then what waits is lost when the studio ends",
        ) from error
    return folder, lock


def _free_queues(
    parent: Path, *, makes: bool
) -> Iterator[tuple[ExperimentFolder, filelock.BaseFileLock]]:
    """The queues that nobody has, held one by one. Raises OSError and RunFolderError."""
    for number in range(1, MOST_QUEUES):
        folder = ExperimentFolder(parent / (NAME if number == 1 else f"{NAME}-{number}"))
        if makes:
            folder.path.mkdir(parents=True, exist_ok=True)
        if folder.path.is_dir() and not folder.is_held() and _is_queue(folder):
            try:
                lock = folder.hold()
            except RunFolderError:
                if folder.is_held() or not makes:
                    continue  # somebody was quicker, or it is a folder of another kind
                raise
            yield folder, lock


def _is_queue(folder: ExperimentFolder) -> bool:
    """Whether a folder may be taken for a queue; a person may have given that name to another."""
    try:
        folder.read_lines()
        return folder.read_experiment().kind == NAME
    except (NewerVersionError, ConfigError):
        return False
    except RunFolderError:
        # Without its question, or with a damaged one, it still is; not so without its ledger.
        with contextlib.suppress(StudioError):
            folder.read_lines()
            return True
        return False


def _waiting_in(folder: ExperimentFolder) -> list[Planned]:
    """The runs that wait in a folder, in order. Raises RunFolderError."""
    table = TrialTable()
    table.feed(folder.read_lines())
    waiting = []
    for number in table.order:
        trial = table.trials[number]
        if trial.state == "planned":
            with contextlib.suppress(ConfigError):  # settings that this version does not take
                from_mapping(trial.parameters)
                waiting.append(
                    Planned(
                        trial=0,
                        parameters=trial.parameters,
                        preset=trial.preset,
                        data=trial.data,
                        repeats=trial.repeats,
                    )
                )
    return waiting


def _begin_anew(folder: ExperimentFolder, waiting: list[Planned]) -> None:
    """Raises OSError."""
    numbered = [replace(planned, trial=number) for number, planned in enumerate(waiting, 1)]
    folders.rewrite(folder, Experiment(kind=NAME), numbered)


def _put_behind(
    folder: ExperimentFolder, waiting: list[Planned], more: list[Planned]
) -> list[Planned]:
    """Keep more runs at the end; unless they are, since a crash came between. Raises OSError."""
    tail = waiting[-len(more) :] if more else []
    if msgspec.json.encode(tail) == msgspec.json.encode(more):  # lists there, tuples here
        return waiting
    _begin_anew(folder, [*waiting, *more])
    return [*waiting, *more]


def _take_over(folder: ExperimentFolder, waiting: list[Planned], old_file: Path) -> None:
    """Take the runs of an older version's file, unless its window is still there."""
    if not old_file.is_file():
        return
    try:
        lock = locks.take(old_file.with_suffix(".lock"))
    except locks.LockTakenError:
        return
    try:
        _put_behind(folder, waiting, [as_line(run) for run in read_queue(old_file)])
        old_file.unlink(missing_ok=True)
    finally:
        lock.release()


def as_line(planned: PlannedRun, number: int = 0) -> Planned:
    """A run as the ledger has it."""
    return Planned(
        trial=number,
        parameters=to_mapping(planned.config),
        preset=planned.preset,
        data=planned.data,
        repeats=planned.repeats,
    )
