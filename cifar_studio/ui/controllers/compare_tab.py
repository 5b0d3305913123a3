"""Keeps Compare in step with the library, and carries out what is asked for there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, QTimer
from PySide6.QtWidgets import QMenu

from cifar_studio.runs.reference_runs import reference_runs
from cifar_studio.ui.compare.lines import Line
from cifar_studio.ui.compare.view import CompareView
from cifar_studio.ui.controllers.file_saving import FileSaving
from cifar_studio.ui.frame.central_tabs import CURVES
from cifar_studio.ui.frame.parts import Parts

SETTLE_MS = 100


class CompareTab(QObject):
    """Owns the view, and stands between it and the library."""

    def __init__(self, parts: Parts, saving: FileSaving) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self.view = view = CompareView()
        # A library is read in many small turns.
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._on_library_settled)
        model = parts.model
        for changed in (model.rowsInserted, model.rowsRemoved, model.dataChanged):
            changed.connect(self._on_library_changed)
        parts.tabs.tab_changed.connect(lambda _: self._choose_first())
        view.run_requested.connect(self._on_run_requested)
        view.draw_requested.connect(self._on_draw_requested)
        view.menu_requested.connect(self._on_menu_requested)
        view.export_requested.connect(parts.runs.menu.export_requested)
        view.table_requested.connect(saving.save_table)
        view.set_runs((*model.runs, *reference_runs()))

    def _on_library_changed(self) -> None:
        if not self._settle.isActive():
            self._settle.start()

    def _on_library_settled(self) -> None:
        self.view.set_runs((*self._parts.model.runs, *reference_runs()))
        self._choose_first()

    def _choose_first(self) -> None:
        """Who comes here first sees what is to be known about the run of the other tabs."""
        selected = self._parts.selection.selected
        if self.view.isVisible() and selected is not None and not self.view.table.chosen:
            self.view.table.choose([selected.name])

    def _on_run_requested(self, path: Path) -> None:
        self._parts.selection.select(path)
        self._parts.tabs.show_tab(CURVES)

    def _on_draw_requested(self, lines: Sequence[Line]) -> None:
        runs = [run for line in lines for run in line.runs]
        groups = [line.group for line in lines if line.group is not None]
        if not runs:
            return
        self._parts.selection.select(runs[0].path)
        if groups:
            self._parts.curves.show_groups(groups)
        else:
            self._parts.runs.overlays.set_runs(runs[1:])
        self._parts.tabs.show_tab(CURVES)

    def _on_menu_requested(self, lines: Sequence[Line], at: QPoint) -> None:
        menu = QMenu(self.view)
        runs = [run for line in lines for run in line.runs]
        if len(runs) == 1:
            self._parts.runs.menu.fill(menu, runs[0])
        elif runs:
            self._parts.runs.menu.fill_for_several(menu, runs)
            first = menu.actions()[0]
            draw = menu.addAction("Draw in Curves", lambda: self._on_draw_requested(lines))
            menu.insertAction(first, draw)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)
