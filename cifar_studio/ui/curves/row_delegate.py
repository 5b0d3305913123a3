"""Paints the figures of the epoch table in line with their headings."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from cifar_studio.ui import theme

PAD_PX = 8


class FigureDelegate(QStyledItemDelegate):
    """Right-aligned text with the heading's own room at its right."""

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        colours = theme.current()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        marked = index.data(Qt.ItemDataRole.BackgroundRole)
        rect = option.rect
        if selected:
            painter.fillRect(rect, QColor(colours.accent))
        elif marked is not None:
            painter.fillRect(rect, marked)
        painter.setPen(QColor(colours.on_accent if selected else colours.text))
        painter.setFont(option.font)
        inside = rect.adjusted(theme.px(4), 0, -theme.px(PAD_PX), 0)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(inside, right, index.data(Qt.ItemDataRole.DisplayRole))
