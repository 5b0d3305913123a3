"""The view of a table of names and figures."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from typing_extensions import override

from cifar_studio.ui.tables.figure_model import Column, FigureModel, FigureProxy, Row
from cifar_studio.ui.tables.row_delegate import PAD_PX
from cifar_studio.ui.tables.row_table import HEADER_PX, ROW_PX, RowTable
from cifar_studio.ui.widgets import theme


class FigureTable(RowTable):
    """A table of names and figures whose rows stand for something.

    Signals
    -------
    row_chosen(object)
        The subject of the row that is now the current one, by mouse or key.
    row_opened(object)
        Likewise, of Enter or a double-click.
    """

    row_chosen = Signal(object)
    row_opened = Signal(object)

    def __init__(self, name: str, empty_text: str) -> None:
        self.figures = FigureModel()
        self.filter = FigureProxy(self.figures)
        super().__init__(self.figures, self.filter, name, empty_text)
        self.doubleClicked.connect(lambda at: self.row_opened.emit(self.subject_of(at.row())))
        self.restyle()

    def set_rows(self, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """Show these; the order chosen stays where the columns do."""
        if tuple(columns) != self.figures.columns:
            self.unsort()
        self._setting = True
        self.figures.set_rows(columns, rows)
        self._setting = False
        self._fit_columns()

    def search(self, words: str) -> None:
        """Show the rows one of whose names has these words."""
        self._setting = True
        self.filter.set_words(words)
        self._setting = False
        self.viewport().update()

    def subject_of(self, row: int) -> tuple[int, ...]:
        """What a row in the order shown stands for."""
        return self.figures.rows[self.source_row(row)].subject

    @override
    def restyle(self) -> None:
        super().restyle()
        self.setMinimumHeight(theme.px(HEADER_PX + 2 * ROW_PX))

    @override
    def _fit_columns(self) -> None:
        """Figures as wide as they need; the names share what is left."""
        columns, metrics = self.figures.columns, self.fontMetrics()
        if not columns:
            return
        pad, arrow = 2 * theme.px(PAD_PX), metrics.horizontalAdvance("▾ ")
        widths = []
        for place, column in enumerate(columns):
            texts = [column.title, *(row.text(place, column) for row in self.figures.rows)]
            widest = max(metrics.horizontalAdvance(text) for text in texts)
            widths.append(max(widest, metrics.horizontalAdvance(column.title) + arrow) + pad + 2)
        names = [place for place, column in enumerate(columns) if not column.form]
        spare = self.viewport().width() - sum(widths)
        while spare < 0:  # the widest gives first
            widest = max(names, key=lambda place: widths[place])
            if widths[widest] <= theme.px(72):
                break
            widths[widest] -= 1
            spare += 1
        for place in names:
            widths[place] += max(spare, 0) // len(names)
        for place, width in enumerate(widths):
            self.horizontalHeader().resizeSection(place, width)

    @override
    def _on_current_row_changed(self) -> None:
        if not self._setting and self.currentIndex().isValid():
            self.row_chosen.emit(self.subject_of(self.currentIndex().row()))

    @override
    def _nothing(self) -> str:
        return "Nothing found" if self.figures.rows else super()._nothing()
