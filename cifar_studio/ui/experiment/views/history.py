"""The figure of each trial in the order of planning, and the best so far."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF
from typing_extensions import override

from cifar_studio.ui.experiment.data import ExperimentData
from cifar_studio.ui.experiment.marks import Marks
from cifar_studio.ui.experiment.scales import FIGURE, scale_of
from cifar_studio.ui.experiment.views.trial_dots import TrialDots
from cifar_studio.ui.experiment.views.trial_plot import TrialPlot
from cifar_studio.ui.experiment.views.trial_view import TrialView
from cifar_studio.ui.plots import pg
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.layouts import NO_MARGINS, STRETCH, column, grow, row

LEGEND = "● finished   ○ pruned or running, best so far   × failed   ★ best   ─ best until then"
STEPS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)


class HistoryView(TrialView):
    """Points by trial number, and a step line."""

    KEY = "history"
    TITLE = "History"
    TIP = "The figure of each trial by its number, and the best until then"

    def __init__(self) -> None:
        super().__init__()
        self.title = basics.label("", "small")
        self.legend = basics.ElidedLabel(LEGEND, "small")
        self.plot = TrialPlot("Figure of each trial by its number", "Trial", self._find)
        self._line = self.plot.add(pg.PlotCurveItem(connect="finite"), 10)
        self._failed = self.plot.add(pg.ScatterPlotItem(pxMode=True, antialias=True), 3)
        self.dots = TrialDots(self.plot)
        top = row(self.title, STRETCH, self.legend, spacing=4)
        column(top, grow(self.plot), parent=self, margins=NO_MARGINS, spacing=1)
        self.plot.pointed.connect(self.point_at)
        self.plot.clicked.connect(self.trial_chosen)
        self.plot.apply_theme()

    @override
    @classmethod
    def suits(cls, data: ExperimentData) -> bool:
        return data.experiment.kind == "search"

    @override
    def _draw(self, data: ExperimentData, marks: Marks) -> None:
        scale = scale_of(data, FIGURE)
        self.title.setText(scale.title)
        numbers = data.numbers.astype(float)
        planned = max(data.experiment.trial_count or 0, int(numbers.max(initial=0)), 1)
        right = next((step for step in STEPS if step >= planned), planned)
        self.plot.set_range((0.5, min(right, max(planned, 10)) + 0.5), (scale.low, scale.high))
        self.dots.draw(data, numbers, scale.positions(data), marks.within(data), marks.chosen)
        best = np.array([math.nan if v is None else v for v in data.best_so_far], dtype=float)
        x, y = np.repeat(numbers, 2)[1:], np.repeat(best, 2)[:-1]
        colours = theme.current()
        self._line.setData(x, y, pen=pg.mkPen(colours.top1, width=1), antialias=False)
        failed = np.array([trial.state == "failed" for trial in data.trials], dtype=bool)
        low = scale.low + 0.03 * (scale.high - scale.low)
        pen = pg.mkPen(colours.error, width=1)
        x = numbers[failed]
        y = np.full(len(x), low)
        self._failed.setData(x=x, y=y, symbol="x", size=theme.px(7), pen=pen, brush=colours.error)

    def _find(self, at: QPointF) -> int | None:
        return self.dots.find(at)

    @override
    def restyle(self) -> None:
        self.plot.apply_theme()
        super().restyle()
