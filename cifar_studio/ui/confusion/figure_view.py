"""The view of a table of names and figures."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)
from typing_extensions import override

from cifar_studio.ui import theme
from cifar_studio.ui.confusion.figure_table import Column, FigureModel, FigureProxy, Row
from cifar_studio.ui.curves.explanations import QUESTION
from cifar_studio.ui.table import Table

ROW_PX = 24
HEADER_PX = 28
_PAD_PX = 8


class _AlignedDelegate(QStyledItemDelegate):
    """Text with the heading's own room at both sides."""

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        colours, pad = theme.current(), theme.px(_PAD_PX)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.fillRect(option.rect, QColor(colours.accent))
        painter.setPen(QColor(colours.on_accent if selected else colours.text))
        painter.setFont(option.font)
        inside = option.rect.adjusted(pad, 0, -pad, 0)
        text = index.data(Qt.ItemDataRole.DisplayRole)
        elide = Qt.TextElideMode.ElideRight
        shown = option.fontMetrics.elidedText(text, elide, inside.width())
        painter.drawText(inside, index.data(Qt.ItemDataRole.TextAlignmentRole), shown)


class FigureTable(QTableView):
    """A table to sort by its headings; Ctrl+C copies the chosen rows, or all.

    Signals
    -------
    row_chosen(object)
        The subject of the row that is now the current one, by mouse or key.
    row_opened(object)
        Likewise, of Enter or a double-click.
    save_requested()
    explanation_requested(str, QPoint)
    """

    save_requested = Signal()
    row_chosen = Signal(object)
    row_opened = Signal(object)
    explanation_requested = Signal(str, QPoint)

    def __init__(self, name: str, empty_text: str) -> None:
        super().__init__()
        self.figures = FigureModel()
        self.proxy = FigureProxy(self.figures)
        self._empty_text = empty_text
        self._setting = False
        self.setModel(self.proxy)
        self.setItemDelegate(_AlignedDelegate(self))
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setHighlightSections(False)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSortIndicatorClearable(True)
        header.setSortIndicatorShown(False)  # the heading itself carries the arrow
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._on_header_menu_requested)
        self.setSortingEnabled(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._on_menu_requested)
        self.selectionModel().currentRowChanged.connect(self._on_current_row_changed)
        self.doubleClicked.connect(lambda _: self._open_current())
        self.restyle()

    def set_rows(self, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """Show these; the order chosen stays where the columns do."""
        if tuple(columns) != self.figures.columns:
            self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self._setting = True
        self.figures.set_rows(columns, rows)
        self._setting = False
        self._fit_columns()

    def search(self, words: str) -> None:
        """Show the rows one of whose names has these words."""
        self._setting = True
        self.proxy.set_words(words)
        self._setting = False
        self.viewport().update()

    def subject_of(self, row: int) -> tuple[int, ...]:
        """What a row in the order shown stands for."""
        return self.figures.rows[self.proxy.mapToSource(self.proxy.index(row, 0)).row()].subject

    def copy(self) -> str:
        """Put the chosen rows, or all, on the clipboard as tab-separated text with a header."""
        chosen = sorted(index.row() for index in self.selectionModel().selectedRows())
        lines = ["\t".join(column.title for column in self.figures.columns)]
        for row in chosen or range(self.proxy.rowCount()):
            source = self.proxy.mapToSource(self.proxy.index(row, 0)).row()
            lines.append(self.figures.line(source))
        text = "\n".join(lines) + "\n"
        QApplication.clipboard().setText(text)
        return text

    def as_table(self, name: str) -> Table:
        """All rows in the order shown, with their values as they are."""
        order = [
            self.proxy.mapToSource(self.proxy.index(row, 0)).row()
            for row in range(self.proxy.rowCount())
        ]
        header = tuple(column.title for column in self.figures.columns)
        return Table(name, header, [self.figures.rows[place].values for place in order])

    def restyle(self) -> None:
        """Sizes and type of the theme in force."""
        self.setFont(theme.tabular(theme.body_font(theme.manager().scale)))
        self.verticalHeader().setMinimumSectionSize(theme.px(ROW_PX))
        self.verticalHeader().setDefaultSectionSize(theme.px(ROW_PX))
        self.horizontalHeader().setFixedHeight(theme.px(HEADER_PX))
        self.setMinimumHeight(theme.px(HEADER_PX + 2 * ROW_PX))
        self._fit_columns()

    def _fit_columns(self) -> None:
        """Figures as wide as they need; the names share what is left."""
        columns, metrics = self.figures.columns, self.fontMetrics()
        if not columns:
            return
        pad, arrow = 2 * theme.px(_PAD_PX), metrics.horizontalAdvance("▾ ")
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

    def _open_current(self) -> None:
        if self.currentIndex().isValid():
            self.row_opened.emit(self.subject_of(self.currentIndex().row()))

    def _on_current_row_changed(self) -> None:
        if not self._setting and self.currentIndex().isValid():
            self.row_chosen.emit(self.subject_of(self.currentIndex().row()))

    def _on_menu_requested(self, at: QPoint) -> None:
        index = self.indexAt(at)
        self._show_menu(index.column() if index.isValid() else -1, self.viewport().mapToGlobal(at))

    def _on_header_menu_requested(self, at: QPoint) -> None:
        header = self.horizontalHeader()
        self._show_menu(header.logicalIndexAt(at), header.mapToGlobal(at))

    def _show_menu(self, section: int, where: QPoint) -> None:
        menu = QMenu(self)
        copied = menu.addAction("Copy", QKeySequence(QKeySequence.StandardKey.Copy), self.copy)
        save = QKeySequence(QKeySequence.StandardKey.Save)
        saved = menu.addAction("Save as a table…", save, lambda: self.save_requested.emit())
        for action in (copied, saved):
            action.setEnabled(self.proxy.rowCount() > 0)
        if 0 <= section < len(self.figures.columns):
            key = self.figures.columns[section].key
            menu.addAction(QUESTION, lambda: self.explanation_requested.emit(key, where))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(where)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            event.accept()
        elif event.matches(QKeySequence.StandardKey.Save):
            self.save_requested.emit()
            event.accept()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open_current()
            event.accept()
        elif event.text() == "/":
            event.ignore()
        else:
            super().keyPressEvent(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.proxy.rowCount() == 0:
            text = "Nothing found" if self.figures.rows else self._empty_text
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().placeholderText().color())
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, text)
