"""How a class and its count look in the tree."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from cifar_studio.ui.pictures.classes.class_model import COUNT
from cifar_studio.ui.widgets import theme

HEIGHT_PX = 24
PAD_PX = 8
_Index = QModelIndex | QPersistentModelIndex


class ClassDelegate(QStyledItemDelegate):
    """Paints the name, and the count muted and in figures of one width."""

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(0, theme.px(HEIGHT_PX))

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        colours = theme.current()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        is_count = index.column() == COUNT
        if selected:
            painter.fillRect(option.rect, QColor(colours.accent))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, QColor(colours.grid))
        colour = colours.muted if is_count else colours.text
        painter.setPen(QColor(colours.on_accent if selected else colour))
        painter.setFont(theme.tabular(option.font) if is_count else option.font)
        inside = option.rect.adjusted(theme.px(4), 0, -theme.px(PAD_PX if is_count else 0), 0)
        side = Qt.AlignmentFlag.AlignRight if is_count else Qt.AlignmentFlag.AlignLeft
        elide = Qt.TextElideMode.ElideRight
        text = option.fontMetrics.elidedText(str(index.data()), elide, inside.width())
        painter.drawText(inside, int(side | Qt.AlignmentFlag.AlignVCenter), text)
