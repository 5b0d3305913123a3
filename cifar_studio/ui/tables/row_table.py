"""A table of rows to sort, copy and keep as a file; what its rows are is its model's business."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QHeaderView, QMenu, QTableView
from typing_extensions import override

from cifar_studio.export.tables.sheet import Cell
from cifar_studio.ui.tables.arrow_proxy import ArrowProxy
from cifar_studio.ui.tables.row_delegate import RowDelegate
from cifar_studio.ui.tables.table import Table
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.explanation import QUESTION

ROW_PX = 24
HEADER_PX = 28
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_Index = QModelIndex | QPersistentModelIndex
_Keys = QKeySequence.StandardKey


class Heading(Protocol):
    """What a table needs to know of a column: its title, and the key of its explanation."""

    @property
    def title(self) -> str: ...

    @property
    def key(self) -> str: ...


class RowModel(QAbstractTableModel):
    """A model whose rows can be written down."""

    def headings(self) -> Sequence[Heading]:
        raise NotImplementedError

    def values(self, row: int) -> Sequence[Cell]:
        """A row's values as they are."""
        raise NotImplementedError

    def line(self, row: int) -> str:
        """A row for a spreadsheet: tab-separated, written as shown, empty where undefined."""
        raise NotImplementedError

    def header(self) -> tuple[str, ...]:
        """What the values of a row are, in a file or on the clipboard."""
        return tuple(heading.title for heading in self.headings())

    def is_number(self, section: int) -> bool:
        """Whether a column holds numbers, which stand at its right."""
        raise NotImplementedError

    def alignment(self, section: int) -> int:
        return _RIGHT if self.is_number(section) else _LEFT

    @override
    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.headings())

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Vertical or section >= len(self.headings()):
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.headings()[section].title
            case Qt.ItemDataRole.TextAlignmentRole:
                return self.alignment(section)
        return None


class RowTable(QTableView):
    """Sorts by its headings; Ctrl+C copies the chosen rows, or all; Ctrl+S asks to keep them.

    Enter is a double-click on the current row; "/" is left to who has a search.

    Parameters
    ----------
    name : str
        For assistive technology.
    empty_text : str
        What stands there while there is no row.

    Signals
    -------
    save_requested()
        The table is to be kept as a file; `as_table` gives it.
    explanation_requested(str, QPoint)
        Key of the column asked about, and where on the screen.
    """

    save_requested = Signal()
    explanation_requested = Signal(str, QPoint)

    def __init__(self, model: RowModel, proxy: ArrowProxy, name: str, empty_text: str) -> None:
        super().__init__()
        self.source = model
        self.proxy = proxy
        self._empty_text = empty_text
        self._setting = False
        self.setModel(proxy)
        self.setItemDelegate(RowDelegate(self))
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
        header.setSortIndicatorClearable(True)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._on_header_menu_requested)
        self.unsort()
        self.setSortingEnabled(True)
        header.setSortIndicatorShown(False)  # the heading itself carries the arrow
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._on_menu_requested)
        self.selectionModel().currentRowChanged.connect(self._on_current_row_changed)

    def set_empty_text(self, text: str) -> None:
        """What stands there while there is no row."""
        self._empty_text = text
        self.viewport().update()

    def unsort(self) -> None:
        """Rows in the order of the model."""
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)

    def source_row(self, row: int) -> int:
        """The model's row of a row in the order shown."""
        return self.proxy.mapToSource(self.proxy.index(row, 0)).row()

    def copy(self) -> str:
        """Put the chosen rows, or all, on the clipboard as tab-separated text with a header."""
        chosen = sorted(index.row() for index in self.selectionModel().selectedRows())
        text = self.as_text(chosen or list(range(self.proxy.rowCount())))
        QApplication.clipboard().setText(text)
        return text

    def as_text(self, rows: list[int]) -> str:
        """These rows, in the order shown, as they are written."""
        lines = [self.source.line(self.source_row(row)) for row in rows]
        return "\n".join(("\t".join(self.source.header()), *lines)) + "\n"

    def as_table(self, name: str) -> Table:
        """All rows in the order shown, with their values as they are."""
        rows = [self.source_row(row) for row in range(self.proxy.rowCount())]
        return Table(name, self.source.header(), [self.source.values(row) for row in rows])

    def restyle(self) -> None:
        """Sizes and type of the theme in force."""
        self.setFont(theme.tabular(theme.body_font(theme.manager().scale)))
        self.verticalHeader().setMinimumSectionSize(theme.px(ROW_PX))
        self.verticalHeader().setDefaultSectionSize(theme.px(ROW_PX))
        self.horizontalHeader().setFixedHeight(theme.px(HEADER_PX))
        self._fit_columns()
        self.viewport().update()

    def _fit_columns(self) -> None:
        """Share the width out between the columns."""
        raise NotImplementedError

    def _on_current_row_changed(self) -> None:
        """Another row is the current one, perhaps none."""

    def _on_menu_requested(self, at: QPoint) -> None:
        index = self.indexAt(at)
        self._show_menu(index.column() if index.isValid() else -1, self.viewport().mapToGlobal(at))

    def _on_header_menu_requested(self, at: QPoint) -> None:
        header = self.horizontalHeader()
        self._show_menu(header.logicalIndexAt(at), header.mapToGlobal(at))

    def _show_menu(self, section: int, where: QPoint) -> None:
        menu = QMenu(self)
        copied = menu.addAction("Copy", QKeySequence(_Keys.Copy), self.copy)
        save = QKeySequence(_Keys.Save)
        saved = menu.addAction("Save as a table…", save, lambda: self.save_requested.emit())
        for action in (copied, saved):
            action.setEnabled(self.proxy.rowCount() > 0)
        if 0 <= section < len(self.source.headings()):
            key = self.source.headings()[section].key
            menu.addAction(QUESTION, lambda: self.explanation_requested.emit(key, where))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(where)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(_Keys.Copy):
            self.copy()
        elif event.matches(_Keys.Save):
            self.save_requested.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.currentIndex().isValid():
                self.doubleClicked.emit(self.currentIndex())
        elif event.text() == "/":
            event.ignore()
            return
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.proxy.rowCount() == 0:
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().placeholderText().color())
            area = self.viewport().rect()
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self._nothing())

    def _nothing(self) -> str:
        """Why there is no row."""
        return self._empty_text
