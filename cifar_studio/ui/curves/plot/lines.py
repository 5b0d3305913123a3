"""The lines and points of one run in one plot.

Batch traces are solid lines of one pixel; dashes and markers are for the few points of epochs.
Long dashed lines, and antialiased ones of two pixels, take pyqtgraph many times as long.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsPathItem

from cifar_studio.ui.curves.data.run_colours import RunStyle
from cifar_studio.ui.curves.data.run_data import RunData
from cifar_studio.ui.curves.data.series import Smoother, thin
from cifar_studio.ui.curves.plot.measures import QUICK_TEST, Measure, colour_of, pen
from cifar_studio.ui.plots.value_axis import nice_step
from cifar_studio.ui.widgets import theme

THICK_UNTIL = 200  # points of an epoch series that is drawn two pixels wide
SMOOTH_EDGES_UNTIL = 2000  # points of a line that is drawn antialiased
MARKER_GAP_PX = 12
_PALE = 0.45
_PALE_DENSE = 0.35
_PALER = 0.22
_BAND = 0.18


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
    """Graphics items of one run in one plot, made once and given new points at each redraw.

    Parameters
    ----------
    plot : pg.PlotItem
    run : RunData
    measures : tuple of Measure
    style : RunStyle
    """

    def __init__(
        self, plot: pg.PlotItem, run: RunData, measures: tuple[Measure, ...], style: RunStyle
    ) -> None:
        self.run = run
        self.measures = measures
        self.style = style
        self._plot = plot
        self._lines: dict[tuple[str, str], pg.PlotCurveItem] = {}
        self._points: dict[tuple[str, str], pg.ScatterPlotItem] = {}
        self._bands: dict[str, QGraphicsPathItem] = {}
        self._smoothers: dict[tuple[str, str], Smoother] = {}
        self._drawn: dict[tuple[str, str], np.ndarray] = {}
        self._states: dict[tuple[str, str], object] = {}
        self._smoothing = 0.0

    def remove(self) -> None:
        """Take all items out of the plot."""
        for item in (*self._lines.values(), *self._points.values(), *self._bands.values()):
            self._plot.removeItem(item)

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
        if self._smoothing != window.smoothing:
            self._smoothing = window.smoothing
            self._smoothers.clear()
        for measure in self.measures:
            self._draw_batches(measure, window)
            if not self._is_current("epochs", measure, len(self.run.rows), window):
                self._draw_epochs(measure, window)
            self._draw_quick_tests(measure, window)

    def _is_current(self, part: str, measure: Measure, points: int, window: Window) -> bool:
        """Whether so many points were drawn like this last time; now they are."""
        key = (part, measure.column)
        state = (points, window, theme.current(), theme.manager().scale)
        before, self._states[key] = self._states.get(key), state
        return before == state

    def _draw_batches(self, measure: Measure, window: Window) -> None:
        points = self.run.batches(measure.column)
        if points is None:
            return
        colour = self._colour(measure)
        x, y = points
        shown = window.traces and measure.column not in window.hidden and len(x) > 0
        dense = np.searchsorted(x, window.high) - np.searchsorted(x, window.low) > window.width_px
        alpha = _PALER if window.smoothing else _PALE_DENSE if dense else _PALE
        self._line("batches", measure, shown, x, y, window, pen(colour, 1.0, alpha=alpha), 1)
        smooth = shown and window.smoothing > 0
        if smooth:
            y = self._smooth("batches", measure, x, y, window)
        line = pen(colour, 1.0, alpha=0.7)
        self._line("batches smoothed", measure, smooth, x, y, window, line, 2)

    def _draw_epochs(self, measure: Measure, window: Window) -> None:
        x, y = self.run.epochs(measure.column)
        colour = self._colour(measure)
        shown = measure.column not in window.hidden and bool(np.isfinite(y).any())
        smooth = shown and window.smoothing > 0
        raw = pen(colour, 1.0, alpha=0.35)
        self._line("epochs raw", measure, smooth, x, y, window, raw, 3)
        if smooth:
            y = self._smooth("epochs", measure, x, y, window)
        visible = np.count_nonzero((x >= window.low) & (x <= window.high))
        if visible <= THICK_UNTIL:
            line = pen(colour, theme.px(2), measure.dash, ratio=window.ratio)
        else:
            line = pen(colour, 1.0, measure.dash)
        self._line("epochs", measure, shown, x, y, window, line, 5)
        self._draw_band(measure, shown, x, y, window)
        self._mark_epochs(measure, shown, x, y, window)

    def _draw_band(
        self, measure: Measure, shown: bool, x: np.ndarray, y: np.ndarray, window: Window
    ) -> None:
        deviation = self.run.deviation(measure.column)
        if deviation is None:
            return
        if measure.column not in self._bands:
            band = QGraphicsPathItem()
            band.setPen(Qt.PenStyle.NoPen)
            band.setZValue(0)
            self._plot.addItem(band, ignoreBounds=True)
            self._bands[measure.column] = band
        band = self._bands[measure.column]
        band.setVisible(shown)
        if not shown:
            return
        low, high = _scaled(y - deviation, window), _scaled(y + deviation, window)
        known = np.isfinite(low) & np.isfinite(high)
        x, low, high = x[known], low[known], high[known]
        # Of the library's FillBetweenItem each update takes many times as long.
        around_x, around_y = np.concatenate([x, x[::-1]]), np.concatenate([high, low[::-1]])
        band.setPath(pg.arrayToQPath(around_x, around_y))
        shade = self._colour(measure)
        shade.setAlphaF(_BAND)
        band.setBrush(shade)

    def _mark_epochs(
        self, measure: Measure, shown: bool, x: np.ndarray, y: np.ndarray, window: Window
    ) -> None:
        """A symbol each epoch, or each 2nd, 5th, 10th ... where they would crowd; and the last."""
        colour = self._colour(measure)
        if shown:
            gap = theme.px(MARKER_GAP_PX)
            most = max(int(window.width_px / gap), 1)
            stride = max(round(nice_step(window.high - window.low, most)), 1)
            epoch = np.ceil(x)
            keep = (x >= window.low) & (x <= window.high) & (epoch % stride == 0)
            if measure.split == "training":
                keep &= len(x) == 1
            else:
                keep[-1:] = window.low <= x[-1] <= window.high
            x, y = x[keep], _scaled(y[keep], window)
        item = self._scatter("epochs", measure, 6)
        item.setVisible(shown)
        if shown:
            item.setData(
                x=x,
                y=y,
                symbol=measure.marker,
                size=theme.px(9 if measure.marker == "+" else 6),
                pen=pen(colour, 1.0),
                brush=colour,
            )

    def _draw_quick_tests(self, measure: Measure, window: Window) -> None:
        points = self.run.quick_tests(measure.column)
        if points is None:
            return
        x, y = points
        if self._is_current(QUICK_TEST, measure, len(x), window):
            return
        shown = not {measure.column, QUICK_TEST} & window.hidden and len(x) > 0
        item = self._scatter(QUICK_TEST, measure, 4)
        item.setVisible(shown)
        if not shown:
            return
        keep = (x >= window.low) & (x <= window.high)
        x, y = thin(x[keep], y[keep], window.low, window.high, max(window.width_px // 4, 1))
        colour = self._colour(measure)
        item.setData(
            x=x,
            y=_scaled(y, window),
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
        window: Window,
        line: object,
        z: int,
    ) -> None:
        key = (part, measure.column)
        if key not in self._lines:
            if not shown:
                return
            self._lines[key] = pg.PlotCurveItem(connect="finite")
            self._lines[key].setZValue(z)
            self._plot.addItem(self._lines[key], ignoreBounds=True)
        item = self._lines[key]
        item.setVisible(shown)
        if not shown:
            self._drawn.pop(key, None)
            return
        x, y = thin(x, y, window.low, window.high, max(window.width_px, 1))
        y = _scaled(y, window)
        item.setData(x, y, pen=line, antialias=len(x) <= SMOOTH_EDGES_UNTIL)
        self._drawn[key] = np.stack([x, y], axis=1)

    def _scatter(self, part: str, measure: Measure, z: int) -> pg.ScatterPlotItem:
        key = (part, measure.column)
        if key not in self._points:
            self._points[key] = pg.ScatterPlotItem(pxMode=True, antialias=True)
            self._points[key].setZValue(z)
            self._plot.addItem(self._points[key], ignoreBounds=True)
        return self._points[key]

    def _smooth(
        self, part: str, measure: Measure, x: np.ndarray, y: np.ndarray, window: Window
    ) -> np.ndarray:
        key = (part, measure.column)
        if key not in self._smoothers:
            self._smoothers[key] = Smoother(window.smoothing)
        return self._smoothers[key].follow(x, y)

    def _colour(self, measure: Measure) -> QColor:
        shade = self.style.shade
        return QColor(shade) if shade else colour_of(measure, theme.current())


def _scaled(y: np.ndarray, window: Window) -> np.ndarray:
    """Positions on the axis: powers of ten where it is logarithmic; not positive is a gap."""
    if not window.logarithmic:
        return y
    return np.log10(np.where(y > 0, y, np.nan))
