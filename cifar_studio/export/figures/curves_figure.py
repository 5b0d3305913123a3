"""Loss and accuracy against the epoch, as the report's Figures 2 to 7 show them.

One run: colour is the measure. Several: colour is the run; in either case the line style is the
split, so that nothing is told by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cifar_studio.config.report import ReportResult
from cifar_studio.export.figures.figure_file import write_figure
from cifar_studio.export.figures.page import (
    LABEL_PT,
    LINE,
    MUTED,
    THIN,
    Caption,
    Page,
    Size,
    legend_above,
    shortened,
    text_width,
)
from cifar_studio.plain_text import printable
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
_NAME_ROWS = 6
_BESIDE_NAME_EM = 4.5  # a legend's line, and the distances around it and its name
_SHORT_WORDS = 20
_MARKED_UNTIL = 100
_Dash = Literal["-"] | tuple[float, tuple[float, ...]]
_SOLID: _Dash = "-"
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
    """

    title: str
    rows: Sequence[EpochRow]
    epochs: int
    training: str = "training (while learning)"
    best_epoch: int | None = None
    chosen_by: str = ""
    deviations: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

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
        _Measure("test_loss", "test", "#0072B2", _SOLID, "o"),
        _Measure("val_loss", "validation", "#0072B2", _DASH_DOTTED, "^"),
        _Measure("train_loss", "", "#0072B2", _DASHED, ""),
    ),
    "accuracy": (
        _Measure("test_top1", "top-1", "#D55E00", _SOLID, "o"),
        _Measure("test_top5", "top-5", "#009E73", _SOLID, "s"),
        _Measure("val_top1", "validation top-1", "#D55E00", _DASH_DOTTED, "^"),
        _Measure("train_top1", "", "#D55E00", _DASHED, ""),
    ),
}
_CHANCE: dict[Panel, tuple[float, ...]] = {"loss": (CHANCE_LOSS,), "accuracy": (1.0, 5.0)}
_AXIS: dict[Panel, str] = {"loss": "cross-entropy, nats", "accuracy": "accuracy, %"}


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
    draw = partial(draw_curves, curves, panels, report)
    write_figure(path, size, DEFAULT_IN[panels], caption, draw)


def draw_curves(
    curves: Sequence[Curves], panels: Panels, report: ReportResult | None, page: Page
) -> None:
    """Draw on a page what `save_curves` writes."""
    shown: tuple[Panel, ...] = ("loss", "accuracy") if panels == "both" else (panels,)
    if len(curves) > 1:
        _name_runs(page, curves)
    for axes, panel in zip(page.body.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        _draw_axes(axes, panel, curves)
        _draw_levels(axes, panel, page.unit, report)
        thin: dict[str, Any] = {"linewidth": THIN * page.unit}
        handles = _handles(panel, curves)
        if len(curves) == 1 and curves[0].best_epoch is not None:
            words = f"epoch {curves[0].best_epoch}, {curves[0].chosen_by}"
            look = {**thin, "color": LINE, "linestyle": _DASHED, "label": words}
            handles.append(axes.axvline(curves[0].best_epoch, zorder=1, **look))
        handles.append(Line2D([], [], color=MUTED, linestyle=_DOTTED, label="chance", **thin))
        # Columns are filled one after the other: long words stand together, or two would be wide.
        handles.sort(key=lambda line: len(str(line.get_label())) > _SHORT_WORDS)
        legend_above(axes, handles, columns=2)


def _name_runs(page: Page, curves: Sequence[Curves]) -> None:
    """Name the runs above the panels, in as many columns as the widest name lets stand."""
    size_pt = LABEL_PT * page.unit
    beside = _BESIDE_NAME_EM * size_pt
    widest = max(text_width(printable(one.title), size_pt) for one in curves)
    columns = max(int(page.width / (widest + beside)), math.ceil(len(curves) / _NAME_ROWS))
    room = page.width / columns - beside
    handles = [
        Line2D([], [], color=_run_colour(place), label=shortened(one.title, room, size_pt))
        for place, one in enumerate(curves)
    ]
    page.body.legend(handles=handles, loc="outside upper left", ncols=min(columns, len(curves)))


def _run_colour(place: int) -> str:
    return RUN_COLOURS[place % len(RUN_COLOURS)]


def _draw_axes(axes: Axes, panel: Panel, curves: Sequence[Curves]) -> None:
    """The curves themselves, with axes that hold them."""
    highest = CHANCE_LOSS
    for measure in _MEASURES[panel]:
        for place, one in enumerate(curves):
            values = one.values(measure.column)
            if np.isfinite(values).any():
                colour = _run_colour(place) if len(curves) > 1 else measure.colour
                _draw_line(axes, one, measure, values, colour)
                highest = max(highest, float(values[np.isfinite(values)].max()))
    end = max([1, *(max([one.epochs, *(row.epoch for row in one.rows)]) for one in curves)])
    axes.set(xlim=(0, 1.01 * end))  # a marker at the end stays whole
    axes.set(xlabel="epoch", ylabel=_AXIS[panel])
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10], integer=True))
    if panel == "accuracy":
        axes.set(ylim=(0, 100), yticks=range(0, 101, 20))
    else:
        axes.set(ylim=(0, 1.06 * min(highest, 2.5 * CHANCE_LOSS)))
        axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.grid()


def _draw_line(
    axes: Axes, one: Curves, measure: _Measure, values: NDArray[np.float64], colour: str
) -> None:
    x = one.places(measure.column)
    marked = measure.marker and len(x) <= _MARKED_UNTIL
    axes.plot(
        x,
        values,
        color=colour,
        linestyle=measure.dash,
        marker=measure.marker if marked else ("." if len(x) == 1 else ""),
        markevery=max(1, len(x) // 20),
        zorder=3,
    )
    deviation = one.deviations.get(measure.column)
    if deviation is not None:
        low, high = values - deviation, values + deviation
        axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0, zorder=2)


def _draw_levels(axes: Axes, panel: Panel, unit: float, report: ReportResult | None) -> None:
    """Chance dotted, named in the legend; the report's values dashed, named where they stand."""
    look: dict[str, Any] = {"color": MUTED, "linewidth": THIN * unit, "zorder": 1}
    for value in _CHANCE[panel]:
        axes.axhline(value, linestyle=_DOTTED, **look)
    if report is None:
        return
    levels = {
        "loss": {"min {:g}": report.min_test_loss},
        "accuracy": {
            "max {:g} top-1": report.max_test_top1,
            "max {:g} top-5": report.max_test_top5,
        },
    }[panel]
    box = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
    for words, value in levels.items():
        axes.axhline(value, linestyle=(0, (9, 3)), **look)
        axes.text(
            0.01,
            value,
            f"report {words.format(value)}",
            transform=axes.get_yaxis_transform(),
            color=MUTED,
            va="bottom",
            zorder=4,
            bbox=box,
        )


def _handles(panel: Panel, curves: Sequence[Curves]) -> list[Line2D]:
    """Entries of a panel's legend for the measures that some run has."""
    several = len(curves) > 1
    training = "training (while learning)" if several or not curves else curves[0].training
    return [
        Line2D(
            [],
            [],
            color=MUTED if several else measure.colour,
            linestyle=measure.dash,
            marker=measure.marker,
            label=measure.title or training,
        )
        for measure in _MEASURES[panel]
        if any(np.isfinite(one.values(measure.column)).any() for one in curves)
    ]
