"""Paints the cells of a table in line with their headings."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from cifar_studio.ui.widgets import theme

PAD_PX = 8
_Index = QModelIndex | QPersistentModelIndex


class RowDelegate(QStyledItemDelegate):
    """Text with the heading's own room at both sides.

    A model may give it a background, a colour and a font.
    """

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        colours, pad = theme.current(), theme.px(PAD_PX)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        ground = index.data(Qt.ItemDataRole.BackgroundRole)
        if selected:
            painter.fillRect(option.rect, QColor(colours.accent))
        elif ground is not None:
            painter.fillRect(option.rect, ground)
        colour = index.data(Qt.ItemDataRole.ForegroundRole) or colours.text
        painter.setPen(QColor(colours.on_accent if selected else colour))
        painter.setFont(index.data(Qt.ItemDataRole.FontRole) or option.font)
        inside = option.rect.adjusted(pad, 0, -pad, 0)
        text = index.data(Qt.ItemDataRole.DisplayRole)
        elide = Qt.TextElideMode.ElideRight
        shown = painter.fontMetrics().elidedText(text, elide, inside.width())
        painter.drawText(inside, index.data(Qt.ItemDataRole.TextAlignmentRole), shown)
