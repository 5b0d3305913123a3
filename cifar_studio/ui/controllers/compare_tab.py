"""Keeps Compare in step with the library, and carries out what is asked for there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QTimer
from PySide6.QtWidgets import QMenu

from cifar_studio.ui.compare.lines import Line
from cifar_studio.ui.compare.view import CompareView
from cifar_studio.ui.frame.central_tabs import CURVES
from cifar_studio.ui.library.run_model import RunModel
from cifar_studio.ui.library.runs_panel import RunsPanel

if TYPE_CHECKING:
    from cifar_studio.ui.window.main_window import MainWindow

SETTLE_MS = 100


class Comparing(QObject):
    """Between the library and the view."""

    def __init__(
        self, window: MainWindow, view: CompareView, model: RunModel, panel: RunsPanel
    ) -> None:
        super().__init__(window)
        self._window = window
        self._view = view
        self._model = model
        self._panel = panel
        # A library is read in many small turns.
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._on_library_settled)
        for changed in (model.rowsInserted, model.rowsRemoved, model.dataChanged):
            changed.connect(self._on_library_changed)
        window.centre.tab_changed.connect(lambda _: self._choose_first())
        view.run_wanted.connect(self._on_run_wanted)
        view.draw_wanted.connect(self._on_draw_wanted)
        view.menu_wanted.connect(self._on_menu_wanted)
        view.export_wanted.connect(lambda runs: panel.menu.export_wanted.emit(runs))
        view.table_wanted.connect(window.saving.save_table)

    def _on_library_changed(self) -> None:
        if not self._settle.isActive():
            self._settle.start()

    def _on_library_settled(self) -> None:
        self._view.set_runs(self._model.runs)
        self._choose_first()

    def _choose_first(self) -> None:
        """Who comes here first sees what is to be known about the run of the other tabs."""
        selected = self._window.selection.selected
        if self._view.isVisible() and selected is not None and not self._view.table.chosen:
            self._view.table.choose([selected.name])

    def _on_run_wanted(self, path: object) -> None:
        self._window.selection.select(path)  # type: ignore[arg-type]
        self._window.show_tab(CURVES)

    def _on_draw_wanted(self, lines: Sequence[Line]) -> None:
        runs = [run for line in lines for run in line.runs]
        groups = [line.group for line in lines if line.group is not None]
        if not runs:
            return
        self._window.selection.select(runs[0].path)
        if groups:
            self._window.curves.show_groups(groups)
        else:
            self._panel.beside.set_runs(runs[1:])
        self._window.show_tab(CURVES)

    def _on_menu_wanted(self, lines: Sequence[Line], at: QPoint) -> None:
        menu = QMenu(self._view)
        runs = [run for line in lines for run in line.runs]
        if len(runs) == 1:
            self._panel.menu.fill(menu, runs[0])
        elif runs:
            self._panel.menu.fill_for_several(menu, runs)
            first = menu.actions()[0]
            draw = menu.addAction("Draw in Curves", lambda: self._on_draw_wanted(lines))
            menu.insertAction(first, draw)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)
