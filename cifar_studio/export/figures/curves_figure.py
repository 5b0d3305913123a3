"""Loss and accuracy against the epoch, as the report's Figures 2 to 7 show them.

One run: colour is the measure. Several: colour is the run; in either case the line style is the
split, so that nothing is told by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cifar_studio.config.report import ReportResult
from cifar_studio.export.figures.figure_file import figure_file
from cifar_studio.export.figures.page import LINE, MUTED, Caption, Page, Size, legend_above
from cifar_studio.runs.folder.early_stopping import Stop
from cifar_studio.runs.folder.epochs import EpochRow

Panel = Literal["loss", "accuracy"]
Panels = Literal["both", "loss", "accuracy"]
DEFAULT_IN: dict[Panels, tuple[float, float]] = {
    "both": (10.0, 4.4),
    "loss": (5.5, 4.4),
    "accuracy": (5.5, 4.4),
}
CHANCE_LOSS = math.log(100)
RUN_COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#A2508A",
    "#7A6A00",
    "#2A2A7C",
    "#B3261E",
    "#5B5B56",
)
_NAME_ROWS = 8
_BESIDE_NAME_M = 5  # letters as wide as a legend's line and the distances around it
_SHORT_WORDS = 20
_MARKED_UNTIL = 100
_BOX = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
_Dash = Literal["-"] | tuple[float, tuple[float, ...]]
_DASHED: _Dash = (0, (5, 3))
_DASH_DOTTED: _Dash = (0, (7, 2.5, 1.5, 2.5))
_DOTTED: _Dash = (0, (1, 2.5))


@dataclass(frozen=True, eq=False)
class Curves:
    """What is drawn of a run, or of the mean of several seeds.

    Attributes
    ----------
    title : str
        In the legend, where there are several.
    rows : sequence of E EpochRow
    epochs : int
        Planned; the axis ends there, or later where more were run.
    training : str
        What sets training figures apart, such as "training (while learning, augmented)".
    best_epoch : int or None
        Marked where there is one run.
    chosen_by : str
        How it was chosen, such as "best on test (selected)".
    deviations : mapping of column to (E,) float64
        Half the widths of bands.
    locks_test_set : bool
        Whether the test set was looked at once at most, so that there is no curve of it.
    stop : Stop or None
        An early end, marked where there is one run.
    """

    title: str
    rows: Sequence[EpochRow]
    epochs: int
    training: str = "training (while learning)"
    best_epoch: int | None = None
    chosen_by: str = ""
    deviations: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    locks_test_set: bool = False
    stop: Stop | None = None

    def values(self, column: str) -> NDArray[np.float64]:
        """(E,): NaN where a figure is missing."""
        found = (getattr(row, column) for row in self.rows)
        return np.array([math.nan if value is None else value for value in found], dtype=float)

    def places(self, column: str) -> NDArray[np.float64]:
        """(E,): training figures are means over their epoch and stand in its middle."""
        ends = np.array([row.epoch for row in self.rows], dtype=float)
        return ends - 0.5 if column.startswith("train_") else ends


class _Measure(NamedTuple):
    column: str
    title: str
    colour: str
    dash: _Dash
    marker: str


_MEASURES: dict[Panel, tuple[_Measure, ...]] = {
    "loss": (
        _Measure("test_loss", "test", "#0072B2", "-", "o"),
        _Measure("val_loss", "validation", "#0072B2", _DASH_DOTTED, "^"),
        _Measure("train_loss", "", "#0072B2", _DASHED, ""),
    ),
    "accuracy": (
        _Measure("test_top1", "top-1", "#D55E00", "-", "o"),
        _Measure("test_top5", "top-5", "#009E73", "-", "s"),
        _Measure("val_top1", "validation top-1", "#D55E00", _DASH_DOTTED, "^"),
        _Measure("train_top1", "", "#D55E00", _DASHED, ""),
    ),
}
_PRINTED: dict[Panel, dict[str, str]] = {  # columns of the report
    "loss": {"min_test_loss": "report min {:g}"},
    "accuracy": {
        "max_test_top1": "report max {:g} top-1",
        "max_test_top5": "report max {:g} top-5",
    },
}
_CHANCE: dict[Panel, tuple[float, ...]] = {"loss": (CHANCE_LOSS,), "accuracy": (1.0, 5.0)}


def save_curves(
    path: Path,
    curves: Sequence[Curves],
    caption: Caption,
    size: Size | None = None,
    *,
    panels: Panels = "both",
    report: ReportResult | None = None,
) -> None:
    """Write the curves of one or several runs.

    Parameters
    ----------
    path : Path
        .png, .svg or .pdf.
    curves : sequence of Curves
        Colours repeat after eight. Without any epoch the axes are drawn empty.
    caption : Caption
    size : Size, optional
    panels : str
    report : ReportResult, optional
        Its maxima and minimum are drawn as labelled lines.

    Raises
    ------
    BadInputError
        Another suffix, or the place cannot be written.
    """
    with figure_file(path, size, DEFAULT_IN[panels], caption) as page:
        draw_curves(page, curves, panels, report)


def draw_curves(
    page: Page,
    curves: Sequence[Curves],
    panels: Panels = "both",
    report: ReportResult | None = None,
) -> None:
    """Draw on a page what `save_curves` writes."""
    colours = [RUN_COLOURS[place % len(RUN_COLOURS)] for place in range(len(curves))]
    if len(curves) > 1:
        _name_runs(page, curves, colours)
    shown: tuple[Panel, ...] = ("loss", "accuracy") if panels == "both" else (panels,)
    for axes, panel in zip(page.body.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        entries = [_draw_measure(axes, measure, curves, colours) for measure in _MEASURES[panel]]
        _limit_axes(axes, panel, curves)
        levels = _draw_levels(axes, panel, curves, report, 0.8 * page.unit)
        # Columns are filled one after the other: long words stand together, or two would be wide.
        handles = [entry for entry in (*entries, *levels) if entry is not None]
        handles.sort(key=lambda handle: len(str(handle.get_label())) > _SHORT_WORDS)
        legend_above(axes, handles, columns=2)


def _name_runs(page: Page, curves: Sequence[Curves], colours: Sequence[str]) -> None:
    """Name the runs above the panels, in as many columns as the widest name lets stand."""
    beside = page.width_of("m" * _BESIDE_NAME_M)
    titles = [page.shortened(one.title, page.width - beside) for one in curves]
    columns = int(page.width / (beside + max(map(page.width_of, titles))))
    columns = max(1, columns, math.ceil(len(curves) / _NAME_ROWS))
    titles = [page.shortened(title, page.width / columns - beside) for title in titles]
    dashes = [Line2D([], [], color=colour) for colour in colours]
    page.body.legend(dashes, titles, loc="outside upper left", ncols=columns)


def _draw_measure(
    axes: Axes, measure: _Measure, curves: Sequence[Curves], colours: Sequence[str]
) -> Line2D | None:
    """Draw a measure of all runs that have it; returns its entry in the legend, if any has."""
    several = len(curves) > 1
    look: dict[str, Any] = {"linestyle": measure.dash, "zorder": 3}
    entry = None
    for one, colour_of_run in zip(curves, colours, strict=True):
        x, y = one.places(measure.column), one.values(measure.column)
        is_locked = one.locks_test_set and measure.column.startswith("test_")
        if is_locked or not np.isfinite(y).any():
            continue
        colour = colour_of_run if several else measure.colour
        marker = measure.marker if len(x) <= _MARKED_UNTIL else ""
        marks: dict[str, Any] = {"marker": marker or "." * (len(x) == 1)}
        axes.plot(x, y, color=colour, markevery=max(1, len(x) // 20), **marks, **look)
        deviation = one.deviations.get(measure.column)
        if deviation is not None:
            band: dict[str, Any] = {"color": colour, "alpha": 0.18, "linewidth": 0, "zorder": 2}
            axes.fill_between(x, y - deviation, y + deviation, **band)
        words = measure.title or (Curves.training if several else one.training)
        entry = Line2D([], [], color=colour, marker=measure.marker, label=words, **look)
    if entry is not None and several:
        entry.set_color(MUTED)
    return entry


def _limit_axes(axes: Axes, panel: Panel, curves: Sequence[Curves]) -> None:
    end = max([1, *(max([one.epochs, *(row.epoch for row in one.rows)]) for one in curves)])
    axes.set(xlim=(0, 1.01 * end), xlabel="epoch")  # a marker at the end stays whole
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10], integer=True))
    if panel == "accuracy":
        axes.set(ylim=(0, 100), yticks=range(0, 101, 20), ylabel="accuracy, %")
    else:
        losses = [one.values(measure.column) for measure in _MEASURES["loss"] for one in curves]
        known = [loss for values in losses for loss in values[np.isfinite(values)]]
        top = min(max([CHANCE_LOSS, *known]), 2.5 * CHANCE_LOSS)
        axes.set(ylim=(0, 1.06 * top), ylabel="cross-entropy, nats")
        axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.grid()


def _draw_levels(
    axes: Axes, panel: Panel, curves: Sequence[Curves], report: ReportResult | None, thin: float
) -> list[Line2D]:
    """Chance, one run's best epoch and early end, returned for the legend; the report's values."""
    look: dict[str, Any] = {"linewidth": thin, "zorder": 1}
    named = []
    if len(curves) == 1 and curves[0].best_epoch is not None:
        named.append(axes.axvline(curves[0].best_epoch, color=LINE, linestyle=_DASHED, **look))
        named[0].set_label(f"epoch {curves[0].best_epoch}, {curves[0].chosen_by}")
    if len(curves) == 1 and (stop := curves[0].stop) is not None:
        named.append(axes.axvline(stop.epoch, color=MUTED, linestyle=_DOTTED, **look))
        named[-1].set_label("stopped early")
    look["color"] = MUTED
    chance = [axes.axhline(level, linestyle=_DOTTED, **look) for level in _CHANCE[panel]]
    chance[0].set_label("chance")
    for column, words in _PRINTED[panel].items() if report else ():
        level = getattr(report, column)
        axes.axhline(level, linestyle=(0, (9, 3)), **look)
        place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "bottom"}
        axes.text(0.01, level, words.format(level), color=MUTED, bbox=_BOX, zorder=4, **place)
    return [*named, chance[0]]
