"""The table of repeated pictures, with both pictures of each pair."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyleOptionViewItem
from typing_extensions import override

from cifar_studio.ui.pictures.data.picture_set import PictureSet
from cifar_studio.ui.pictures.data.thumbnails import Thumbnails
from cifar_studio.ui.pictures.repeats.repeats_model import (
    COLUMNS,
    FIRST,
    REFERENCE_ROLE,
    SECOND,
    TABLE_HEADER,
    Pair,
    RepeatsModel,
    RepeatsProxy,
)
from cifar_studio.ui.tables.row_delegate import RowDelegate
from cifar_studio.ui.tables.row_table import RowTable
from cifar_studio.ui.tables.table import Table
from cifar_studio.ui.widgets import theme

THUMBNAIL_PX = 48
PAD_PX = 8


class PairDelegate(RowDelegate):
    """Paints pictures, and all else as any table does."""

    def __init__(self, thumbnails: Thumbnails, parent: RowTable) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        reference = index.data(REFERENCE_ROLE)
        if reference is None:
            super().paint(painter, option, index)
            return
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(theme.current().accent))
        ratio = painter.device().devicePixelRatio()
        size = theme.px(THUMBNAIL_PX)
        (pixmap,) = self._thumbnails.pixmaps(np.array([reference], dtype=np.int32), size, ratio)
        left = option.rect.left() + theme.px(PAD_PX)
        top = option.rect.top() + (option.rect.height() - size) // 2
        painter.drawPixmap(left, top, pixmap)


class RepeatsTable(RowTable):
    """Pairs to sort and copy.

    Signals
    -------
    pair_opened(int, int)
        References of the pair of a row, by Enter or a double click.
    """

    pair_opened = Signal(int, int)

    def __init__(self) -> None:
        self.repeats = RepeatsModel()
        self.asked = RepeatsProxy(self.repeats)
        self._thumbnails = Thumbnails()
        super().__init__(self.repeats, self.asked, "Repeated pictures", "No such pair")
        self.setItemDelegate(PairDelegate(self._thumbnails, self))
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.doubleClicked.connect(lambda _: self._open_current())
        theme.manager().changed.connect(self.restyle)
        self.restyle()

    def show_pairs(self, pictures: PictureSet | None, pairs: list[Pair]) -> None:
        self._thumbnails.show(pictures)
        self.repeats.show(pictures, pairs)
        self._fit_columns()

    @override
    def restyle(self) -> None:
        super().restyle()
        height = theme.px(THUMBNAIL_PX + PAD_PX)
        self.verticalHeader().setMinimumSectionSize(height)
        self.verticalHeader().setDefaultSectionSize(height)

    @override
    def as_text(self, rows: list[int]) -> str:
        lines = [self.repeats.line(self.source_row(row)) for row in rows]
        return "\n".join(("\t".join(TABLE_HEADER), *lines)) + "\n"

    @override
    def as_table(self, name: str) -> Table:
        rows = range(self.asked.rowCount())
        cells = [self.repeats.values(self.source_row(row)) for row in rows]
        return Table(name, TABLE_HEADER, cells)

    @override
    def _fit_columns(self) -> None:
        metrics, pad = self.fontMetrics(), 2 * theme.px(PAD_PX)
        widths = []
        for place, column in enumerate(COLUMNS):
            texts = {FIRST: "", SECOND: "", 2: "nearly the same", 4: "sweet pepper / sweet pepper"}
            text = texts.get(place, f"▾ {column.title}")
            least = theme.px(THUMBNAIL_PX) if place in (FIRST, SECOND) else 0
            wanted = max(metrics.horizontalAdvance(t) for t in (text, f"▾ {column.title}"))
            widths.append(max(least, wanted) + pad)
        widths[-1] = max(self.viewport().width() - sum(widths[:-1]), widths[-1])
        for place, width in enumerate(widths):
            self.horizontalHeader().resizeSection(place, width)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open_current()
            event.accept()
        else:
            super().keyPressEvent(event)

    def _open_current(self) -> None:
        if self.currentIndex().isValid():
            pair = self.repeats.pairs[self.source_row(self.currentIndex().row())]
            self.pair_opened.emit(pair.first, pair.second)
