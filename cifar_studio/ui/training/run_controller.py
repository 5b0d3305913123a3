"""Starts, pauses and stops runs and experiments: the window's side of the dispatcher.

It knows nothing of widgets. Of several trainings at once it follows one, which the window shows as
the one that goes on; the others are followed by what they write.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QObject, QTimer, Signal

from cifar_studio.errors import StudioError
from cifar_studio.experiments.protocol import (
    AnyDispatchRequest,
    CommandExperiment,
    CommandJob,
    ExperimentChanged,
    ExperimentCommand,
    JobBegan,
    KillJob,
    QueueChanged,
    RequestRefused,
    ResumeRun,
    RunExperiment,
    StartRun,
    Warm,
)
from cifar_studio.runner.protocol import Command
from cifar_studio.runs.folder.events import (
    RunContinued,
    RunEnded,
    RunPaused,
    RunStarted,
    WorkerReady,
)
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.training.live_run import LiveRun
from cifar_studio.ui.training.run_queue import RunQueue
from cifar_studio.ui.workers.dispatcher_thread import DispatcherThread

ANSWER_LIMIT_MS = 10_000
KILL_MS = 5000


class Activity(Enum):
    """What the controller is doing, as a person sees it."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    PAUSING = "pausing"
    PAUSED = "paused"
    STOPPING_AFTER_EPOCH = "stopping after this epoch"
    STOPPING = "stopping"


@dataclass
class _Job:
    """A training that goes on."""

    began: JobBegan
    started: RunStarted | None = None


