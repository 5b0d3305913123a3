"""The crosshair of a plot with its rings and the card of values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtGui import QColor

from cifar_studio.ui.curves.data.run_data import RunData
from cifar_studio.ui.curves.plot.legend import Sample
from cifar_studio.ui.curves.plot.lines import Dot, RunLines
from cifar_studio.ui.curves.plot.measures import SOLID, PanelName, format_value, pen, short_title_of
from cifar_studio.ui.curves.plot.plot import MeasurePlot, points_item
from cifar_studio.ui.curves.plot.readout import Line, ReadoutCard
from cifar_studio.ui.plots import pg
from cifar_studio.ui.widgets import theme

_MOST_LINES = 12
_HEAVY = 1000  # a value under the crosshair weighs as many points of a line


class Inspector:
    """Shows all values of a plot at one epoch; `widest` keeps the card's width."""

    def __init__(self, plot: MeasurePlot, panel: PanelName, widest: str) -> None:
        self._plot = plot
        self._panel: PanelName = panel
        self.card = ReadoutCard(plot, widest)
        self._line = plot.add(pg.InfiniteLine(angle=90), 8)
        self._rings = plot.add(points_item(), 9)
        self.hide()

    def hide(self) -> None:
        self._line.setVisible(False)
        self._rings.setVisible(False)
        self.card.hide()
        self._plot.setAccessibleDescription("")

    def show(
        self,
        epoch: int,
        runs: Sequence[RunLines],
        hidden: frozenset[str],
        obstacles: np.ndarray,
        *,
        with_rate: bool = False,
    ) -> None:
        """Stand at an epoch; in the one under way, at the place that training has reached.

        `with_rate` names the learning rate too, where there is one run.
        """
        run = runs[0].run
        logarithmic = self._plot.left_axis.logarithmic
        dots = [dot for drawn in runs for dot in drawn.dots(epoch, hidden, logarithmic)]
        longest = max(drawn.run.position for drawn in runs)
        position = min(float(epoch), longest)
        self._draw(position, dots)
        area = self._plot.area()
        at = float(self._plot.to_pixels(np.array([[position, 0.0]]))[0, 0])
        if not area.left() - 1 <= at <= area.right() + 1:
            self.card.hide()
            return
        places = np.array([[dot.x, dot.y] for dot in dots]).reshape(-1, 2)
        pixels = np.repeat(self._plot.to_pixels(places), _HEAVY, axis=0)
        title, note = _title(epoch, run, several=len(runs) > 1, with_rate=with_rate)
        points = np.concatenate([obstacles, pixels])
        self.card.show_values(title, note, self._values(epoch, runs, hidden), at, area, points)
        self._plot.setAccessibleDescription(self.card.spoken())

    def _draw(self, position: float, dots: Sequence[Dot]) -> None:
        colours = theme.current()
        self._line.setVisible(True)
        self._line.setPen(
            pen(QColor(colours.text), 1.0, SOLID, 0.55, self._plot.devicePixelRatioF())
        )
        self._line.setValue(position)
        self._rings.setVisible(True)
        self._rings.setData(
            x=[dot.x for dot in dots],
            y=[dot.y for dot in dots],
            symbol="o",
            size=theme.px(9),
            pen=[pg.mkPen(dot.colour, width=theme.px(2)) for dot in dots],
            brush=QColor(colours.surface),
        )

    def _values(
        self, epoch: int, runs: Sequence[RunLines], hidden: frozenset[str]
    ) -> tuple[Line, ...]:
        lines = []
        for drawn in runs:
            for measure in drawn.measures:
                value = drawn.run.at(epoch, measure.column)
                if measure.column in hidden or (value is None and len(runs) > 1):
                    continue
                title = short_title_of(measure, drawn.run)
                if drawn.style.letter:
                    title = f"{drawn.style.letter}  {title}"
                sample = Sample.of(measure, drawn.style.shade or measure.colour)
                lines.append(Line(sample, title, format_value(self._panel, value)))
        return tuple(lines[:_MOST_LINES])


def _title(epoch: int, run: RunData, *, several: bool, with_rate: bool) -> tuple[str, str]:
    """The heading of the card, and what is to be said of the epoch."""
    if several:
        return f"Epoch {epoch}", ""
    row = run.row(epoch)
    notes = []
    if epoch == run.best_epoch:
        notes.append(f"★ {run.chosen_by}")
        if run.config.locks_test_set and row is not None and row.test_top1 is not None:
            notes.append(f"test top-1 {row.test_top1:.2f} %")
    if run.stop is not None and epoch == run.stop.epoch:
        notes.append("stopped early")
    if with_rate and row is not None:
        notes.append(f"learning rate {row.learning_rate:.4g}")
    return (f"Epoch {epoch}" if row is not None else f"Epoch {epoch}, so far"), " · ".join(notes)
