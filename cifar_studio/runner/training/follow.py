"""One training from its start to RunEnded, in the process that calls.

The worker and the command line are its two users. It pulls the engine's `train`, obeys commands,
and keeps status and log; `prepare` has made the run folder before.
"""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Generator
from typing import Protocol

import msgspec

from cifar_studio.engine.training.trainer import train
from cifar_studio.errors import StudioError
from cifar_studio.runner.protocol import Command
from cifar_studio.runner.training.ready_training import ReadyTraining
from cifar_studio.runs.folder.early_stopping import early_end, stopping
from cifar_studio.runs.folder.epochs import best_row
from cifar_studio.runs.folder.events import (
    EpochEnded,
    RunContinued,
    RunEnded,
    RunEvent,
    RunNoticed,
    RunPaused,
    RunStarted,
    RunState,
    SaveRefused,
)
from cifar_studio.runs.folder.log import run_log
from cifar_studio.runs.folder.run_folder import Status

PRUNED = "Ended early by the search; the state is kept"


class Control(Protocol):
    """Where a training asks what its person wants."""

    def poll(self) -> Command | None:
        """The next command, or None at once where there is none."""

    def wait(self) -> Command:
        """The next command, however long it takes."""


def follow(training: ReadyTraining, control: Control) -> Generator[RunEvent, None, None]:
    """Train, obey `control`, and keep status and log. RunEnded is the last event in every case.

    Closing the generator stops the training, which saves where it stands.
    """
    status = _StatusKeeper(training)
    folder = str(training.folder.path)
    ended = RunEnded(
        state="interrupted",
        folder=folder,
        message="Nobody follows the run any more; the state is kept",
    )
    try:
        with run_log(training.folder.log_file) as log:
            _log_start(log, training)
            for notice in training.notices:
                log.warning(notice)
                yield RunNoticed(message=notice)
            try:
                state, message = yield from _pull(training, control, status, log)
                ended = RunEnded(state=state, folder=folder, message=message)
            except StudioError as error:
                ended = RunEnded.of(error, folder)
            except Exception as error:
                ended = RunEnded(
                    state="failed",
                    folder=folder,
                    message=f"The training failed ({type(error).__name__}: {str(error)[:200]})",
                    remedy="Finished epochs are kept; the details go with a question to the "
                    "developers",
                    details=traceback.format_exc(),
                )
            log.info("%s %s %s", ended.state, ended.message, ended.details)
    finally:
        status.write(ended.state, ended.message, ended.remedy)
        training.lock.release()
    yield ended


def _pull(
    training: ReadyTraining, control: Control, status: _StatusKeeper, log: logging.Logger
) -> Generator[RunEvent, None, tuple[RunState, str]]:
    """Pull the engine's events; returns the state in which the run ended, and a message."""
    events = train(
        training.config,
        training.dataset,
        training.folder,
        training.environment,
        training.checkpoint,
        waits_for_disk=True,
    )
    last_epoch = False
    with contextlib.closing(events):
        for event in events:
            pause = None
            if isinstance(event, RunStarted):
                status.write("running")
            elif isinstance(event, EpochEnded):
                status.epoch_ended(event)
                log.info("epoch %d: %s", event.row.epoch, event.row)
            if isinstance(event, SaveRefused):
                log.warning("%s", event.message)
                pause = RunPaused(message=event.message, remedy=event.remedy, reason="disk")
            else:
                yield event
            if isinstance(event, EpochEnded) and _is_last(event, training):
                continue  # all work is done; no command can matter any more
            command = control.poll()
            if pause is None and command is Command.PAUSE:
                pause = RunPaused()
            if pause is not None and command in (None, Command.PAUSE):
                status.write("paused", pause.message, pause.remedy)
                yield pause
                command = _wait_while_paused(control)
                status.write("running")
                yield RunContinued()
            if command is Command.STOP_AFTER_EPOCH:
                last_epoch = True
            elif command is Command.CONTINUE:
                last_epoch = False
            elif command is Command.STOP_NOW:
                return "stopped", "Stopped; the state is kept"
            elif command is Command.PRUNE:
                return "stopped", PRUNED
            elif command is Command.ABANDON:
                return "interrupted", "The window closed; the state is kept"
            if last_epoch and isinstance(event, EpochEnded):
                return "stopped", "Stopped after this epoch; the state is kept"
    stop = early_end(training.folder.read_epochs(), training.config)
    return "finished", stop.words().capitalize() if stop is not None else ""


def _is_last(event: EpochEnded, training: ReadyTraining) -> bool:
    """Whether the run ends after this epoch by itself."""
    config = training.config
    if event.row.epoch >= config.epochs:
        return True
    return config.early_stopping != "off" and bool(stopping(training.folder.read_epochs(), config))


def _wait_while_paused(control: Control) -> Command:
    while (command := control.wait()) is Command.PAUSE:
        pass
    return command


class _StatusKeeper:
    """Writes `status.json` as a run goes on.

    A disk that refuses it is no reason to stop: the figures and checkpoints tell the same, and a
    folder that nobody holds is never taken for a run that goes on.
    """

    def __init__(self, training: ReadyTraining) -> None:
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
        with contextlib.suppress(OSError):
            self._folder.write_status(self._status)


def _log_start(log: logging.Logger, training: ReadyTraining) -> None:
    log.info("run %s", training.folder.path)
    log.info("config %s", training.config)
    log.info("environment %s", training.environment)
    if training.checkpoint is not None:
        epochs, batch = training.checkpoint.progress
        log.info("resumed after %d epochs and %d batches", epochs, batch)
