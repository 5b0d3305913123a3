"""One training from request to RunEnded, in the process that calls.

The worker and the command line are its two users. It makes and holds the run folder, writes what
belongs to a run as a whole (config, environment, status, log), and pulls the engine's `train`.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import filelock
import msgspec

from cifar_studio.config.serialization import checked
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Dataset
from cifar_studio.data.source import load_dataset
from cifar_studio.engine.checkpoint import Checkpoint, load_checkpoint
from cifar_studio.engine.device import resolve
from cifar_studio.engine.environment import describe
from cifar_studio.engine.trainer import train
from cifar_studio.errors import RunFolderError, StudioError
from cifar_studio.runner.protocol import Command, ResumeRequest, TrainRequest
from cifar_studio.runs import folder as folders
from cifar_studio.runs.environment import Environment
from cifar_studio.runs.epochs import best_row
from cifar_studio.runs.events import (
    AnyEvent,
    EpochEnded,
    RunContinued,
    RunEnded,
    RunPaused,
    RunStarted,
    RunState,
)
from cifar_studio.runs.folder import RunFolder, Status
from cifar_studio.runs.log import run_log


class Control(Protocol):
    """Where a training asks what its person wants."""

    def poll(self) -> Command | None:
        """The next command, or None at once where there is none."""

    def wait(self) -> Command:
        """The next command, however long it takes."""


@dataclass(frozen=True)
class Training:
    """A training that is ready to start: its folder stands and is held."""

    config: TrainConfig
    dataset: Dataset
    folder: RunFolder
    environment: Environment
    checkpoint: Checkpoint | None
    lock: filelock.BaseFileLock


def prepare(request: TrainRequest | ResumeRequest) -> Training:
    """Read the data, settle what depends on the machine, and make the run folder.

    Raises
    ------
    StudioError
        Bad settings, no data, no such device, a folder that cannot be written.
    """
    return _prepare_new(request) if isinstance(request, TrainRequest) else _prepare_resume(request)


def follow(training: Training, control: Control) -> Iterator[AnyEvent]:
    """Train, obey `control`, and keep status and log. RunEnded is the last event in every case."""
    status = _StatusKeeper(training)
    try:
        with run_log(training.folder.log_file) as log:
            _log_start(log, training)
            ended = yield from _guarded(training, control, status, log)
            log.info("%s %s %s", ended.state, ended.message, ended.details)
            status.write(ended.state, ended.message, ended.remedy)
    except OSError as error:
        ended = RunEnded(
            state="failed",
            folder=str(training.folder.path),
            message=f"The run folder cannot be written ({error.strerror})",
            remedy="Free space or mend the folder, then resume the run",
            details=traceback.format_exc(),
        )
    finally:
        training.lock.release()
    yield ended


def _prepare_new(request: TrainRequest) -> Training:
    config = checked(request.config)
    dataset = load_dataset(request.data)
    resolved = resolve(config)
    environment = describe(config, dataset, resolved, request.command)
    folder = folders.create(Path(request.runs), config.architecture)
    lock = folder.hold()
    folder.write_config(config)
    folder.write_environment(environment)
    return Training(config, dataset, folder, environment, None, lock)


def _prepare_resume(request: ResumeRequest) -> Training:
    folder = RunFolder(Path(request.folder))
    config = folder.read_config()
    recorded = folder.read_environment()
    lock = folder.hold()
    try:
        as_before = request.data == "auto" and recorded.data.is_demo
        dataset = load_dataset(recorded.data.name if as_before else request.data)
        if dataset.digest != recorded.data.digest:
            raise RunFolderError(
                f"{folder.path.name} was trained on {recorded.data.name}, this is {dataset.name}",
                "Give the same data with --data",
            )
        environment = describe(config, dataset, resolve(config, recorded.resolved), request.command)
        checkpoint = load_checkpoint(folder, config)
        if checkpoint.epochs_done >= config.epochs:
            raise RunFolderError(
                f"{folder.path.name} has finished all its {config.epochs} epochs",
                "Start a new run with more epochs",
            )
    except BaseException:
        lock.release()
        raise
    return Training(config, dataset, folder, environment, checkpoint, lock)


def _guarded(
    training: Training, control: Control, status: _StatusKeeper, log: logging.Logger
) -> Generator[AnyEvent, None, RunEnded]:
    """`_pull`, with every failure turned into the RunEnded that tells of it."""
    folder = str(training.folder.path)
    try:
        state, message = yield from _pull(training, control, status, log)
        return RunEnded(state=state, folder=folder, message=message)
    except StudioError as error:
        return RunEnded(state="failed", folder=folder, message=error.fault, remedy=error.remedy)
    except Exception as error:
        return RunEnded(
            state="failed",
            folder=folder,
            message=f"The training failed ({type(error).__name__}: {str(error)[:200]})",
            remedy="Finished epochs are kept; the details go with a question to the developers",
            details=traceback.format_exc(),
        )


def _pull(
    training: Training, control: Control, status: _StatusKeeper, log: logging.Logger
) -> Generator[AnyEvent, None, tuple[RunState, str]]:
    """Pull the engine's events; returns the state in which the run ended, and a message."""
    events = train(
        training.config,
        training.dataset,
        training.folder,
        training.environment,
        training.checkpoint,
    )
    last_epoch = False
    try:
        for event in events:
            if isinstance(event, RunStarted):
                status.write("running")
            elif isinstance(event, EpochEnded):
                status.epoch_ended(event)
                log.info("epoch %d: %s", event.row.epoch, event.row)
            yield event
            if isinstance(event, EpochEnded) and event.row.epoch >= training.config.epochs:
                continue  # all work is done; no command can matter any more
            command = control.poll()
            if command is Command.PAUSE:
                status.write("paused")
                yield RunPaused()
                command = _wait_while_paused(control)
                status.write("running")
                yield RunContinued()
            if command is Command.STOP_AFTER_EPOCH:
                last_epoch = True
            elif command is Command.CONTINUE:
                last_epoch = False
            elif command is Command.STOP_NOW:
                return "stopped", "Stopped; the state is kept"
            elif command is Command.ABANDON:
                return "interrupted", "The window closed; the state is kept"
            if last_epoch and isinstance(event, EpochEnded):
                return "stopped", "Stopped after this epoch; the state is kept"
    finally:
        events.close()
    return "finished", ""


def _wait_while_paused(control: Control) -> Command:
    while (command := control.wait()) is Command.PAUSE:
        pass
    return command


class _StatusKeeper:
    """Writes `status.json` as a run goes on."""

    def __init__(self, training: Training) -> None:
        self._folder = training.folder
        rows = training.checkpoint.rows if training.checkpoint is not None else ()
        best = best_row(rows)
        self._status = Status(
            state="running",
            epoch=len(rows),
            epochs=training.config.epochs,
            best_epoch=best.epoch if best is not None else 0,
            started=training.environment.started,
        )

    def epoch_ended(self, event: EpochEnded) -> None:
        self._replace(epoch=event.row.epoch, best_epoch=event.best_epoch)

    def write(self, state: RunState, message: str = "", remedy: str = "") -> None:
        self._replace(state=state, message=message, remedy=remedy)

    def _replace(self, **changes: object) -> None:
        self._status = msgspec.structs.replace(self._status, **changes)
        self._folder.write_status(self._status)


def _log_start(log: logging.Logger, training: Training) -> None:
    log.info("run %s", training.folder.path)
    log.info("config %s", training.config)
    log.info("environment %s", training.environment)
    if training.checkpoint is not None:
        log.info("resumed after %d epochs", training.checkpoint.epochs_done)
