"""Starts, pauses and stops runs, one at a time; the next ones wait in the queue.

It keeps a warm worker at hand, so that Start answers at once. It knows nothing of widgets.
"""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QObject, Signal

from cifar_studio.errors import WorkerError
from cifar_studio.runner.launch import new_id
from cifar_studio.runner.protocol import Command, ResumeRequest, TrainRequest
from cifar_studio.runs.events import (
    EpochEnded,
    RunContinued,
    RunEnded,
    RunPaused,
    RunStarted,
    WorkerReady,
)
from cifar_studio.ui.run_queue import PlannedRun, RunQueue
from cifar_studio.ui.training_thread import TrainingThread


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

    Signals
    -------
    activity_changed(Activity)
    event_received(Event)
        Everything that happens in the run, RunEnded last.
    devices_found(tuple of DeviceInfo)
        The first worker has looked at the machine.
    settled()
        After `shut_down`: no worker is left.
    """

    activity_changed = Signal(object)
    event_received = Signal(object)
    devices_found = Signal(object)
    settled = Signal()

    def __init__(self, runs_folder: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.queue = RunQueue(self)
        self._runs_folder = runs_folder
        self._activity = Activity.IDLE
        self._warm: TrainingThread | None = None
        self._running: TrainingThread | None = None
        # Qt aborts the program where a QThread that still runs is collected as garbage.
        self._threads: set[TrainingThread] = set()
        self._last_command: Command | None = None
        self._closing = False

    @property
    def activity(self) -> Activity:
        return self._activity

    @property
    def is_busy(self) -> bool:
        return self._activity is not Activity.IDLE

    @property
    def worker_pid(self) -> int | None:
        """The process that trains now."""
        return self._running.pid if self._running is not None else None

    @property
    def is_settled(self) -> bool:
        """Whether no worker is left."""
        return not self._threads

    def warm_up(self) -> None:
        """Have a worker import torch now, so that the next Start finds it there."""
        if self._warm is not None or self._closing:
            return
        try:
            thread = TrainingThread(self)
        except WorkerError:
            return  # said when a run is started, where a person waits for it
        thread.ready.connect(self._on_worker_ready)
        thread.event_received.connect(self._on_event_received)
        thread.gone.connect(self._on_thread_gone)
        self._threads.add(thread)
        self._warm = thread
        thread.start()

    def start(self, planned: PlannedRun) -> None:
        """Start a run, or put it at the end of the queue while another goes on."""
        if self.is_busy:
            self.queue.add(planned)
        else:
            self._start(planned)

    def resume(self, folder: str, data: str) -> None:
        """Go on with a stopped or interrupted run; only while none goes on."""
        if not self.is_busy:
            self._begin(ResumeRequest(id=new_id(), folder=folder, data=data))

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
        self._command(Command.STOP_NOW, Activity.STOPPING, allowed)

    def shut_down(self) -> None:
        """Let every worker save and end; `settled` follows when they have."""
        self._closing = True
        for thread in self._threads:
            if thread is self._running:
                thread.close()
            else:
                thread.kill()  # it has nothing to save, and may be busy importing torch
        if not self._threads:
            self.settled.emit()

    def kill(self) -> None:
        """End workers that did not settle in time."""
        for thread in self._threads:
            thread.kill()
        for thread in self._threads:
            thread.wait(5000)

    def _start(self, planned: PlannedRun) -> None:
        self._begin(
            TrainRequest(
                id=new_id(), config=planned.config, data=planned.data, runs=self._runs_folder
            )
        )

    def _begin(self, request: TrainRequest | ResumeRequest) -> None:
        self.warm_up()
        thread, self._warm = self._warm, None
        if thread is None:
            self.event_received.emit(
                RunEnded(
                    state="failed",
                    folder="",
                    message="The training process cannot be started",
                    remedy="Close other programs and try again",
                )
            )
            return
        self._running = thread
        self._set_activity(Activity.STARTING)
        thread.start_run(request)

    def _command(self, command: Command, then: Activity, allowed: set[Activity]) -> None:
        if self._running is not None and self._activity in allowed:
            self._last_command = command
            self._set_activity(then)
            self._running.command_run(command)

    def _set_activity(self, activity: Activity) -> None:
        if activity is not self._activity:
            self._activity = activity
            self.activity_changed.emit(activity)

    def _on_worker_ready(self, event: WorkerReady) -> None:
        self.devices_found.emit(event.devices)

    def _on_event_received(self, event: object) -> None:
        if isinstance(event, RunStarted) and self._activity is Activity.STARTING:
            self._set_activity(Activity.RUNNING)
        elif isinstance(event, RunPaused) and self._last_command is Command.PAUSE:
            self._set_activity(Activity.PAUSED)
        elif isinstance(event, RunContinued) and self._activity is Activity.PAUSED:
            self._set_activity(Activity.RUNNING)
        elif isinstance(event, RunEnded):
            self._running = None
            self._set_activity(Activity.IDLE)
        self.event_received.emit(event)
        if isinstance(event, EpochEnded):
            self.warm_up()  # not before: importing torch would slow the first epoch down
        elif isinstance(event, RunEnded):
            self._on_run_ended()

    def _on_run_ended(self) -> None:
        if self._closing:
            return
        self.warm_up()
        planned = self.queue.take_next()
        if planned is not None:
            self._start(planned)

    def _on_thread_gone(self, thread: TrainingThread) -> None:
        self._threads.discard(thread)
        if thread is self._running:  # it died before it could take the run
            self._on_event_received(
                RunEnded(
                    state="crashed",
                    folder="",
                    message="The training process ended before the run began",
                    remedy="Press Start again",
                )
            )
        if thread is self._warm:
            self._warm = None
        thread.deleteLater()
        if self._closing and not self._threads:
            self.settled.emit()
