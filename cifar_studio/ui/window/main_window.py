"""The main window: puts its parts and controllers together, and does nothing else."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QIcon,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QMainWindow
from typing_extensions import override

from cifar_studio import paths
from cifar_studio.ui.controllers.experiment_actions import ExperimentActions
from cifar_studio.ui.controllers.file_saving import FileSaving
from cifar_studio.ui.controllers.incoming_files import IncomingFiles
from cifar_studio.ui.controllers.run_actions import RunActions
from cifar_studio.ui.controllers.run_display import RunDisplay
from cifar_studio.ui.controllers.run_exporting import RunExporting
from cifar_studio.ui.controllers.setup_form import SetupForm
from cifar_studio.ui.controllers.window_closing import WindowClosing
from cifar_studio.ui.frame.central_tabs import COMPARE, CONFUSION, CURVES, EXPERIMENT, PICTURES
from cifar_studio.ui.frame.parts import OnDemand, build_parts
from cifar_studio.ui.frame.side_panel import PanelFolding
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.window import window_state
from cifar_studio.ui.window.commands import Commands, build_menus

if TYPE_CHECKING:
    from cifar_studio.ui.controllers.compare_tab import CompareTab
    from cifar_studio.ui.controllers.experiment_tab import ExperimentTab
    from cifar_studio.ui.controllers.pictures_and_confusion import PicturesAndConfusion


class MainWindow(QMainWindow):
    """Everything that a person sees, on top of a controller that runs the trainings."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("CIFAR Studio")
        self.setWindowIcon(QIcon(str(paths.resources_folder() / "icons" / "cifar-studio.svg")))
        self.setAcceptDrops(True)
        self.settings, fault = window_state.load(paths.settings_file())
        theme.manager().apply(self.settings.theme, self.settings.scale)
        self.parts = parts = build_parts(self, self.settings.run_colours)
        self.saving = FileSaving(parts)
        self.pictures_and_confusion = OnDemand(self._build_pictures_and_confusion)
        self.compare = OnDemand(self._build_compare)
        self.experiment = OnDemand(self._build_experiment)
        self.display = RunDisplay(parts, self.pictures_and_confusion)
        self.form = SetupForm(parts, self.pictures_and_confusion)
        self.exporting = RunExporting(parts, lambda: self.compare.part.view.rule)
        self.experiments = ExperimentActions(parts, self.experiment, self.saving, self.exporting)
        self.run_actions = RunActions(parts, self.experiments)
        self.files = IncomingFiles(parts, self.run_actions, self.pictures_and_confusion)
        self.commands = Commands(
            parts, self.files, self.exporting, self.experiments, self.compare, self.settings
        )
        self._folding = PanelFolding(parts.panel, self)
        self.closing = WindowClosing(parts, self._remember)
        self._is_painted = False
        build_menus(self.menuBar(), self.commands)
        self._wire()
        window_state.restore(self.settings, parts, fault)
        self.form.offer_data(self.settings.chosen_data)

    def leave(self) -> None:
        """Save what is to be kept, end the workers, and close when they are gone."""
        self.closing.leave()

    def open_library(self) -> None:
        """Read the library, and show the run of last time or the newest."""
        self.parts.model.watch()
        self.display.choose_first(self.settings.selected_run)
        self.experiments.find_running()

    def _wire(self) -> None:
        parts = self.parts
        controller, controls = parts.controller, parts.controls
        controls.start_requested.connect(self.commands.start)
        controls.pause_requested.connect(controller.pause)
        controls.continue_requested.connect(controller.go_on)
        controls.stop_after_epoch_requested.connect(controller.stop_after_epoch)
        controls.stop_now_requested.connect(controller.stop_now)
        controller.queue.changed.connect(
            lambda: parts.panel.show_waiting(len(controller.queue.runs))
        )
        parts.runs.waiting.go_on_requested.connect(controller.release_queue)
        parts.runs.experiment_chosen.connect(self._show_experiment)
        parts.tabs.view_needed.connect(self._on_view_needed)
        parts.tabs.tab_changed.connect(self._on_tab_changed)

    def _show_experiment(self, path: Path) -> None:
        """Who chose it in the list keeps the list, though the view would rather have the width."""
        self.experiment.part.show(path)
        self.parts.tabs.show_tab(EXPERIMENT)
        self.parts.panel.set_folded(False)

    # What waits until the window is on the screen: workers, the library, the other views

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._is_painted:
            self._is_painted = True
            QTimer.singleShot(0, self, self._on_shown)

    def _on_shown(self) -> None:
        self.parts.controller.warm_up()
        self._on_view_needed(self.parts.tabs.tab)
        self.open_library()
        for position in (CURVES, PICTURES, COMPARE):
            QTimer.singleShot(0, self, functools.partial(self._on_view_needed, position))

    def _build_pictures_and_confusion(self) -> PicturesAndConfusion:
        # Imported here and not above: a fifth of what the window would wait for.
        from cifar_studio.ui.controllers.pictures_and_confusion import PicturesAndConfusion

        pictures_and_confusion = PicturesAndConfusion(self.parts, self.saving)
        self.parts.tabs.set_view(PICTURES, pictures_and_confusion.pictures)
        self.parts.tabs.set_view(CONFUSION, pictures_and_confusion.confusion)
        window_state.restore_pictures_and_confusion(self.settings, pictures_and_confusion)
        pictures_and_confusion.plan(self.form.config)
        self.display.show_in(pictures_and_confusion)
        return pictures_and_confusion

    def _build_compare(self) -> CompareTab:
        from cifar_studio.ui.controllers.compare_tab import CompareTab

        comparing = CompareTab(self.parts, self.saving)
        self.parts.tabs.set_view(COMPARE, comparing.view)
        window_state.restore_compare(self.settings, comparing.view)
        return comparing

    def _build_experiment(self) -> ExperimentTab:
        from cifar_studio.ui.controllers.experiment_tab import ExperimentTab

        experiment = ExperimentTab(self.parts)
        self.parts.tabs.set_view(EXPERIMENT, experiment.view)
        window_state.restore_experiment(self.settings, experiment.view)
        return experiment

    def _on_view_needed(self, position: int) -> None:
        """The tab of last time waits for the window, too."""
        if not self._is_painted:
            return
        if position == CURVES:
            _ = self.parts.curves
        elif position == COMPARE:
            _ = self.compare.part
        elif position == EXPERIMENT:
            _ = self.experiment.part
        else:
            _ = self.pictures_and_confusion.part

    def _on_tab_changed(self) -> None:
        self._fold_for_view()
        if self.pictures_and_confusion.built is not None:
            self.pictures_and_confusion.built.refresh()

    def _fold_for_view(self) -> None:
        self._folding.show_view(self.parts.tabs.tab != CURVES, self.width())

    def _remember(self) -> None:
        window_state.remember(
            self.settings,
            self.parts,
            folded_by_person=self.parts.panel.is_folded and not self._folding.is_mine,
            pictures_and_confusion=self.pictures_and_confusion.built,
            compare=self.compare.built.view if self.compare.built is not None else None,
            experiment=self.experiment.built.view if self.experiment.built is not None else None,
        )

    # Qt's own

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold_for_view()

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.files.can_take(event.mimeData()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        self.files.take_dropped(event.mimeData())

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        event.setAccepted(self.closing.may_close())
