"""The Compare tab: every run with the figures of the report's Table 2, beside the printed ones."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QByteArray, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from cifar_studio.errors import BadInputError
from cifar_studio.runs.analysis.convergence import ConvergenceRule
from cifar_studio.runs.folder.library import Run
from cifar_studio.ui.compare.columns import EXPLANATIONS, HIDDEN_AT_FIRST
from cifar_studio.ui.compare.details import CompareDetails
from cifar_studio.ui.compare.lines import Line
from cifar_studio.ui.compare.table import CompareTable
from cifar_studio.ui.compare.toolbar import CompareToolbar
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.explanation import explain
from cifar_studio.ui.widgets.grip_splitter import GripSplitter

MARGIN_PX, GAP_PX = 16, 12
DETAILS_PX = 220
SETTLE_MS = 60


class CompareView(QWidget):
    """The library as a table. Nothing is computed while the view is hidden.

    Signals
    -------
    run_requested(Path)
        A row was opened: show this run.
    draw_requested(tuple of Line)
        Draw these rows beside each other in Curves.
    menu_requested(tuple of Line, QPoint)
        What can be done with the selected rows, at a point of the screen.
    export_requested(tuple of Run)
    table_requested(Table)
        It is to be kept as a file.
    """

    run_requested = Signal(object)
    draw_requested = Signal(object)
    menu_requested = Signal(object, QPoint)
    export_requested = Signal(object)
    table_requested = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.toolbar = CompareToolbar()
        self.table = CompareTable()
        self.details = CompareDetails()
        self.setFocusProxy(self.table)
        self._runs: tuple[Run, ...] = ()
        self._is_stale = True
        self._is_default_layout = True
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._show_details)
        self.splitter = GripSplitter()
        self.splitter.addWidget(self.table)
        self.splitter.addWidget(self.details)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 0)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.toolbar)
        self._column.addWidget(self.splitter, 1)
        self.toolbar.show_hidden(HIDDEN_AT_FIRST)
        self._connect()
        self._restyle()
        self._show_details()

    @property
    def rule(self) -> ConvergenceRule:
        """The rule of convergence in force."""
        return self.toolbar.rule.rule

    @property
    def chosen_runs(self) -> tuple[Run, ...]:
        """Runs of the selected rows; all that are shown where none is selected."""
        lines = self.table.chosen or self.table.shown
        return tuple(run for line in lines for run in line.runs)

    def set_runs(self, runs: Sequence[Run]) -> None:
        """The library has changed, or may have."""
        if [id(run) for run in runs] != [id(run) for run in self._runs]:
            self._runs = tuple(runs)
            self._is_stale = True
            self._refresh()

    def choose_columns(self, hidden: Iterable[str]) -> None:
        """Hide these columns."""
        self.table.set_hidden(hidden)
        self.toolbar.show_hidden(self.table.hidden)

    def choose_rule(self, kept: tuple[float, int, str]) -> None:
        """Take per cent, epochs and loss of a rule; one that makes no sense is left."""
        with contextlib.suppress(BadInputError):
            within, window, measure = kept
            rule = ConvergenceRule(within, window, measure)  # type: ignore[arg-type]
            self.toolbar.rule.set_rule(rule)

    def save_layout(self) -> bytes:
        """Where the splitter stands, for the settings."""
        return bytes(self.splitter.saveState().data())

    def restore_layout(self, state: bytes) -> None:
        self._is_default_layout = not self.splitter.restoreState(QByteArray(state))

    def _connect(self) -> None:
        toolbar, table = self.toolbar, self.table
        toolbar.rows.chosen.connect(lambda _: self._compute())
        toolbar.search.textChanged.connect(table.search)
        toolbar.columns_changed.connect(table.set_hidden)
        toolbar.rule.rule_changed.connect(lambda _: self._compute())
        toolbar.draw_requested.connect(lambda: self.draw_requested.emit(table.chosen))
        toolbar.export_requested.connect(lambda: self.export_requested.emit(self.chosen_runs))
        table.chosen_changed.connect(self._on_chosen_changed)
        table.opened.connect(self._on_opened)
        table.menu_requested.connect(lambda at: self.menu_requested.emit(table.chosen, at))
        table.save_requested.connect(lambda: self.table_requested.emit(table.as_table("runs")))
        self.details.settings.save_requested.connect(
            lambda: self.table_requested.emit(self.details.settings.as_table("settings"))
        )
        for part in (table, self.details.settings):
            part.explanation_requested.connect(lambda key, at: explain(key, at, self, EXPLANATIONS))
        self.splitter.splitterMoved.connect(self._on_splitter_moved)
        theme.manager().changed.connect(self._restyle)

    def _refresh(self) -> None:
        if self._is_stale and self.isVisible():
            self._compute()

    def _compute(self) -> None:
        self._is_stale = False
        by_seed = self.toolbar.rows.key == "seeds"
        self.table.show_runs(self._runs, self.rule, by_seed=by_seed)

    def _on_chosen_changed(self) -> None:
        self.toolbar.draw.setEnabled(bool(self.table.chosen))
        self.toolbar.export.setEnabled(bool(self._runs))
        self._settle.start()

    def _on_splitter_moved(self) -> None:
        self._is_default_layout = False

    def _show_details(self) -> None:
        self.toolbar.draw.setEnabled(bool(self.table.chosen))
        self.details.show_lines(self.table.chosen, self.rule)

    def _on_opened(self, line: Line) -> None:
        if line.runs:
            self.run_requested.emit(line.runs[0].path)

    def _restyle(self) -> None:
        self._column.setContentsMargins(*[theme.px(MARGIN_PX)] * 4)
        self._column.setSpacing(theme.px(GAP_PX))
        for part in (self.toolbar, self.table, self.details, self.splitter):
            part.restyle()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()
        if self._is_default_layout:
            details = min(theme.px(DETAILS_PX), self.height() // 3)
            self.splitter.setSizes([max(self.splitter.height() - details, 1), details])

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.text() == "/":
            self.toolbar.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.toolbar.search.selectAll()
            event.accept()
        else:
            super().keyPressEvent(event)
