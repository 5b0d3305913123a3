"""The learning rate of each run as a thin line, on the right axis of a plot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtGui import QColor

from cifar_studio.ui.curves.data.series import thin
from cifar_studio.ui.curves.plot.lines import RunLines
from cifar_studio.ui.curves.plot.measures import pen
from cifar_studio.ui.curves.plot.plot import MeasurePlot
from cifar_studio.ui.plots import pg
from cifar_studio.ui.widgets import theme

_ROOM = 1.08  # above the highest rate, which else would lie on the frame


class RateLines:
    """Lines from 0 at the bottom of the plot to the highest rate near its top.

    They are scaled into the range in force, so that zooming the loss leaves them readable.
    """

    def __init__(self, plot: MeasurePlot) -> None:
        self._plot = plot
        self._lines: list[pg.PlotCurveItem] = []
        self._top = 0.0

    def show_axis(self, runs: Sequence[RunLines]) -> None:
        """Have the right axis reach the highest rate of these runs; without any it is hidden."""
        rates = np.concatenate([np.zeros(1), *(_rates(run)[1] for run in runs)])
        self._top = _ROOM * float(rates[np.isfinite(rates)].max())
        self._plot.set_right_top(self._top)

    def draw(self, runs: Sequence[RunLines], low: float, high: float) -> None:
        """Draw the rates of these runs between two epochs."""
        while len(self._lines) < len(runs):
            line = pg.PlotCurveItem(connect="finite")
            self._lines.append(self._plot.add(line, 1))
        for line in self._lines[len(runs) if self._top else 0 :]:
            line.setVisible(False)
        if not self._top:
            return
        bottom, ceiling = self._plot.value_range()
        width = max(round(self._plot.area().width()), 1)
        for run, line in zip(runs, self._lines, strict=False):
            x, y = thin(*_rates(run), low, high, width)
            colour = QColor(run.style.shade or theme.current().muted)
            line.setData(x, bottom + y / self._top * (ceiling - bottom), pen=pen(colour, 1.0))
            line.setVisible(True)


def _rates(drawn: RunLines) -> tuple[np.ndarray, np.ndarray]:
    return drawn.run.epochs("learning_rate")
