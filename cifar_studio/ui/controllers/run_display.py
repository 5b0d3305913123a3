"""Keeps what is shown of runs in step with what happens: events in, widgets up to date."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from cifar_studio.errors import StudioError
from cifar_studio.runs import wording
from cifar_studio.runs.folder.events import (
    EpochEnded,
    Event,
    RunContinued,
    RunEnded,
    RunPaused,
    RunStarted,
)
from cifar_studio.runs.folder.library import Run, load
from cifar_studio.runs.folder.run_folder import is_run_folder
from cifar_studio.ui.controllers.pictures_and_confusion import Looking
from cifar_studio.ui.controllers.run_messages import RunMessages
from cifar_studio.ui.curves.view import CurvesView
from cifar_studio.ui.frame.control_bar import ControlBar
from cifar_studio.ui.frame.run_header import RunHeader
from cifar_studio.ui.frame.status_line import StatusLine
from cifar_studio.ui.library.run_menu import can_resume
from cifar_studio.ui.library.run_model import RunModel
from cifar_studio.ui.library.runs_panel import RunsPanel
from cifar_studio.ui.system.notification import notify
from cifar_studio.ui.training.run_controller import Activity, RunController
from cifar_studio.ui.training.run_selection import RunSelection
from cifar_studio.ui.widgets.message_bar import MessageBar


@dataclass(frozen=True)
class RunWidgets:
    """The parts of the window that show runs."""

    header: RunHeader
    curves: CurvesView
    looking: Looking
    status: StatusLine
    controls: ControlBar
    message: MessageBar
    runs: RunsPanel


class RunDisplay(QObject):
    """Between the controller and library on one side and the widgets on the other."""

    def __init__(
        self, controller: RunController, model: RunModel, parts: RunWidgets, window: QWidget
    ) -> None:
        super().__init__(window)
        self.selection = RunSelection(self)
        self._controller = controller
        self._model = model
        self._parts = parts
        self._window = window
        self._messages = RunMessages(controller, model, self.selection, parts.message, self)
        self._has_begun = False
        self._is_refused = False  # the disk does not take the run's state
        controller.activity_changed.connect(self._on_activity_changed)
        controller.event_received.connect(self._on_event_received)
        self.selection.selected_changed.connect(self._on_selected_changed)
        model.run_changed.connect(self._on_run_changed)
        parts.message.changed.connect(self._on_message_changed)

    def choose_first(self, remembered: str) -> None:
        """Show the run of last time, else the newest; offer to resume an interrupted one."""
        newest = self._model.newest
        if remembered and is_run_folder(Path(remembered)):
            self.selection.select(Path(remembered))
        elif newest is not None:
            self.selection.select(newest.path)
        if newest is not None and newest.status.state == "interrupted":
            self._messages.offer_interrupted(newest)

    def _on_activity_changed(self, activity: Activity) -> None:
        self._parts.controls.show_activity(activity)
        is_paused = activity is Activity.PAUSED
        self._model.say_paused(self.selection.live if is_paused else None)
        if activity in (Activity.PAUSED, Activity.RUNNING, Activity.IDLE, Activity.STARTING):
            run = self._model.find(self.selection.selected) if self.selection.selected else None
            if run is not None:
                self._show_header(run)
        if activity is Activity.STARTING:
            self._parts.status.show_waiting("Starting: reading pictures, building the network…")
        elif activity in (Activity.PAUSING, Activity.STOPPING):
            self._parts.status.show_waiting(f"{activity.value.capitalize()} after this batch…")
        elif activity is Activity.PAUSED:
            self._parts.status.show_idle("Paused")

    def _on_event_received(self, event: Event) -> None:
        self.selection.handle(event)
        if isinstance(event, RunPaused):
            self._is_refused = event.reason == "disk"
        elif isinstance(event, RunContinued | RunEnded):
            self._is_refused = False
        if isinstance(event, RunStarted):
            self._has_begun = True
            self._model.refresh()
            self._parts.curves.begin(event)
            self._show_selected(Path(event.folder))
        else:
            self._parts.curves.handle(event)
        if isinstance(event, EpochEnded):
            self._model.refresh()
        elif isinstance(event, RunEnded):
            self._on_run_ended(event)
        self._messages.handle(event)
        self._show_progress()

    def _show_progress(self) -> None:
        progress = self.selection.progress
        self._parts.header.show_live(self.selection.pointer_text)
        if progress is None:
            return
        left = progress.epoch_seconds_left
        self._parts.controls.show_price(
            wording.duration(left) if left is not None else "",
            progress.batch,
            is_refused=self._is_refused,
        )
        if self._controller.is_closing:
            return  # it is said what is waited for
        if self._controller.activity in (Activity.RUNNING, Activity.STOPPING_AFTER_EPOCH):
            self._parts.status.show_progress(progress)

    def _on_run_ended(self, event: RunEnded) -> None:
        self._model.refresh()
        run = self._model.find(Path(event.folder)) if event.folder else None
        title = wording.run_title(run) if run else "The run"
        # A run that could not be resumed stands as it stood, or trains in another process.
        self._parts.status.show_idle(
            f"{title} {event.state}" if self._has_begun else f"{title} did not begin"
        )
        self._has_begun = False
        if event.state == "finished" and run is not None and run.best is not None:
            best = run.best
            notify(
                self._window,
                f"{title} finished",
                f"Best top-1 {best.test_top1:.2f} % at epoch {best.epoch}",
            )

    def _on_selected_changed(self, path: Path | None) -> None:
        self._parts.header.show_live(self.selection.pointer_text)
        if path is not None:
            self._parts.runs.select(path)
            self._show_selected(path)

    def _on_message_changed(self) -> None:
        """What the message offers the header need not offer too."""
        selected = self.selection.selected
        run = self._model.find(selected) if selected is not None else None
        if run is not None:
            self._show_header(run)

    def _on_run_changed(self, path: Path) -> None:
        """A run was read again from the disk: perhaps one that another process trains."""
        run = self._model.find(path)
        if path == self.selection.selected and run is not None:
            self._show_header(run)
            self._parts.looking.show_run(run, is_live=self.selection.shows_live)
            if not self.selection.shows_live:
                self._parts.curves.show_run(run)

    def _show_selected(self, path: Path) -> None:
        try:
            run = self._model.find(path) or load(path)
        except StudioError as error:
            self._parts.message.show_message(str(error))
            return
        self._parts.curves.show_run(run)
        self._parts.looking.show_run(run, is_live=self.selection.shows_live)
        self._show_header(run)

    def _show_header(self, run: Run) -> None:
        message = self._parts.message
        is_offered = message.subject == str(run.path) and "Resume" in message.action_texts
        resumable = can_resume(run) and not self._controller.is_busy and not is_offered
        self._parts.header.show_run(
            run, self._parts.runs.menu.menu(run), state=self._state(run), can_resume=resumable
        )
        self._parts.header.offer_runs(self._model.runs, self.selection.selected)

    def _state(self, run: Run) -> str:
        """How a run stands, also where a full disk or a start under way keeps its file behind."""
        activity = self._controller.activity
        if activity is Activity.STARTING and self._controller.folder == run.path:
            return "starting"
        if activity is Activity.PAUSED and self.selection.live == run.path:
            return "paused"
        return wording.state(run)
