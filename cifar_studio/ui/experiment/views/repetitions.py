"""Runs that repeat one question, folds or seeds: their mean by epoch, and their figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsPathItem, QWidget
from typing_extensions import override

from cifar_studio.errors import BadInputError
from cifar_studio.runs.analysis.folds import FIGURES, FoldsSummary, summarize_folds
from cifar_studio.runs.analysis.seeds import mean_curves
from cifar_studio.runs.analysis.statistics import spread
from cifar_studio.runs.analysis.summary import summarize
from cifar_studio.runs.folder.library import Run
from cifar_studio.ui.experiment import words
from cifar_studio.ui.experiment.data import ExperimentData
from cifar_studio.ui.experiment.marks import Marks
from cifar_studio.ui.experiment.scales import figure_range
from cifar_studio.ui.experiment.views.trial_plot import TrialPlot
from cifar_studio.ui.experiment.views.trial_view import TrialView
from cifar_studio.ui.plots import pg
from cifar_studio.ui.tables.figure_model import Column, Row
from cifar_studio.ui.tables.figure_table import FigureTable
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.explanation import explain
from cifar_studio.ui.widgets.layouts import NO_MARGINS, Placed, column, grow, row

NONE_YET = "Mean and spread stand here when the first run has finished"
BAND = 0.2
TABLE_PX = 640
EXPLANATIONS: dict[str, tuple[str, str]] = {
    "part": (
        "Rows",
        "One a finished run, then their mean and standard deviation (n - 1). Folds share most of "
        "their training pictures, so the standard error of their mean is corrected after Nadeau "
        "and Bengio (2003): the variance times 1/k + n_test/n_train.",
    ),
    "top1": ("Top-1", "Per cent of pictures answered rightly, at each run's best epoch."),
    "top5": ("Top-5", "Per cent of pictures whose class is among the five likeliest, likewise."),
    "loss": ("Loss", "Mean cross-entropy in nats, at each run's best epoch."),
    "best_epoch": ("Best epoch", "Chosen on validation where there is one, else on test."),
    "epochs_to_convergence": (
        "Converged",
        "The first epoch whose loss, averaged with the two before, is within 1 % of its minimum.",
    ),
}


class RepetitionsView(TrialView):
    """Left the mean with a band of one standard deviation, right the table."""

    KEY = "band"
    TITLE = "Mean and spread"
    TIP = "Mean learning curve with a band of one standard deviation, and the figures of each run"

    def __init__(self) -> None:
        super().__init__()
        self.title = basics.ElidedLabel("", "small")
        self.note = basics.text("", "small")
        self.plot = TrialPlot("Mean of the runs by epoch", "Epoch", self._find)
        self._band = self.plot.add(QGraphicsPathItem(), 0)
        self._singles = self.plot.add(pg.PlotCurveItem(connect="finite"), 1)
        self._mean = self.plot.add(pg.PlotCurveItem(connect="finite"), 2)
        self.table = FigureTable("Figures of each run, with their mean and deviation", NONE_YET)
        self.table.setSortingEnabled(False)  # the mean stays below what it is of
        self._epochs = self._means = self._deviations = np.empty(0)
        left = column(self.title, grow(self.plot), spacing=1)
        self._right = QWidget()
        column(grow(self.table), self.note, parent=self._right, margins=NO_MARGINS, spacing=1)
        parts = Placed(left, 1), Placed(self._right, 2)
        row(*parts, parent=self, margins=NO_MARGINS, spacing=4)
        self._right.setMaximumWidth(theme.px(TABLE_PX))
        self.table.row_chosen.connect(self._on_row_chosen)
        self.table.save_requested.connect(lambda: self.save_requested.emit(self.KEY))
        self.table.explanation_requested.connect(
            lambda key, at: explain(key, at, self, EXPLANATIONS)
        )
        self.plot.apply_theme()

    @override
    @classmethod
    def suits(cls, data: ExperimentData) -> bool:
        kind = data.experiment.kind
        return kind in ("folds", "seeds") or (kind == "search" and data.experiment.parts != (0,))

    @override
    def _draw(self, data: ExperimentData, marks: Marks) -> None:
        self._draw_band(data)
        has_folds = data.experiment.kind != "seeds"
        self.note.setText("")
        rows: list[Row] = []
        columns: Sequence[Column] = ()
        if data.members and has_folds:
            try:
                found = summarize_folds(data.members)
            except BadInputError as error:
                self.note.setText(str(error))
            else:
                columns, rows = _of_folds(data, found)
                self.note.setText(" · ".join((_said(found), *found.left_out)))
        elif data.members:
            columns, rows = _of_seeds(data)
        self.note.setVisible(bool(self.note.text()))
        self.table.set_rows(columns, rows)

    def _draw_band(self, data: ExperimentData) -> None:
        name, runs = data.figure_name, data.members
        title = words.FIGURE_TITLES[name]
        winner = ""
        if data.experiment.kind == "search" and data.best is not None:
            winner = f" of trial {data.best.number}, the best"
        self.title.setText(f"Mean {title}{winner}, n = {len(runs)}; band: one standard deviation")
        curves = mean_curves(runs)
        x = np.array([r.epoch for r in curves.rows], dtype=float)
        y = np.array([getattr(r, name) for r in curves.rows], dtype=float)
        deviations = np.asarray(curves.deviations[name])
        self._epochs, self._means, self._deviations = x, y, deviations
        colours = theme.current()
        strong, pale = QColor(colours.loss), QColor(colours.loss)
        width = theme.px(2) * self.devicePixelRatioF()
        self._mean.setData(x, y, pen=pg.mkPen(strong, width=width), antialias=len(x) < 2000)
        known = np.isfinite(y) & np.isfinite(deviations)
        low, high = (y - deviations)[known], (y + deviations)[known]
        around_x = np.concatenate([x[known], x[known][::-1]])
        self._band.setPath(pg.arrayToQPath(around_x, np.concatenate([high, low[::-1]])))
        pale.setAlphaF(BAND)
        self._band.setBrush(pale)
        self._band.setPen(Qt.PenStyle.NoPen)
        self._draw_singles(runs, name)
        ends = np.concatenate([y, low, high])
        self.plot.set_range((0.0, 1.02 * max(float(x.max(initial=2.0)), 2.0)), figure_range(ends))

    def _draw_singles(self, runs: Sequence[Run], name: str) -> None:
        x = [e for run in runs for e in (*(float(r.epoch) for r in run.rows), math.nan)]
        y = [v for run in runs for v in (*(getattr(r, name) for r in run.rows), math.nan)]
        colour = QColor(theme.current().loss)
        colour.setAlphaF(0.35)
        pen = pg.mkPen(colour, width=1)
        is_smooth = len(x) < 4000
        points = np.array(x, dtype=float), np.array(y, dtype=float)
        self._singles.setData(*points, pen=pen, antialias=is_smooth)

    def _find(self, at: QPointF) -> int | None:
        """No trial stands for a mean; its values are told all the same."""
        if not len(self._epochs):
            return None
        across, _ = self.plot.to_pixels(self._epochs, self._means)
        place = int(np.argmin(np.abs(across - at.x())))
        self.plot.setToolTip(self._said_at(place))
        return None

    def _said_at(self, place: int) -> str:
        name = self.data.figure_name if self.data is not None else ""
        mean, deviation = float(self._means[place]), float(self._deviations[place])
        said = f"Epoch {self._epochs[place]:.0f}: {words.figure(mean, name)}"
        return f"{said} ± {words.figure(deviation, name)}" if math.isfinite(deviation) else said

    @override
    def point_at(self, number: int | None, at: QPoint) -> None:
        """The plot has a tooltip of its own."""

    def _on_row_chosen(self, subject: tuple[int, ...]) -> None:
        if subject:
            self.trial_chosen.emit(subject[0])

    @override
    def restyle(self) -> None:
        self.plot.apply_theme()
        self.table.restyle()
        self._right.setMaximumWidth(theme.px(TABLE_PX))
        super().restyle()


def _of_folds(data: ExperimentData, found: FoldsSummary) -> tuple[list[Column], list[Row]]:
    names = list(FIGURES)
    columns = _columns("Fold", "val")
    lines = [
        Row(
            (str(line.fold), *(_cell(getattr(line, name)) for name in names)),
            _subject(data, line.run),
        )
        for line in found.rows
    ]
    spreads = [found.figures[name].spread for name in names]
    errors = [found.figures[name].standard_error for name in names]
    lines.append(Row(("Mean", *(_known(one.mean) for one in spreads)), ()))
    lines.append(Row(("Deviation", *(_known(one.standard_deviation) for one in spreads)), ()))
    lines.append(Row(("Std. error", *map(_known, errors)), ()))
    return columns, lines


def _of_seeds(data: ExperimentData) -> tuple[list[Column], list[Row]]:
    bests = [(run, run.best) for run in data.members]
    is_tested = all(best is not None and best.test_top1 is not None for _, best in bests)
    split = "test" if is_tested else "val"
    figures = []
    for run, best in bests:
        at_best = [getattr(best, f"{split}_{name}", None) for name in ("top1", "top5", "loss")]
        epoch = best.epoch if best is not None else None
        figures.append([*at_best, epoch, summarize(run.rows).epochs_to_convergence])
    lines = [
        Row((str(run.config.seed), *map(_cell, values)), _subject(data, run.path.name))
        for run, values in zip(data.members, figures, strict=True)
    ]
    spreads = [spread(values) for values in zip(*figures, strict=True)]
    lines.append(Row(("Mean", *(_known(one.mean) for one in spreads)), ()))
    lines.append(Row(("Deviation", *(_known(one.standard_deviation) for one in spreads)), ()))
    return _columns("Seed", split), lines


def _columns(first: str, split: str) -> list[Column]:
    which = "Test" if split == "test" else "Val."
    few = "Fewer than two runs have it"
    return [
        Column(first, "part"),
        Column(f"{which} top-1, %", "top1", "{:.2f}", few),
        Column("Top-5, %", "top5", "{:.2f}", few),
        Column("Loss", "loss", "{:.4f}", few),
        Column("Best epoch", "best_epoch", "{:.1f}", few),
        Column("Converged", "epochs_to_convergence", "{:.1f}", few),
    ]


def _subject(data: ExperimentData, run: str) -> tuple[int, ...]:
    trial = data.by_run.get(run)
    return (trial.number,) if trial is not None else ()


def _said(found: FoldsSummary) -> str:
    top1 = found.figures["val_top1"]
    if top1.low is None or top1.high is None:
        return f"{found.n} of {found.k} folds"
    interval = f"{top1.low:.2f} to {top1.high:.2f} %"
    return f"{found.n} of {found.k} folds · 95 % interval of top-1: {interval}"


def _cell(value: float | None) -> str | float:
    """An epoch is a whole number, though means of epochs are none."""
    return str(value) if isinstance(value, int) else _known(value)


def _known(value: float | None) -> float:
    return math.nan if value is None else float(value)
