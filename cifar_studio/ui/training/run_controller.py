"""Starts, pauses and stops runs, one at a time; the next ones wait in the queue.

It knows nothing of widgets, and nothing of how workers are kept at hand.
"""

from __future__ import annotations

import contextlib
from enum import Enum
from pathlib import Path

from msgspec.structs import asdict, replace
from PySide6.QtCore import QObject, QTimer, Signal

from cifar_studio.errors import StudioError, WorkerError
from cifar_studio.runner.protocol import Command, ResumeRequest, TrainRequest
from cifar_studio.runner.worker_process import new_id
from cifar_studio.runs.folder.events import (
    EpochEnded,
    RunContinued,
    RunEnded,
    RunPaused,
    RunStarted,
    WorkerReady,
)
from cifar_studio.runs.queue_rules import PlannedRun, is_failure
from cifar_studio.ui.training.live_run import LiveRun
from cifar_studio.ui.training.run_queue import RunQueue
from cifar_studio.ui.workers.training_workers import TrainingWorkers
from cifar_studio.ui.workers.worker_thread import TrainingThread

ANSWER_LIMIT_MS = 10_000
START_LIMIT_MS = 3_000


class Activity(Enum):
    """What the controller is doing, as a person sees it."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    STOPPING_AFTER_EPOCH = "stopping after this epoch"
    STOPPING = "stopping"


class RunController(QObject):
    """The run that goes on, if any.

    Attributes
    ----------
    activity : Activity
    is_closing : bool
        Whether `shut_down` was called.
    live : LiveRun
        What is known of it; up to date when `event_received` is emitted.
    queue : RunQueue

    Signals
    -------
    activity_changed(Activity)
    event_received(Event)
        Everything that happens in the run, RunEnded last.
    devices_found(tuple of DeviceInfo)
        A worker has looked at the machine.
    not_answered()
        "Stop now" was asked for `ANSWER_LIMIT_MS` ago, and the run goes on.
    settled()
        After `shut_down`: no worker is left.
    """

    activity_changed = Signal(object)
    event_received = Signal(object)
    devices_found = Signal(object)
    not_answered = Signal()
    settled = Signal()

    def __init__(self, runs_folder: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.live = LiveRun()
        self.queue = RunQueue(self)
        self._runs_folder = runs_folder
        self.activity = Activity.IDLE
        self._workers = TrainingWorkers(self)
        self._workers.ready.connect(self._on_worker_ready)
        self._workers.event_received.connect(self._on_event_received)
        self._workers.gone.connect(self._on_worker_gone)
        self._workers.settled.connect(self.settled)
        self._running: TrainingThread | None = None
        self._last_command: Command | None = None
        self.is_closing = False
        self._forced = False
        self._answer_limit = QTimer(self, singleShot=True, interval=ANSWER_LIMIT_MS)
        self._answer_limit.timeout.connect(self.not_answered)

    @property
    def is_busy(self) -> bool:
        return self.activity is not Activity.IDLE

    @property
    def worker_pid(self) -> int | None:
        """The process that trains now."""
        return self._running.pid if self._running is not None else None

    @property
    def is_settled(self) -> bool:
        """Whether no worker is left."""
        return self._workers.is_settled

    def warm_up(self) -> None:
        """Have a worker import torch now, so that the next Start finds it there."""
        with contextlib.suppress(WorkerError):  # said when a run begins and a person waits for it
            self._workers.warm_up()

    def start(self, planned: PlannedRun) -> None:
        """Start a run, or put it at the end of the queue while another goes on."""
        if self.is_busy:
            self.queue.add(planned)
        else:
            self._start(planned)

    def resume(
        self,
        folder: str,
        data: str,
        *,
        epochs: int | None = None,
        device: str | None = None,
        schedule_epochs: int | None = None,
    ) -> None:
        """Go on with a run that has ended; only while none goes on.

        Parameters
        ----------
        epochs, device, schedule_epochs : optional
            As `ResumeRequest` takes them: to train longer, or on another device.
        """
        if not self.is_busy:
            self._begin(
                ResumeRequest(
                    id=new_id(),
                    folder=folder,
                    data=data,
                    epochs=epochs,
                    device=device,
                    schedule_epochs=schedule_epochs,
                ),
                None,
            )

    def release_queue(self) -> None:
        """Go on with the runs that wait, after too many of them had failed."""
        self.queue.release()
        self._start_next()

    def pause(self) -> None:
        self._command(Command.PAUSE, Activity.PAUSING, {Activity.RUNNING})

    def go_on(self) -> None:
        """Go on after a pause, or take "stop after this epoch" back."""
        allowed = {Activity.PAUSED, Activity.PAUSING, Activity.STOPPING_AFTER_EPOCH}
        self._command(Command.CONTINUE, Activity.RUNNING, allowed)

    def stop_after_epoch(self) -> None:
        allowed = {Activity.RUNNING, Activity.PAUSED, Activity.PAUSING}
        self._command(Command.STOP_AFTER_EPOCH, Activity.STOPPING_AFTER_EPOCH, allowed)

    def stop_now(self) -> None:
        allowed = set(Activity) - {Activity.IDLE, Activity.STOPPING}
        if self.activity in allowed:
            self._answer_limit.start()
        self._command(Command.STOP_NOW, Activity.STOPPING, allowed)

    def end_by_force(self) -> None:
        """End a run that does not answer; what is on the disk stays there."""
        if self._running is not None:
            self._forced = True
            self._running.kill()

    def shut_down(self) -> None:
        """Let every worker save and end; `settled` follows when they have."""
        self.is_closing = True
        running = self._running
        if running is not None:
            if running.is_ready:
                running.close()
            else:
                running.kill()  # it imports torch still, and has not looked at the run
            if self.activity is Activity.STARTING:
                # Pictures are read and a network is built: nothing that would have to be saved.
                QTimer.singleShot(START_LIMIT_MS, self, self._on_start_limit_reached)
        self._workers.shut_down(running)

    def kill(self) -> None:
        """End workers that did not settle in time."""
        self._forced = True
        self._workers.kill()

    def _start(self, planned: PlannedRun) -> None:
        self._begin(TrainRequest(id=new_id(), runs=self._runs_folder, **asdict(planned)), planned)

    def _begin(self, request: TrainRequest | ResumeRequest, planned: PlannedRun | None) -> None:
        folder = request.folder if isinstance(request, ResumeRequest) else ""
        self.live.begin(planned, Path(folder) if folder else None)
        self._last_command = None
        self._forced = False
        thread = None
        try:
            thread = self._workers.take()
            thread.start_run(request)
        except StudioError as error:
            if thread is not None:
                self._workers.give_back(thread)
            self._on_event_received(RunEnded.of(error, folder))
            return
        self._running = thread
        self._set_activity(Activity.STARTING)

    def _command(self, command: Command, then: Activity, allowed: set[Activity]) -> None:
        if self._running is not None and self.activity in allowed:
            self._last_command = command
            self._set_activity(then)
            self._running.command_run(command)

    def _set_activity(self, activity: Activity) -> None:
        if activity is not self.activity:
            self.activity = activity
            self.activity_changed.emit(activity)

    def _on_worker_ready(self, event: WorkerReady) -> None:
        self.devices_found.emit(event.devices)

    def _on_event_received(self, event: object) -> None:
        if isinstance(event, RunEnded):
            event = self._as_requested(event)
        self.live.handle(event)
        if isinstance(event, RunStarted) and self.activity is Activity.STARTING:
            self._set_activity(Activity.RUNNING)
        elif isinstance(event, RunPaused):
            stops = self.activity is Activity.STOPPING
            if (self._last_command is Command.PAUSE or event.message) and not stops:
                self._set_activity(Activity.PAUSED)
        elif isinstance(event, RunContinued) and self.activity is Activity.PAUSED:
            stops = self._last_command is Command.STOP_AFTER_EPOCH
            self._set_activity(Activity.STOPPING_AFTER_EPOCH if stops else Activity.RUNNING)
        elif isinstance(event, RunEnded):
            self._answer_limit.stop()
            self._running = None
            self._set_activity(Activity.IDLE)
        self.event_received.emit(event)
        if isinstance(event, EpochEnded):
            self.queue.note_success()
            self.warm_up()  # not before: importing torch would slow the first epoch down
        elif isinstance(event, RunEnded):
            self._on_run_ended(event)

    def _as_requested(self, event: RunEnded) -> RunEnded:
        """The end of a worker that was ended on purpose is no crash."""
        if event.state != "crashed" or not (self._forced or self.is_closing):
            return event
        message = "Ended by force" if self._forced else "The window was closed"
        return replace(event, state="interrupted", message=message, details="", reason="")

    def _on_run_ended(self, event: RunEnded) -> None:
        if self.is_closing:
            return
        if is_failure(event.state):
            self.queue.note_failure(
                event.message, None if self.live.has_begun else self.live.planned
            )
        elif self.live.has_begun:
            self.queue.note_success()
        self.warm_up()
        self._start_next()

    def _start_next(self) -> None:
        if self.is_busy or self.is_closing:
            return
        planned = self.queue.take_next()
        if planned is not None:
            self._start(planned)

    def _on_worker_gone(self, thread: TrainingThread) -> None:
        if thread is self._running:  # it died before it could take the run
            self._on_event_received(
                RunEnded(
                    state="crashed",
                    folder="",
                    message="The training process ended before the run began",
                    remedy="Press Start again",
                )
            )

    def _on_start_limit_reached(self) -> None:
        if self._running is not None and not self.live.has_begun:
            self._running.kill()
