"""The lines and points of one run in one plot.

Batch traces are solid lines of one pixel; dashes and markers are for the few points of epochs.
Long dashed lines, and antialiased ones of two pixels, take pyqtgraph many times as long.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor

from cifar_studio.ui.curves.data.run_data import RunData
from cifar_studio.ui.curves.data.series import Smoother, thin
from cifar_studio.ui.curves.plot.band import Band
from cifar_studio.ui.curves.plot.measures import QUICK_TEST, Measure, colour_of, pen
from cifar_studio.ui.plots.value_axis import nice_step
from cifar_studio.ui.widgets import theme

THICK_UNTIL = 200  # points of an epoch series that is drawn two pixels wide
SMOOTH_EDGES_UNTIL = 2000  # points of a line that is drawn antialiased
MARKER_GAP_PX = 12
_PALE = 0.45
_PALE_DENSE = 0.35
_PALER = 0.22


@dataclass(frozen=True)
class Window:
    """What part of the data is looked at, and how.

    Attributes
    ----------
    low, high : float
        In epochs.
    width_px : int
    logarithmic : bool
    smoothing : float
        Scale of the exponential mean in epochs; 0 is off.
    hidden : frozenset of str
        Columns that the person switched off.
    colour : str or None
        The run's own colour, where several runs share the plot.
    traces : bool
        Whether points between batches are drawn.
    ratio : float
        Pixels of the screen to one of the window.
    """

    low: float
    high: float
    width_px: int
    logarithmic: bool
    smoothing: float
    hidden: frozenset[str]
    colour: str | None
    traces: bool
    ratio: float


@dataclass
class _Smoothed:
    """A smoothed line that grows with its raw one."""

    smoother: Smoother
    values: np.ndarray = field(default_factory=lambda: np.empty(0))

    def follow(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        done = len(self.values)
        if len(x) > done:
            self.values = np.concatenate([self.values, self.smoother.extend(x[done:], y[done:])])
        return self.values


class RunLines:
    """Graphics items of one run in one plot, made once and given new points at each redraw.

    Parameters
    ----------
    plot : pg.PlotItem
    run : RunData
    measures : tuple of Measure
    """

    def __init__(self, plot: pg.PlotItem, run: RunData, measures: tuple[Measure, ...]) -> None:
        self.run = run
        self.measures = measures
        self._plot = plot
        self._lines: dict[tuple[str, str], pg.PlotCurveItem] = {}
        self._points: dict[tuple[str, str], pg.ScatterPlotItem] = {}
        self._bands: dict[str, Band] = {}
        self._smoothed: dict[tuple[str, str], _Smoothed] = {}
        self._drawn: dict[tuple[str, str], np.ndarray] = {}
        self._epochs_drawn: dict[str, object] = {}
        self._quick_tests_drawn: dict[str, object] = {}
        self._window: Window | None = None

    def remove(self) -> None:
        """Take all items out of the plot."""
        for item in (*self._lines.values(), *self._points.values(), *self._bands.values()):
            self._plot.removeItem(item)

    def drawn_lines(self) -> list[np.ndarray]:
        """(N, 2) positions of each line that is drawn, for placing labels beside it."""
        return list(self._drawn.values())

    def draw(self, window: Window) -> None:
        """Give every item the points of the window."""
        if self._window is not None and self._window.smoothing != window.smoothing:
            self._smoothed.clear()
        self._window = window
        for measure in self.measures:
            self._draw_batches(measure, window)
            state = (len(self.run.rows), window, theme.current(), theme.manager().scale)
            if self._epochs_drawn.get(measure.column) != state:
                self._epochs_drawn[measure.column] = state
                self._draw_epochs(measure, window)
            self._draw_quick_tests(measure, window)

    def _draw_batches(self, measure: Measure, window: Window) -> None:
        points = self.run.batches(measure.column)
        if points is None:
            return
        colour = self._colour(measure, window)
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
        colour = self._colour(measure, window)
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
            self._bands[measure.column] = Band()
            self._bands[measure.column].setZValue(0)
            self._plot.addItem(self._bands[measure.column], ignoreBounds=True)
        band = self._bands[measure.column]
        band.setVisible(shown)
        if shown:
            low, high = _scaled(y - deviation, window), _scaled(y + deviation, window)
            band.show_between(x, low, high, self._colour(measure, window))

    def _mark_epochs(
        self, measure: Measure, shown: bool, x: np.ndarray, y: np.ndarray, window: Window
    ) -> None:
        """A symbol each epoch, or each 2nd, 5th, 10th ... where they would crowd; and the last."""
        colour = self._colour(measure, window)
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
        state = (len(x), window, theme.current(), theme.manager().scale)
        if self._quick_tests_drawn.get(measure.column) == state:
            return
        self._quick_tests_drawn[measure.column] = state
        shown = not {measure.column, QUICK_TEST} & window.hidden and len(x) > 0
        item = self._scatter(QUICK_TEST, measure, 4)
        item.setVisible(shown)
        if not shown:
            return
        keep = (x >= window.low) & (x <= window.high)
        x, y = thin(x[keep], y[keep], window.low, window.high, max(window.width_px // 4, 1))
        colour = self._colour(measure, window)
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
        if key not in self._smoothed:
            self._smoothed[key] = _Smoothed(Smoother(window.smoothing))
        return self._smoothed[key].follow(x, y)

    def _colour(self, measure: Measure, window: Window) -> QColor:
        return QColor(window.colour) if window.colour else colour_of(measure, theme.current())


def _scaled(y: np.ndarray, window: Window) -> np.ndarray:
    """Positions on the axis: powers of ten where it is logarithmic; not positive is a gap."""
    if not window.logarithmic:
        return y
    return np.log10(np.where(y > 0, y, np.nan))
