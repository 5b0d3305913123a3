"""The lines and points of one run in one plot.

Batch traces are solid lines of one pixel; dashes and markers are for the few points of epochs.
Long dashed lines, and antialiased ones of two pixels, take pyqtgraph many times as long.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QGraphicsPathItem

from cifar_studio.ui.curves.data.run_colours import RunStyle
from cifar_studio.ui.curves.data.run_data import RunData
from cifar_studio.ui.curves.data.series import Smoother, thin
from cifar_studio.ui.curves.plot.measures import DASHED, QUICK_TEST, Measure, colour_of, pen
from cifar_studio.ui.curves.plot.plot import MeasurePlot, points_item
from cifar_studio.ui.plots import pg
from cifar_studio.ui.plots.value_axis import nice_step
from cifar_studio.ui.widgets import theme

THICK_UNTIL = 200  # points of an epoch series that is drawn two pixels wide
SMOOTH_EDGES_UNTIL = 2000  # points of a line that is drawn antialiased
MARKER_GAP_PX = 12
_PALE = 0.45
_PALE_DENSE = 0.35
_PALER = 0.22
_BAND = 0.18
_REFERENCE = 0.6


@dataclass(frozen=True)
class Window:
    """What part of the data is drawn, and how."""

    low: float  # in epochs
    high: float
    width_px: int
    logarithmic: bool
    smoothing: float  # scale of the exponential mean in epochs; 0 is off
    hidden: frozenset[str]  # columns that are switched off
    traces: bool  # whether points between batches are drawn
    ratio: float  # pixels of the screen to one of the window


@dataclass(frozen=True)
class Dot:
    """A value at its place on the axes."""

    x: float
    y: float
    colour: str
    measure: Measure


class RunLines:
    """Graphics items of one run in one plot, made once and given new points at each redraw."""

    def __init__(
        self, plot: MeasurePlot, run: RunData, measures: tuple[Measure, ...], style: RunStyle
    ) -> None:
        self.run = run
        self.measures = measures
        self.style = style
        self._plot = plot
        self._items: dict[tuple[str, str], Any] = {}
        self._smoothers: dict[tuple[str, str], Smoother] = {}
        self._drawn: dict[tuple[str, str], np.ndarray] = {}
        self._states: dict[tuple[str, str], object] = {}
        self._window: Window
        self._smoothing = 0.0

    def remove(self) -> None:
        """Take all items out of the plot."""
        for item in self._items.values():
            self._plot.item.removeItem(item)

    def drawn_lines(self) -> list[np.ndarray]:
        """(N, 2) positions of each line that is drawn, for placing labels beside it."""
        return list(self._drawn.values())

    def dots(self, epoch: int, hidden: frozenset[str], logarithmic: bool) -> list[Dot]:
        """Where the run's curves stand at an epoch."""
        run, found = self.run, []
        for measure in self.measures:
            value = run.at(epoch, measure.column)
            if value is None or measure.column in hidden or (logarithmic and value <= 0):
                continue
            y = math.log10(value) if logarithmic else value
            if run.row(epoch) is None:
                x = run.position
            else:
                x = epoch - 0.5 if measure.split == "training" else float(epoch)
            found.append(Dot(x, y, self._colour(measure).name(), measure))
        return found

    def draw(self, window: Window) -> None:
        """Give every item the points of the window."""
        self._window = window
        if self._smoothing != window.smoothing:
            self._smoothing = window.smoothing
            self._smoothers.clear()
        for measure in self.measures:
            if self.style.is_reference:
                self._draw_reference(measure)
                continue
            self._draw_batches(measure)
            if not self._is_current("epochs", measure, len(self.run.rows)):
                self._draw_epochs(measure)
            self._draw_quick_tests(measure)

    def _is_current(self, part: str, measure: Measure, points: int) -> bool:
        """Whether so many points were drawn like this last time; now they are."""
        key = (part, measure.column)
        state = (points, self._window, theme.current(), theme.manager().scale)
        before, self._states[key] = self._states.get(key), state
        return before == state

    def _draw_reference(self, measure: Measure) -> None:
        x, y = self.run.epochs(measure.column)
        shown = measure.column not in self._window.hidden and len(x) > 0
        line = pen(self._colour(measure), 1.0, DASHED, alpha=_REFERENCE)
        self._line("reference", measure, shown, x, y, line, 0)

    def _draw_batches(self, measure: Measure) -> None:
        window, points = self._window, self.run.batches(measure.column)
        if points is None:
            return
        colour = self._colour(measure)
        x, y = points
        shown = window.traces and measure.column not in window.hidden and len(x) > 0
        dense = np.searchsorted(x, window.high) - np.searchsorted(x, window.low) > window.width_px
        alpha = _PALER if window.smoothing else _PALE_DENSE if dense else _PALE
        self._line("batches", measure, shown, x, y, pen(colour, 1.0, alpha=alpha), 1)
        smooth = shown and window.smoothing > 0
        if smooth:
            y = self._smooth("batches", measure, x, y)
        line = pen(colour, 1.0, alpha=0.7)
        self._line("batches smoothed", measure, smooth, x, y, line, 2)

    def _draw_epochs(self, measure: Measure) -> None:
        window = self._window
        x, y = self.run.epochs(measure.column)
        colour = self._colour(measure)
        shown = measure.column not in window.hidden and bool(np.isfinite(y).any())
        smooth = shown and window.smoothing > 0
        raw = pen(colour, 1.0, alpha=0.35)
        self._line("epochs raw", measure, smooth, x, y, raw, 3)
        if smooth:
            y = self._smooth("epochs", measure, x, y)
        visible = np.count_nonzero((x >= window.low) & (x <= window.high))
        if visible <= THICK_UNTIL:
            line = pen(colour, theme.px(2), measure.dash, ratio=window.ratio)
        else:
            line = pen(colour, 1.0, measure.dash)
        self._line("epochs", measure, shown, x, y, line, 5)
        self._draw_band(measure, shown, x, y)
        self._mark_epochs(measure, shown, x, y)

    def _draw_band(self, measure: Measure, shown: bool, x: np.ndarray, y: np.ndarray) -> None:
        deviation = self.run.deviation(measure.column)
        if deviation is None:
            return
        band = self._item("band", measure, QGraphicsPathItem, 0)
        band.setVisible(shown)
        if not shown:
            return
        low, high = self._scaled(y - deviation), self._scaled(y + deviation)
        known = np.isfinite(low) & np.isfinite(high)
        x, low, high = x[known], low[known], high[known]
        # Of the library's FillBetweenItem each update takes many times as long.
        around_x, around_y = np.concatenate([x, x[::-1]]), np.concatenate([high, low[::-1]])
        band.setPath(pg.arrayToQPath(around_x, around_y))
        shade = self._colour(measure)
        shade.setAlphaF(_BAND)
        band.setBrush(shade)
        band.setPen(Qt.PenStyle.NoPen)

    def _mark_epochs(self, measure: Measure, shown: bool, x: np.ndarray, y: np.ndarray) -> None:
        """A symbol each epoch, or each 2nd, 5th, 10th ... where they would crowd; and the last."""
        item = self._item("marks", measure, points_item, 6)
        item.setVisible(shown)
        if not shown:
            return
        window, colour = self._window, self._colour(measure)
        most = max(int(window.width_px / theme.px(MARKER_GAP_PX)), 1)
        stride = max(round(nice_step(window.high - window.low, most)), 1)
        keep = (x >= window.low) & (x <= window.high) & (np.ceil(x) % stride == 0)
        if measure.split == "training":
            keep &= len(x) == 1
        else:
            keep[-1:] = window.low <= x[-1] <= window.high
        item.setData(
            x=x[keep],
            y=self._scaled(y[keep]),
            symbol=measure.marker,
            size=theme.px(9 if measure.marker == "+" else 6),
            pen=pen(colour, 1.0),
            brush=colour,
        )

    def _draw_quick_tests(self, measure: Measure) -> None:
        window, points = self._window, self.run.quick_tests(measure.column)
        if points is None:
            return
        x, y = points
        if self._is_current(QUICK_TEST, measure, len(x)):
            return
        shown = not {measure.column, QUICK_TEST} & window.hidden and len(x) > 0
        item = self._item(QUICK_TEST, measure, points_item, 4)
        item.setVisible(shown)
        if not shown:
            return
        keep = (x >= window.low) & (x <= window.high)
        x, y = thin(x[keep], y[keep], window.low, window.high, max(window.width_px // 4, 1))
        colour = self._colour(measure)
        item.setData(
            x=x,
            y=self._scaled(y),
            symbol=measure.marker,
            size=theme.px(5),
            pen=pen(colour, 1.0, alpha=0.7),
            brush=QColor(theme.current().surface),
        )

    def _line(
        self,
        part: str,
        measure: Measure,
        shown: bool,
        x: np.ndarray,
        y: np.ndarray,
        line: QPen,
        z: int,
    ) -> None:
        key, window = (part, measure.column), self._window
        if not shown:
            self._drawn.pop(key, None)
            if key in self._items:
                self._items[key].setVisible(False)
            return
        item = self._item(part, measure, lambda: pg.PlotCurveItem(connect="finite"), z)
        item.setVisible(True)
        # The library's own downsampling begins its buckets wherever the view does, and shimmers.
        x, y = thin(x, y, window.low, window.high, max(window.width_px, 1))
        y = self._scaled(y)
        item.setData(x, y, pen=line, antialias=len(x) <= SMOOTH_EDGES_UNTIL)
        self._drawn[key] = np.stack([x, y], axis=1)

    def _item(self, part: str, measure: Measure, make: Callable[[], Any], z: float) -> Any:
        """The item of a part, made at its first use."""
        key = (part, measure.column)
        if key not in self._items:
            self._items[key] = self._plot.add(make(), z)
        return self._items[key]

    def _smooth(self, part: str, measure: Measure, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        key = (part, measure.column)
        if key not in self._smoothers:
            self._smoothers[key] = Smoother(self._smoothing)
        return self._smoothers[key].follow(x, y)

    def _colour(self, measure: Measure) -> QColor:
        shade = self.style.shade
        return QColor(shade) if shade else colour_of(measure, theme.current())

    def _scaled(self, y: np.ndarray) -> np.ndarray:
        """Positions on the axis: powers of ten where it is logarithmic; not positive is a gap."""
        return np.log10(np.where(y > 0, y, np.nan)) if self._window.logarithmic else y