class RunController(QObject):
    """The training that goes on, if any, and what waits behind it.

    Attributes
    ----------
    activity : Activity
    is_closing : bool
        Whether `shut_down` was called.
    live : LiveRun
        What is known of it; up to date when `event_received` is emitted.
    queue : RunQueue
    experiments : dict of str to ExperimentChanged
        Those that this window runs, by name, as they were told last.

    Signals
    -------
    activity_changed(Activity)
    event_received(Event)
        Everything that happens in the run, RunEnded last.
    devices_found(tuple of DeviceInfo)
        A worker has looked at the machine.
    experiment_changed(ExperimentChanged)
    refused(RequestRefused)
        What was asked for cannot be done.
    not_answered()
        "Stop now" was asked for `ANSWER_LIMIT_MS` ago, and the run goes on.
    settled()
        After `shut_down`: no process is left.
    """

    activity_changed = Signal(object)
    event_received = Signal(object)
    devices_found = Signal(object)
    experiment_changed = Signal(object)
    refused = Signal(object)
    not_answered = Signal()
    settled = Signal()

    def __init__(self, runs_folder: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.live = LiveRun()
        self.queue = RunQueue(self._ask, self)
        self.experiments: dict[str, ExperimentChanged] = {}
        self._runs_folder = runs_folder
        self.activity = Activity.IDLE
        self._dispatcher: DispatcherThread | None = None
        # Qt aborts the program where a QThread that still runs is collected as garbage.
        self._threads: set[DispatcherThread] = set()
        self._jobs: dict[int, _Job] = {}
        self._followed = 0  # whose id; 0 while none has begun
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
        job = self._jobs.get(self._followed)
        return job.began.pid if job is not None else None

    @property
    def experiment(self) -> str:
        """The name of the experiment whose trial goes on; empty for a single run."""
        job = self._jobs.get(self._followed)
        return job.began.experiment if job is not None else ""

    @property
    def is_settled(self) -> bool:
        """Whether no process is left."""
        return not self._threads

    def warm_up(self) -> None:
        """Have a worker import torch now, so that the next Start finds it there."""
        with contextlib.suppress(StudioError):  # said when a run begins and a person waits for it
            self._start_dispatcher().ask(Warm())

    def start(self, planned: PlannedRun) -> None:
        """Start a run, or put it at the end of the queue while another goes on."""
        if self.is_busy:
            self.queue.add(planned)
        else:
            self._begin(StartRun(planned=planned, at_once=True), planned)

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
                ResumeRun(
                    folder=folder,
                    data=data,
                    epochs=epochs,
                    device=device,
                    schedule_epochs=schedule_epochs,
                ),
                None,
            )

    def run_experiment(self, folder: Path) -> None:
        """Go on with an experiment, after those that were asked for before."""
        self._ask(RunExperiment(folder=str(folder)))

    def command_experiment(self, name: str, command: ExperimentCommand) -> None:
        """Pause, continue or stop an experiment that this window runs."""
        self._ask(CommandExperiment(name=name, command=command))

    def release_queue(self) -> None:
        """Go on with the runs that wait, after too many of them had failed."""
        self.queue.release()

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
        if self._followed:
            self._forced = True
            self._ask(KillJob(id=self._followed))

    def shut_down(self, *, let_go: bool = False) -> None:
        """Let every training be saved and every process end; `settled` follows when they have.

        With `let_go` the experiments go on without the window.
        """
        self.is_closing = True
        dispatcher = self._dispatcher
        if dispatcher is None:
            self.settled.emit()
        elif let_go:
            dispatcher.let_go()
        elif self._jobs:
            dispatcher.close()
        else:
            dispatcher.kill()  # it has nothing to save, and may be busy importing torch

    def kill(self) -> None:
        """End processes that did not settle in time."""
        self._forced = True
        for thread in self._threads:
            thread.kill()
        for thread in self._threads:
            thread.wait(KILL_MS)

    def _begin(self, request: StartRun | ResumeRun, planned: PlannedRun | None) -> None:
        folder = request.folder if isinstance(request, ResumeRun) else ""
        self.live.begin(planned, Path(folder) if folder else None)
        self._last_command = None
        self._forced = False
        try:
            dispatcher = self._start_dispatcher()
            self._set_activity(Activity.STARTING)
            dispatcher.ask(request)
        except StudioError as error:
            self._on_run_event(RunEnded.of(error, folder))

    def _start_dispatcher(self) -> DispatcherThread:
        """The dispatcher, started where there is none. Raises WorkerError."""
        if self._dispatcher is None:
            thread = DispatcherThread(self._runs_folder, self)
            thread.said.connect(self._on_said)
            thread.gone.connect(self._on_gone)
            self._threads.add(thread)
            self._dispatcher = thread
            thread.start()
        return self._dispatcher

    def _ask(self, request: AnyDispatchRequest) -> None:
        try:
            self._start_dispatcher().ask(request)
        except StudioError as error:
            self.refused.emit(RequestRefused(message=error.fault, remedy=error.remedy))

    def _command(self, command: Command, then: Activity, allowed: set[Activity]) -> None:
        if self.activity not in allowed:
            return
        self._last_command = command
        self._set_activity(then)
        if not self._followed:
            return  # it is sent as soon as there is somebody to obey it
        experiment = self.experiment
        if experiment:
            self.command_experiment(experiment, _EXPERIMENT_COMMANDS[command])
        else:
            self._ask(CommandJob(id=self._followed, command=command))

    def _set_activity(self, activity: Activity) -> None:
        if activity is not self.activity:
            self.activity = activity
            self.activity_changed.emit(activity)

    def _on_said(self, id_: int, event: object) -> None:
        if isinstance(event, WorkerReady):
            self.devices_found.emit(event.devices)
        elif isinstance(event, QueueChanged):
            self.queue.show(event)
        elif isinstance(event, ExperimentChanged):
            self.experiments[event.name] = event
            self.experiment_changed.emit(event)
        elif isinstance(event, RequestRefused):
            self._on_refused(event)
        elif isinstance(event, JobBegan):
            self._jobs[id_] = _Job(event)
            if not self._followed:
                self._follow(id_)
        elif (job := self._jobs.get(id_)) is not None:
            if isinstance(event, RunStarted):
                job.started = event
            elif isinstance(event, RunEnded):
                del self._jobs[id_]
            if id_ == self._followed:
                self._on_run_event(event)

    def _on_refused(self, event: RequestRefused) -> None:
        if self.is_closing:
            return
        if self.activity is Activity.STARTING and not self._followed:
            folder = str(self.live.resumed or "")
            self._on_run_event(
                RunEnded(state="failed", folder=folder, message=event.message, remedy=event.remedy)
            )
        else:
            self.refused.emit(event)

    def _follow(self, id_: int) -> None:
        """Show this training as the one that goes on."""
        self._followed = id_
        began, started = self._jobs[id_].began, self._jobs[id_].started
        is_asked_for = self.activity is not Activity.IDLE  # by a person, a moment ago
        if not is_asked_for or began.planned != self.live.planned:
            self.live.begin(began.planned, Path(began.folder) if began.folder else None)
        self._forced = False
        if not is_asked_for:
            self._last_command = None
            self._set_activity(Activity.STARTING)
        elif self._last_command is not None:
            self._ask(CommandJob(id=id_, command=self._last_command))
        if started is not None:
            self._on_run_event(started)

    def _on_run_event(self, event: object) -> None:
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
            self._followed = 0
            self._set_activity(Activity.IDLE)
        self.event_received.emit(event)
        if isinstance(event, RunEnded) and self._jobs and not self._followed:
            self._follow(min(self._jobs))

    def _as_requested(self, event: RunEnded) -> RunEnded:
        """The end of a worker that was ended on purpose is no crash."""
        if event.state != "crashed" or not (self._forced or self.is_closing):
            return event
        message = "Ended by force" if self._forced else "The window was closed"
        return replace(event, state="interrupted", message=message, details="", reason="")

    def _on_gone(self, thread: DispatcherThread) -> None:
        self._threads.discard(thread)
        if thread is self._dispatcher:
            self._dispatcher = None
            self._jobs.clear()
            if self.is_busy:  # it ended before it could begin what it was asked for
                folder = str(self.live.resumed or "")
                self._on_run_event(RunEnded(state="crashed", folder=folder))
            for name, state in self.experiments.items():
                self.experiments[name] = replace(state, activity="ended")
        thread.deleteLater()
        if self.is_closing and not self._threads:
            self.settled.emit()


_EXPERIMENT_COMMANDS: dict[Command, ExperimentCommand] = {
    Command.PAUSE: "pause",
    Command.CONTINUE: "continue",
    Command.STOP_AFTER_EPOCH: "stop_after_epoch",
    Command.STOP_NOW: "stop_now",
}
"""What is asked of one training of an experiment is meant for all of it."""
