"""Paints a row of the comparison: the figure, and the report's value and the difference below."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from cifar_studio.ui.compare.columns import COLUMNS, RUN
from cifar_studio.ui.compare.lines import Line
from cifar_studio.ui.compare.model import BELOW_ROLE, LINE_ROLE
from cifar_studio.ui.tables.row_delegate import PAD_PX
from cifar_studio.ui.widgets import theme

TOP_PX, LINE_PX, BELOW_PX = 6, 18, 16
ROW_PX = 2 * TOP_PX + LINE_PX + 3 * BELOW_PX
REPORT = ("report", "difference")


class CompareDelegate(QStyledItemDelegate):
    """A large line and small ones below it, and a hairline under each row."""

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        colours = theme.current()
        line: Line = index.data(LINE_ROLE)
        is_run = COLUMNS[index.column()] is RUN
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.fillRect(option.rect, QColor(colours.accent))
        pad = theme.px(PAD_PX)
        inside = option.rect.adjusted(pad, theme.px(TOP_PX), -pad, 0)
        text, muted = colours.text, colours.muted
        if selected:
            text = muted = colours.on_accent
        side = int(index.data(Qt.ItemDataRole.TextAlignmentRole)) & ~int(
            Qt.AlignmentFlag.AlignVertical_Mask
        )
        shown = str(index.data(Qt.ItemDataRole.DisplayRole))
        if is_run and line.star:
            shown = f"★ {shown}"
        top = QRect(inside.left(), inside.top(), inside.width(), theme.px(LINE_PX))
        self._write(painter, top, shown, option.font, text, side)
        small = QFont(option.font)
        small.setPixelSize(theme.px(theme.AXIS_PX))
        labels: tuple[str, ...] = ()
        if is_run and line.compares:
            # What the small lines of the other columns are, at the right of the first one.
            labels = REPORT
            right = int(Qt.AlignmentFlag.AlignRight)
            self._write_below(painter, top, labels, small, muted, right)
        self._write_below(painter, top, index.data(BELOW_ROLE), small, muted, side, labels)
        painter.setPen(QPen(QColor(colours.grid), 1))
        painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())

    def _write_below(
        self,
        painter: QPainter,
        top: QRect,
        lines: Sequence[str],
        font: QFont,
        colour: str,
        side: int,
        labels: Sequence[str] = (),
    ) -> None:
        """Small lines; where a label stands at the right of one, it ends before that."""
        height = theme.px(BELOW_PX)
        at = QRect(top.left(), top.bottom() + 1, top.width(), height)
        taken = [QFontMetrics(font).horizontalAdvance(f"{label}  ") for label in labels]
        for words, width in itertools.zip_longest(lines, taken[: len(lines)], fillvalue=0):
            room = at.adjusted(0, 0, -int(width), 0)
            self._write(painter, room, str(words), font, colour, side)
            at.translate(0, height)

    def _write(
        self, painter: QPainter, at: QRect, text: str, font: QFont, colour: str, side: int
    ) -> None:
        painter.setFont(font)
        painter.setPen(QColor(colour))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, at.width())
        painter.drawText(at, side | int(Qt.AlignmentFlag.AlignVCenter), shown)
