"""The small card beside the crosshair with the values at its epoch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from cifar_studio.ui.curves.plot.legend import Sample
from cifar_studio.ui.curves.plot.placement import Box, most_free
from cifar_studio.ui.widgets import theme

_SAMPLE_PX = 20
_ROW_PX = 18
_PAD_PX = 8


@dataclass(frozen=True)
class Line:
    """One value in the card."""

    sample: Sample
    title: str
    value: str


class ReadoutCard(QWidget):
    """Lies over a plot, beside the crosshair, and lets the mouse through."""

    def __init__(self, parent: QWidget, widest: str) -> None:
        super().__init__(parent)
        self.title = ""
        self.note = ""
        self.lines: tuple[Line, ...] = ()
        self._widest = widest
        self._place: int | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def show_values(
        self,
        title: str,
        note: str,
        lines: tuple[Line, ...],
        at: float,
        area: QRectF,
        points: np.ndarray,
    ) -> None:
        """Show values beside the pixel column `at`, where fewest points are covered."""
        self.title, self.note, self.lines = title, note, lines
        size = self.sizeHint()
        gap = theme.px(12)
        sides = (at + gap, at - gap - size.width())
        edge = theme.px(6)
        top, bottom = area.top() + edge, area.bottom() - edge - size.height()
        tops = [top + part * (bottom - top) for part in (0.0, 1.0, 0.25, 0.5, 0.75)]
        boxes: list[Box] = [
            (x, top, size.width(), size.height())
            for top in tops
            for x in sides
            if area.left() <= x and x + size.width() <= area.right()
        ]
        if not boxes:
            x = min(max(sides[0], area.left()), area.right() - size.width())
            boxes = [(x, tops[0], size.width(), size.height())]
        self._place = most_free(boxes, points, self._place)
        x, top, _, _ = boxes[self._place]
        self.setGeometry(round(x), round(top), size.width(), size.height())
        self.show()
        self.raise_()
        self.update()

    def spoken(self) -> str:
        """The card in words, for a screen reader."""
        return (
            " ".join(filter(None, (self.title, self.note)))
            + ": "
            + ", ".join(f"{line.title} {line.value}" for line in self.lines)
        )

    @override
    def sizeHint(self) -> QSize:
        text, figures, bold = self._fonts()
        names = max(
            (QFontMetrics(text).horizontalAdvance(line.title) for line in self.lines), default=0
        )
        row = theme.px(_SAMPLE_PX) + theme.px(8) + names + theme.px(16)
        row += QFontMetrics(figures).horizontalAdvance(self._widest)
        notes = QFontMetrics(text).horizontalAdvance(self.note)
        width = max(row, QFontMetrics(bold).horizontalAdvance(self.title), notes)
        rows = len(self.lines) + 1 + bool(self.note)
        return QSize(width + 2 * theme.px(_PAD_PX), rows * theme.px(_ROW_PX) + theme.px(_PAD_PX))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(colours.raised)
        ground.setAlphaF(0.96)
        painter.setPen(QColor(colours.border))
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        text, figures, bold = self._fonts()
        pad, height = theme.px(_PAD_PX), theme.px(_ROW_PX)
        inner = QRectF(pad, pad / 2, self.width() - 2 * pad, height)
        painter.setFont(bold)
        painter.setPen(QColor(colours.text))
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, self.title)
        if self.note:
            inner.translate(0, height)
            painter.setFont(text)
            painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, self.note)
        sample = theme.px(_SAMPLE_PX)
        for line in self.lines:
            inner.translate(0, height)
            line.sample.paint(painter, QRectF(inner.left(), inner.top(), sample, height))
            painter.setFont(text)
            painter.setPen(QColor(colours.muted))
            names = inner.adjusted(sample + theme.px(8), 0, 0, 0)
            painter.drawText(names, Qt.AlignmentFlag.AlignVCenter, line.title)
            painter.setFont(figures)
            painter.setPen(QColor(colours.text))
            right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(inner, right, line.value)

    def _fonts(self) -> tuple[QFont, QFont, QFont]:
        text = QFont(self.font())
        text.setPixelSize(theme.px(theme.AXIS_PX))
        bold = theme.tabular(text)
        bold.setWeight(QFont.Weight.DemiBold)
        return text, theme.tabular(text), bold
