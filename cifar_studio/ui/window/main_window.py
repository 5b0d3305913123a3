"""The main window: lays its parts out and wires them, and does nothing else."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QIcon, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget
from typing_extensions import override

from cifar_studio import paths
from cifar_studio.data.cifar100.places import locate
from cifar_studio.runner.training.speeds import SpeedBook
from cifar_studio.runs import wording
from cifar_studio.runs.answers import DataReady
from cifar_studio.runs.folder.events import DeviceInfo, EpochEnded, Event, RunStarted
from cifar_studio.ui.compare.view import CompareView
from cifar_studio.ui.controllers.compare_tab import Comparing
from cifar_studio.ui.controllers.file_saving import Saving
from cifar_studio.ui.controllers.incoming_files import TakingIn
from cifar_studio.ui.controllers.pictures_and_confusion import Looking
from cifar_studio.ui.controllers.run_actions import RunActions
from cifar_studio.ui.controllers.run_display import RunDisplay, RunWidgets
from cifar_studio.ui.controllers.run_exporting import Exporting
from cifar_studio.ui.controllers.window_closing import Leaving
from cifar_studio.ui.curves.data.run_colours import RunColours
from cifar_studio.ui.curves.view import CurvesView
from cifar_studio.ui.dialogs import messages
from cifar_studio.ui.dialogs.study_dialog import ask_study
from cifar_studio.ui.frame.central_tabs import COMPARE, CONFUSION, PICTURES, TITLES, Centre
from cifar_studio.ui.frame.control_bar import ControlBar
from cifar_studio.ui.frame.data_bar import DataBar
from cifar_studio.ui.frame.panel_folding import PanelFolding
from cifar_studio.ui.frame.run_header import RunHeader
from cifar_studio.ui.frame.side_panel import RUNS_PAGE, SETUP_PAGE, SidePanel
from cifar_studio.ui.frame.status_line import StatusLine
from cifar_studio.ui.library.run_model import RunModel
from cifar_studio.ui.library.runs_panel import RunsPanel
from cifar_studio.ui.setup.cost import CostEstimator
from cifar_studio.ui.setup.setup_panel import SetupPanel
from cifar_studio.ui.system.keep_awake import KeepAwake
from cifar_studio.ui.training.queue_file import QueueFile
from cifar_studio.ui.training.run_controller import Activity, RunController
from cifar_studio.ui.training.run_queue import PlannedRun
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.message_bar import MessageBar
from cifar_studio.ui.widgets.shortcut_keys import ShortcutSheet
from cifar_studio.ui.widgets.type_size import apply_fitting
from cifar_studio.ui.window import window_settings, window_state
from cifar_studio.ui.window.menus import build_menus
from cifar_studio.ui.workers.helper_worker import ShortWork


class MainWindow(QMainWindow):
    """Everything that a person sees, on top of a controller that runs the trainings."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("CIFAR Studio")
        self.setWindowIcon(QIcon(str(paths.resources_folder() / "icons" / "cifar-studio.svg")))
        self.setAcceptDrops(True)
        self.settings, self.settings_fault = window_settings.load(paths.settings_file())
        theme.manager().apply(self.settings.theme, self.settings.scale)
        self._awake = KeepAwake()
        self.controller = RunController(str(paths.runs_folder()), self)
        self._queue_file = QueueFile(paths.queue_file(), self.controller.queue, self)
        self.short_work = ShortWork(self)
        self._leaving = Leaving(self.controller, self.short_work, self)
        self._costs = CostEstimator(SpeedBook(paths.speeds_file()), self.short_work, self)
        self._model = RunModel(paths.runs_folder(), self)
        self.setup = SetupPanel(paths.presets_folder(), self._costs)
        self._runs = RunsPanel(self._model, self.controller.queue)
        self.controls = ControlBar()
        self.panel = SidePanel(self.setup, self._runs, self.controls)
        self.folding = PanelFolding(self.panel, self)
        self.data_bar = DataBar(self.short_work)
        self.message = MessageBar()
        self._header = RunHeader()
        self.run_colours = RunColours(len(theme.LIGHT.runs), self.settings.run_colours)
        self.curves = CurvesView(run_colours=self.run_colours)
        self.saving = Saving(self.short_work, self)
        self.looking = Looking(self.short_work, self.saving, self)
        self.looking.beside.set_library(lambda: self._model.runs)
        self.compare = CompareView()
        self._status = StatusLine()
        self.centre = Centre(
            (self.data_bar, self.message, self._header),
            (self.curves, self.looking.pictures, self.looking.confusion, self.compare),
        )
        self._display = RunDisplay(
            self.controller,
            self._model,
            RunWidgets(
                self._header,
                self.curves,
                self.looking,
                self._status,
                self.controls,
                self.message,
                self._runs,
            ),
            self,
        )
        self.selection = self._display.selection
        self.taking_in = TakingIn(self)
        self.run_actions = RunActions(self, self._runs.menu, self._model)
        self.exporting = Exporting(self.short_work, self.message, lambda: self.compare.rule, self)
        self._comparing = Comparing(self, self.compare, self._model, self._runs)
        self._lay_out()
        build_menus(self)
        self._wire()
        window_state.restore(self)
        self._offer_data()
        # What can wait until the window is on the screen: workers, the library.
        QTimer.singleShot(0, self._on_shown)

    @property
    def tab_titles(self) -> tuple[str, ...]:
        return TITLES

    def request_start(self) -> None:
        """Start what the form describes, or put it in the queue."""
        planned = self.setup.planned_run()
        if planned is None:
            self.show_setup()
        elif not self.data_bar.is_busy or planned.data == "demo":
            self.controller.start(planned)

    def repeat_report(self) -> None:
        """Put the report's six runs into the queue, whole or smaller."""
        data = self.setup.data()
        runs = ask_study(self, self._costs, data == "demo")
        for run in runs or ():
            self.controller.start(PlannedRun(run.config, data, run.preset.name))
        if runs:
            self.show_runs()

    def show_live(self) -> None:
        if self.selection.live is not None:
            self.selection.select(self.selection.live)

    def say(self, text: str) -> None:
        """A word in the status line."""
        self._status.show_word(text)

    def show_tab(self, position: int) -> None:
        self.centre.show_tab(position)

    def show_setup(self) -> None:
        self.panel.show_page(SETUP_PAGE)

    def show_runs(self) -> None:
        self.panel.show_page(RUNS_PAGE)

    def search_runs(self) -> None:
        self.show_runs()
        self._runs.focus_search()

    def toggle_panel(self) -> None:
        self.panel.set_folded(not self.panel.is_folded)

    def choose_theme(self, name: str) -> None:
        self.settings.theme = name
        theme.manager().apply(name, theme.manager().scale)

    def scale_type(self, factor: float) -> None:
        """Scale the type; 0 is its normal size."""
        scale = theme.manager().scale * factor if factor else 1.0
        if not apply_fitting(self, self.settings.theme, scale):
            self._status.show_word("Larger type does not fit on this screen")

    def show_shortcuts(self) -> None:
        ShortcutSheet(self).exec()

    def show_places(self) -> None:
        messages.show_places(self)

    def show_about(self) -> None:
        messages.show_about(self)

    def export_runs(self) -> None:
        """Export the rows chosen in Compare while that is shown, else the run that is shown."""
        if self.centre.tab == COMPARE:
            self.exporting.ask(self.compare.chosen_runs)
            return
        selected = self.selection.selected
        run = self._model.find(selected) if selected is not None else None
        self.exporting.ask([run] if run is not None else [])

    def _lay_out(self) -> None:
        upper = QHBoxLayout()
        upper.setSpacing(0)
        upper.addWidget(self.panel)
        upper.addWidget(self.centre, 1)
        whole = QWidget()
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(upper, 1)
        layout.addWidget(self._status)
        self.setCentralWidget(whole)
        self.data_bar.hide()
        self._header.show_nothing()

    def _wire(self) -> None:
        controller, controls = self.controller, self.controls
        controls.start_requested.connect(self.request_start)
        controls.pause_requested.connect(controller.pause)
        controls.continue_requested.connect(controller.go_on)
        controls.stop_after_epoch_requested.connect(controller.stop_after_epoch)
        controls.stop_now_requested.connect(controller.stop_now)
        controller.activity_changed.connect(self._on_activity_changed)
        controller.event_received.connect(self._on_event_received)
        controller.devices_found.connect(self._on_devices_found)
        controller.queue.changed.connect(
            lambda: self.panel.show_waiting(len(controller.queue.runs))
        )
        self._leaving.settled.connect(self._on_settled)
        self._leaving.waited_long.connect(self._status.show_waiting)
        self.setup.form_changed.connect(self._on_form_changed)
        self.data_bar.data_ready.connect(self._on_data_ready)
        self._runs.run_chosen.connect(self.selection.select)
        self._runs.mend_wanted.connect(self.run_actions.mend)
        self._runs.beside.changed.connect(self.curves.set_overlays)
        self._header.run_chosen.connect(self.selection.select)
        self._header.live_wanted.connect(self.show_live)
        self._header.resume_wanted.connect(self.run_actions.resume)
        self._runs.queue_go_on_wanted.connect(controller.release_queue)
        self.centre.tab_changed.connect(self._on_tab_changed)
        self.looking.pictures_wanted.connect(lambda: self.show_tab(PICTURES))
        self.curves.table_wanted.connect(self.looking.save_table)
        self.curves.figure_wanted.connect(self.saving.save_curves)
        self._runs.menu.export_wanted.connect(self.exporting.ask)
        self.exporting.told.connect(self._status.show_word)
        for source in (self.looking, self.saving):
            source.told.connect(self._status.show_word)
            source.failed.connect(self.message.show_message)

    def _offer_data(self) -> None:
        present = locate("auto") is not None
        self.setup.set_cifar100_present(present, self.settings.data)
        self.data_bar.setVisible(not present)

    def open_library(self) -> None:
        """Read the library, and show the run of last time or the newest."""
        self._model.watch()
        self._display.choose_first(self.settings.selected_run)

    def refresh_library(self) -> None:
        """Take in what other processes did to the runs since the last look."""
        self._model.refresh()

    def _on_shown(self) -> None:
        self.controller.warm_up()
        self.open_library()
        if waiting := self._queue_file.restore():
            runs = "1 run waits" if waiting == 1 else f"{waiting} runs wait"
            self.message.show_notice(f"{runs} since last time: see Runs, and Go on there.")

    def _on_tab_changed(self) -> None:
        self._fold_for_view()
        self.looking.look()

    def _fold_for_view(self) -> None:
        self.folding.show_view(self.centre.tab in (PICTURES, CONFUSION, COMPARE), self.width())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold_for_view()

    def _on_activity_changed(self, activity: Activity) -> None:
        self.panel.show_activity(activity)
        self._runs.menu.set_busy(activity is not Activity.IDLE)
        self._costs.set_may_measure(activity is Activity.IDLE)
        if activity is Activity.STARTING:
            self._awake.hold()
        elif activity is Activity.IDLE:
            self._awake.release()
        self._on_form_changed()

    def _on_event_received(self, event: Event) -> None:
        started = self.selection.started
        if isinstance(event, RunStarted):
            self._status.show_data(event.environment.data.name)
        elif isinstance(event, EpochEnded) and started is not None:
            self._costs.learn(started.config, started.environment, event.row)

    def _on_form_changed(self) -> None:
        planned = self.setup.planned_run()
        self.looking.plan(planned.config if planned is not None else None)
        faults = self.setup.faults()
        names = ", ".join(key.replace("_", " ") for key in faults)
        self.controls.set_startable(f"Fix first: {names}" if faults else "")
        seconds = self.setup.expected_seconds()
        about = f": about {wording.duration(seconds)}" if seconds else ""
        self.curves.set_empty_hint(f"Press Ctrl+R{about}", planned.config.epochs if planned else 10)
        if self.selection.started is not None:
            self._status.show_data(self.selection.started.environment.data.name)
        else:
            self._status.show_data("CIFAR-100" if self.setup.data() == "auto" else "demo set")

    def _on_devices_found(self, devices: tuple[DeviceInfo, ...]) -> None:
        self.setup.set_devices(devices)
        first = devices[0]
        self._status.show_device(f"{first.title} · {wording.memory(first.memory_mib)}")
        self._costs.set_may_measure(not self.controller.is_busy)

    def _on_data_ready(self, event: DataReady) -> None:
        self.settings.data = "auto"
        self._offer_data()
        self.looking.look_for_pictures()
        self._status.show_idle(f"{event.name} is ready: {event.source}")

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.taking_in.can_take(event.mimeData()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        self.taking_in.take_dropped(event.mimeData())

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        if self._leaving.has_begun:
            event.setAccepted(self._leaving.is_settled)
            if not self._leaving.is_settled:
                self._leaving.ask_force(self, self.selection.kept_by_force_text)
            return
        event.ignore()
        if self.controller.is_busy:
            waiting = len(self.controller.queue.runs)
            if not messages.confirm_quit(self, self.selection.kept_text, waiting):
                return
        self.leave()

    def leave(self) -> None:
        """Save what is to be kept, end the workers, and close when they are gone."""
        if not self._leaving.has_begun:
            window_state.remember(self)
            self.setEnabled(False)
            if self.controller.is_busy:
                self._status.show_waiting("Saving the run…")
            self._leaving.begin()

    def _on_settled(self) -> None:
        self._queue_file.close()
        self._awake.release()
        self.close()
