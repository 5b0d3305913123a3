"""Axes with few, round ticks and a width that does not change with its numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont
from typing_extensions import override

from cifar_studio.ui.plots import pg
from cifar_studio.ui.widgets import theme

LEFT_PX = 40
RIGHT_PX = 56
BOTTOM_PX = 36


class ValueAxis(pg.AxisItem):
    """An axis with one level of ticks.

    Parameters
    ----------
    orientation : str
        "left", "right" or "bottom".
    label : str
        Shown beside a bottom or right axis.
    """

    def __init__(self, orientation: str, label: str = "") -> None:
        super().__init__(orientation, maxTickLength=0)
        self._logarithmic = False
        self._text = label
        self.enableAutoSIPrefix(False)
        self.setStyle(
            tickAlpha=255,
            autoExpandTextSpace=False,
            autoReduceTextSpace=False,
        )

    @property
    def logarithmic(self) -> bool:
        """Whether positions are powers of ten."""
        return self._logarithmic

    def set_logarithmic(self, logarithmic: bool) -> None:
        if logarithmic != self._logarithmic:
            self._logarithmic = logarithmic
            self.picture = None
            self.update()

    def apply_theme(self) -> None:
        """Colours, type and sizes of the theme in force."""
        colours = theme.current()
        font = QFont(theme.tabular(theme.body_font(theme.manager().scale)))
        font.setPixelSize(theme.px(theme.AXIS_PX))
        self.setTickFont(font)
        self.setPen(colours.border)
        self.setTickPen(colours.grid)
        self.setTextPen(colours.muted)
        self.setZValue(-1000)  # the grid lies behind the curves
        if self.orientation != "right":
            self.setGrid(255)
        if self.orientation == "left":
            self.setStyle(tickTextOffset=theme.px(6))
            self.setWidth(theme.px(LEFT_PX))
            return
        self.setStyle(tickTextOffset=theme.px(4))
        if self.orientation == "right":
            self.setWidth(theme.px(RIGHT_PX))
        else:
            self.setHeight(theme.px(BOTTOM_PX))
        self.setLabel(
            self._text, **{"color": colours.muted, "font-size": f"{theme.px(theme.AXIS_PX)}px"}
        )

    @override
    def boundingRect(self) -> QRectF:
        room = theme.px(20)  # for the numbers at both ends of the axis
        rect: QRectF = super().boundingRect()
        if self.orientation != "bottom":
            return rect.adjusted(0, -room, 0, room)
        return rect.adjusted(-room, 0, room, 0)

    @override
    def tickValues(
        self, minVal: float, maxVal: float, size: float
    ) -> list[tuple[float, Sequence[float]]]:
        room, limit = (48, 10) if self.orientation == "bottom" else (40, 6)
        most = min(max(int(size / theme.px(room)), 2), limit)
        if self._logarithmic:
            return [(1.0, logarithmic_ticks(minVal, maxVal, most))]
        step = nice_step(maxVal - minVal, most)
        first = math.ceil(minVal / step - 1e-9)
        last = math.floor(maxVal / step + 1e-9)
        return [(step, [index * step for index in range(first, last + 1)])]

    @override
    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        if self._logarithmic:
            return [f"{10.0**value:.4g}" for value in values]
        if self.orientation == "right":  # of rates, which may be small
            return [f"{value:.4g}" for value in values]
        decimals = max(0, -math.floor(math.log10(spacing) + 1e-9)) if spacing > 0 else 0
        return [f"{value:,.{decimals}f}" for value in values]


def logarithmic_ticks(low: float, high: float, most: int) -> list[float]:
    """Powers of ten of round values: 1-2-5 in each decade, or even steps in less than one."""
    if high - low < 0.7:
        bottom, top = 10.0**low, 10.0**high
        step = nice_step(top - bottom, most)
        values = np.arange(math.ceil(bottom / step - 1e-9), math.floor(top / step + 1e-9) + 1)
        return [math.log10(value * step) for value in values if value > 0]
    decades = range(math.floor(low), math.ceil(high) + 1)
    for multiples in ((1, 2, 3, 5), (1, 2, 5), (1,)):
        ticks = [decade + math.log10(m) for decade in decades for m in multiples]
        ticks = [tick for tick in ticks if low - 1e-9 <= tick <= high + 1e-9]
        if len(ticks) <= most:
            return ticks
    return ticks[:: -(-len(ticks) // most)]


def nice_step(span: float, most: int) -> float:
    """The smallest of 1, 2, 5 times a power of ten that cuts `span` into at most `most` parts."""
    rough = max(span, 1e-12) / max(most, 1)
    power = 10.0 ** np.floor(np.log10(rough))
    return float(next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= rough * 0.999999))
