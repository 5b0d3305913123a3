"""Keeps what is shown of runs in step with what happens: events in, widgets up to date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from cifar_studio.errors import StudioError
from cifar_studio.runs import wording
from cifar_studio.runs.folder.events import EpochEnded, Event, FinalTestEnded, RunEnded, RunStarted
from cifar_studio.runs.folder.library import Run, can_resume, load
from cifar_studio.runs.folder.run_folder import is_run_folder
from cifar_studio.runs.reference_runs import is_reference
from cifar_studio.ui.controllers.run_messages import RunMessages
from cifar_studio.ui.frame.parts import OnDemand, Parts
from cifar_studio.ui.system.desktop import KeepAwake, notify
from cifar_studio.ui.training.run_controller import Activity

if TYPE_CHECKING:
    from cifar_studio.ui.controllers.pictures_and_confusion import PicturesAndConfusion


class RunDisplay(QObject):
    """Between the controller and library on one side and the widgets on the other."""

    def __init__(
        self, parts: Parts, pictures_and_confusion: OnDemand[PicturesAndConfusion]
    ) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self._pictures_and_confusion = pictures_and_confusion
        self._controller = parts.controller
        self._live = parts.controller.live
        self._model = parts.model
        self._selection = parts.selection
        self._awake = KeepAwake()
        self._messages = RunMessages(parts.controller, parts.model, parts.message, self)
        self._shown: Run | None = None
        self._before: Path | None = None  # the run that began last
        parts.controller.activity_changed.connect(self._on_activity_changed)
        parts.controller.event_received.connect(self._on_event_received)
        parts.selection.selected_changed.connect(self._on_selected_changed)
        parts.model.run_changed.connect(self._on_run_changed)
        # What the message offers the header need not offer too.
        parts.message.changed.connect(self._show_header_again)
        for chosen in (parts.runs.run_chosen, parts.header.run_chosen):
            chosen.connect(parts.selection.select)
        parts.header.live_requested.connect(parts.selection.select_live)
        parts.runs.overlays.changed.connect(lambda runs: parts.curves.set_overlays(runs))

    def choose_first(self, remembered: str) -> None:
        """Show the run of last time, else the newest; offer to resume an interrupted one."""
        newest = self._model.newest
        if remembered and is_run_folder(Path(remembered)):
            self._selection.select(Path(remembered))
        elif newest is not None:
            self._selection.select(newest.path)
        if newest is not None and newest.status.state == "interrupted":
            self._messages.offer_interrupted(newest)

    def _on_activity_changed(self, activity: Activity) -> None:
        is_idle = activity is Activity.IDLE
        self._parts.controls.show_activity(activity)
        self._parts.panel.show_activity(activity)
        self._parts.runs.menu.set_busy(not is_idle)
        if activity is Activity.STARTING:
            self._awake.hold()
        elif is_idle:
            self._awake.release()
        is_paused = activity is Activity.PAUSED
        self._model.say_paused(self._live.path if is_paused else None)
        if activity in (Activity.PAUSED, Activity.RUNNING, Activity.IDLE, Activity.STARTING):
            self._show_header_again()
        if activity is Activity.STARTING:
            self._parts.status.show_waiting("Starting: reading pictures, building the network…")
        elif activity in (Activity.PAUSING, Activity.STOPPING):
            self._parts.status.show_waiting(f"{activity.value.capitalize()} after this batch…")
        elif activity is Activity.PAUSED:
            self._parts.status.show_idle("Paused")

    def _on_event_received(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self._on_run_started(event)
        else:
            self._parts.curves.handle(event)
        if isinstance(event, EpochEnded | FinalTestEnded):
            self._model.refresh()
        elif isinstance(event, RunEnded):
            self._on_run_ended(event)
        self._messages.handle(event)
        self._show_progress()

    def _on_run_started(self, event: RunStarted) -> None:
        """The curves know the run before it is selected, and need not read its folder."""
        path = Path(event.folder)
        self._model.look_at(path)
        self._parts.status.show_data(event.environment.data.name)
        is_followed = self._is_followed(event)
        self._parts.curves.begin(event, show=is_followed)
        self._before = path
        if path == self._selection.selected:
            self._show_selected(path)
        elif is_followed:
            self._selection.select(path)

    def _is_followed(self, event: RunStarted) -> bool:
        """Whether the tabs go over to a run that starts.

        An experiment has one start after another: who looks at a run of before is left there.
        """
        is_trial = event.environment.trial is not None
        return not is_trial or self._selection.selected in (None, self._before, Path(event.folder))

    def _show_progress(self) -> None:
        progress = self._live.progress
        self._parts.header.show_live(self._selection.pointer_text)
        if progress is None:
            return
        left = progress.epoch_seconds_left
        self._parts.controls.show_price(
            wording.duration(left) if left is not None else "",
            progress.batch,
            is_refused=self._live.disk_refuses,
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
            f"{title} {_end_of(event)}" if self._live.has_begun else f"{title} did not begin"
        )
        if event.state == "finished" and run is not None and run.best is not None:
            best = run.best
            notify(
                self._parts.window,
                f"{title} finished",
                f"Top-1 {wording.best_top1(best)} at epoch {best.epoch}, {wording.how_chosen(run)}",
            )

    def _on_selected_changed(self, path: Path | None) -> None:
        self._parts.header.show_live(self._selection.pointer_text)
        if path is not None:
            self._parts.runs.select(path)
            self._show_selected(path)

    def _show_header_again(self) -> None:
        if (run := self._model.find(self._selection.selected)) is not None:
            self._show_header(run)

    def _on_run_changed(self, path: Path) -> None:
        """A run was read again from the disk: perhaps one that another process trains."""
        run = self._model.find(path)
        if path == self._selection.selected and run is not None:
            self._show_header(run)
            self._show_in_tabs(run)
            if not self._selection.shows_live:
                self._parts.curves.show_run(run)

    def _show_selected(self, path: Path) -> None:
        try:
            run = self._model.find(path) or load(path)
        except StudioError as error:
            self._parts.message.show_message(str(error))
            return
        self._parts.curves.show_run(run)
        self._show_in_tabs(run)
        self._show_header(run)

    def show_in(self, pictures_and_confusion: PicturesAndConfusion) -> None:
        """Bring tabs that have just been built up to date."""
        pictures_and_confusion.show_run(self._shown, is_live=self._selection.shows_live)

    def _show_in_tabs(self, run: Run) -> None:
        self._shown = run
        if self._pictures_and_confusion.built is not None:
            self.show_in(self._pictures_and_confusion.built)

    def _show_header(self, run: Run) -> None:
        message = self._parts.message
        is_offered = message.subject == str(run.path) and "Resume" in message.action_texts
        resumable = can_resume(run) and not self._controller.is_busy and not is_offered
        self._parts.header.show_run(
            run, self._parts.runs.menu.menu(run), state=self._state(run), can_resume=resumable
        )
        self._parts.header.offer_runs(self._model.runs, self._selection.selected)

    def _state(self, run: Run) -> str:
        """How a run stands, also where a full disk or a start under way keeps its file behind."""
        if is_reference(run):
            made_on = run.environment.device_name if run.environment else ""
            return (
                "made on " + made_on + ("" if len(run.rows) >= run.config.epochs else ", cut short")
            )
        activity = self._controller.activity
        if activity is Activity.STARTING and self._live.resumed == run.path:
            return "starting"
        if activity is Activity.PAUSED and self._live.path == run.path:
            return "paused"
        return wording.state(run)


def _end_of(event: RunEnded) -> str:
    """ "finished", or what the run itself says of its early end."""
    return event.message if event.state == "finished" and event.message else event.state
