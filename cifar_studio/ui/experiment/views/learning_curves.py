"""The metric of all trials by epoch.

A thousand curves are a handful of items: their points stand in one array, with a gap after each.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor
from typing_extensions import override

from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.ui.experiment import words
from cifar_studio.ui.experiment.data import ExperimentData
from cifar_studio.ui.experiment.marks import Marks
from cifar_studio.ui.experiment.scales import figure_range
from cifar_studio.ui.experiment.views.trial_plot import REACH_PX, TrialPlot
from cifar_studio.ui.experiment.views.trial_view import TrialView
from cifar_studio.ui.plots import pg
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.layouts import NO_MARGINS, STRETCH, column, grow, row

LEGEND = "─ finished or running   ─ pale: pruned, failed or outside   ━ best   ━ chosen"
MOST_POINTS = 30_000
"""Of all curves together; of more each curve keeps one point in two, three ..., and its last."""
SMOOTH_UNTIL = 4000
Curve = tuple[np.ndarray, np.ndarray]


class LearningCurvesView(TrialView):
    """One line a training."""

    KEY = "curves"
    TITLE = "Learning curves"
    TIP = "All trials by epoch: pruned ones pale, the best and the chosen one strong"

    def __init__(self) -> None:
        super().__init__()
        self.title = basics.label("", "small")
        self.legend = basics.label("", "small")
        self.plot = TrialPlot("Metric of all trials by epoch", "Epoch", self._find)
        self._items = {
            name: self.plot.add(pg.PlotCurveItem(connect="finite"), z)
            for z, name in enumerate(("pale", "plain", "best", "chosen"))
        }
        self._known: dict[str, tuple[tuple[EpochRow, ...], str, int, Curve]] = {}
        self._x = self._y = np.empty(0)
        self._owners = np.empty(0, dtype=int)
        top = row(self.title, STRETCH, self.legend, spacing=4)
        column(top, grow(self.plot), parent=self, margins=NO_MARGINS, spacing=1)
        self.plot.pointed.connect(self.point_at)
        self.plot.clicked.connect(self.trial_chosen)
        self.plot.apply_theme()

    @override
    @classmethod
    def suits(cls, data: ExperimentData) -> bool:
        return True

    @override
    def _draw(self, data: ExperimentData, marks: Marks) -> None:
        waits = "" if data.is_whole else " · reading…"
        self.title.setText(f"{words.figure_title(data.figure_name)}{waits}")
        curves = self._curves(data)
        inside = dict(zip((trial.number for trial in data.trials), marks.within(data), strict=True))
        best = data.best.number if data.best is not None else 0
        groups: dict[str, list[Curve]] = {name: [] for name in self._items}
        for number, curve in curves:
            state = data.by_number[number].state
            is_pale = state in ("pruned", "failed") or not inside[number]
            groups["pale" if is_pale else "plain"].append(curve)
            if number == best:
                groups["best"].append(curve)
            if number == marks.chosen:
                groups["chosen"].append(curve)
        self._x, self._y = _joined([curve for _, curve in curves])
        lengths = [len(curve[0]) + 1 for _, curve in curves]
        self._owners = np.repeat(np.array([n for n, _ in curves], dtype=int), lengths)
        self._set_range(data)
        self._set_items(groups, len(curves))

    def _curves(self, data: ExperimentData) -> list[tuple[int, Curve]]:
        """Number and points of each training, thinned where there are many."""
        name, stride = data.figure_name, 1
        total = sum(map(len, data.rows.values()))
        while total > stride * MOST_POINTS:  # seldom another one, so that curves seldom change
            stride *= 2
        found = []
        for run, rows in data.rows.items():
            trial = data.by_run.get(run)
            if trial is None or not rows:
                continue
            known = self._known.get(run)
            if known is None or known[0] is not rows or known[1:3] != (name, stride):
                values = np.array([getattr(row, name) for row in rows], dtype=float)
                known = self._known[run] = (rows, name, stride, _thinned(values, stride))
            found.append((trial.number, known[3]))
        return found

    def _set_range(self, data: ExperimentData) -> None:
        epochs = float(np.nanmax(self._x, initial=1.0)) if len(self._x) else 1.0
        epochs = max(epochs, min(float(data.experiment.config.epochs), 2 * epochs), 2.0)
        finite = self._y[np.isfinite(self._y)]
        if len(finite) and data.figure_name == "val_loss":
            finite = finite[finite <= np.quantile(finite, 0.98)]  # what diverges stretches nothing
        self.plot.set_range((0.0, 1.02 * epochs), figure_range(finite))

    def _set_items(self, groups: dict[str, list[Curve]], count: int) -> None:
        colours = theme.current()
        strength = {"pale": 0.5, "plain": 0.7 if count <= 40 else 0.4 if count <= 300 else 0.25}
        pens = {"pale": colours.disabled, "plain": colours.loss}
        for name in ("pale", "plain"):
            colour = QColor(pens[name])
            colour.setAlphaF(strength[name])
            x, y = _joined(groups[name])
            is_smooth = len(x) <= SMOOTH_UNTIL
            self._items[name].setData(x, y, pen=pg.mkPen(colour, width=1), antialias=is_smooth)
        width = theme.px(2) * self.devicePixelRatioF()
        for name, strong in (("best", colours.top1), ("chosen", colours.text)):
            x, y = _joined(groups[name])
            pen = pg.mkPen(strong, width=width)
            self._items[name].setData(x, y, pen=pen, antialias=len(x) <= SMOOTH_UNTIL)
        self._say_legend()

    def _say_legend(self) -> None:
        colours = theme.current()
        entries = (
            (colours.loss, "─", "finished or running"),
            (colours.disabled, "─", "pruned, failed, outside limits"),
            (colours.top1, "━", "best"),
            (colours.text, "━", "chosen"),
        )
        text = " &nbsp; ".join(
            f'<span style="color:{colour}">{line}</span> {name}' for colour, line, name in entries
        )
        self.legend.setTextFormat(self.legend.textFormat().RichText)
        self.legend.setText(text)

    def _find(self, at: QPointF) -> int | None:
        """The curve that passes nearest above or below a point."""
        if len(self._x) < 2:
            return None
        x, y = self.plot.to_pixels(self._x, self._y)
        across = np.flatnonzero((x[:-1] <= at.x()) & (x[1:] > at.x()))
        if not len(across):
            across = np.flatnonzero(np.abs(x - at.x()) <= theme.px(REACH_PX))
            heights = y[across]
        else:
            share = (at.x() - x[across]) / np.maximum(x[across + 1] - x[across], 1e-9)
            heights = y[across] + share * (y[across + 1] - y[across])
        away = np.where(np.isfinite(heights), np.abs(heights - at.y()), np.inf)
        if not len(away) or away.min() > theme.px(REACH_PX):
            return None
        return int(self._owners[across[int(np.argmin(away))]])

    @override
    def restyle(self) -> None:
        self.plot.apply_theme()
        super().restyle()


def _thinned(y: np.ndarray, stride: int) -> Curve:
    places = np.arange(len(y))
    if stride > 1:
        places = np.unique(np.concatenate([places[::stride], places[-1:]]))
    return places + 1.0, y[places]


def _joined(curves: list[Curve]) -> Curve:
    """All points in one line, with a gap after each curve."""
    if not curves:
        return np.empty(0), np.empty(0)
    gap = np.array([np.nan])
    x, y = (np.concatenate([part for c in curves for part in (c[axis], gap)]) for axis in (0, 1))
    return x, y
