"""The table of repeated pictures, with both pictures of each pair."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyleOptionViewItem
from typing_extensions import override

from cifar_studio.ui.pictures.data.picture_set import PictureSet
from cifar_studio.ui.pictures.data.thumbnails import Thumbnails
from cifar_studio.ui.pictures.repeats.repeats_model import (
    CLASSES,
    COLUMNS,
    FIRST,
    KIND,
    NEAR,
    REFERENCE_ROLE,
    SECOND,
    Pair,
    RepeatsModel,
    RepeatsProxy,
)
from cifar_studio.ui.tables.row_delegate import RowDelegate
from cifar_studio.ui.tables.row_table import RowTable
from cifar_studio.ui.widgets import theme

THUMBNAIL_PX = 48
PAD_PX = 8
_Index = QModelIndex | QPersistentModelIndex
WIDEST = {KIND: NEAR, CLASSES: "sweet pepper / sweet pepper"}


class PairDelegate(RowDelegate):
    """Paints pictures, and all else as any table does."""

    def __init__(self, thumbnails: Thumbnails, parent: RowTable) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
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
        self.filter = RepeatsProxy(self.repeats)
        self._thumbnails = Thumbnails()
        super().__init__(self.repeats, self.filter, "Repeated pictures", "No such pair")
        self.setItemDelegate(PairDelegate(self._thumbnails, self))
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.doubleClicked.connect(self._on_double_clicked)
        theme.manager().changed.connect(self.restyle)
        self.restyle()

    def show_set(self, pictures: PictureSet) -> None:
        """Whose pairs are shown from now on; none yet."""
        self._thumbnails.show(pictures)
        self.repeats.pictures = pictures
        self.show_pairs([])

    def show_pairs(self, pairs: list[Pair]) -> None:
        self.repeats.show_pairs(pairs)
        self._fit_columns()

    @override
    def restyle(self) -> None:
        super().restyle()
        height = theme.px(THUMBNAIL_PX + PAD_PX)
        self.verticalHeader().setMinimumSectionSize(height)
        self.verticalHeader().setDefaultSectionSize(height)

    @override
    def _fit_columns(self) -> None:
        metrics, pad = self.fontMetrics(), 2 * theme.px(PAD_PX)
        widths = []
        for place, column in enumerate(COLUMNS):
            texts = (WIDEST.get(place, ""), f"▾ {column.title}")
            least = theme.px(THUMBNAIL_PX) if place in (FIRST, SECOND) else 0
            widths.append(max(least, *map(metrics.horizontalAdvance, texts)) + pad)
        widths[-1] = max(self.viewport().width() - sum(widths[:-1]), widths[-1])
        for place, width in enumerate(widths):
            self.horizontalHeader().resizeSection(place, width)

    def _on_double_clicked(self, index: QModelIndex) -> None:
        pair = self.repeats.pairs[self.source_row(index.row())]
        self.pair_opened.emit(pair.first, pair.second)
