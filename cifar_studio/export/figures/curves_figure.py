"""Loss and accuracy against the epoch, as the report's Figures 2 to 7 show them.

One run: colour is the measure. Several: colour is the run; in either case the line style is the
split, so that nothing is told by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cifar_studio.config.report import ReportResult
from cifar_studio.export.figures.figure_file import write_figure
from cifar_studio.export.figures.page import (
    AXIS_PT,
    GRID,
    INK,
    LABEL_PT,
    LINE,
    MARGIN_PT,
    MUTED,
    Caption,
    Page,
    Size,
)
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
_UNDER_AXES_PT = 34.0
_LEGEND_COLUMNS = 2
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


@dataclass(frozen=True)
class _Measure:
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
    made_for = DEFAULT_IN[panels]

    def draw(page: Page) -> str:
        draw_curves(page, curves, caption, panels, report)
        return caption.title

    write_figure(path, size or Size(*made_for), made_for, draw)


def draw_curves(
    page: Page,
    curves: Sequence[Curves],
    caption: Caption,
    panels: Panels = "both",
    report: ReportResult | None = None,
) -> None:
    """Draw on a page what `save_curves` writes."""
    unit = page.unit
    margin = MARGIN_PT * unit
    top = page.draw_caption(caption)
    if len(curves) > 1:
        top = _draw_runs(page, curves, top)
    shown: tuple[Panel, ...] = ("loss", "accuracy") if panels == "both" else (panels,)
    handles = {panel: _handles(panel, curves, unit) for panel in shown}
    rows = max(math.ceil(len(found) / _LEGEND_COLUMNS) for found in handles.values())
    top -= (rows * 1.75 * LABEL_PT + 4) * unit
    bottom = margin + _UNDER_AXES_PT * unit
    left = margin + 1.5 * AXIS_PT * unit + page.width_of("0.00", LABEL_PT) + 8 * unit
    end = page.width_of("100", LABEL_PT) / 2 + margin
    each = (page.width - len(shown) * (left + end)) / len(shown)
    for place, panel in enumerate(shown):
        at = place * (left + each + end)
        axes = page.axes(at + left, bottom, each, top - bottom)
        _draw_panel(axes, panel, curves, unit, report)
        _legend(axes, handles[panel], unit)
        look: dict[str, Any] = {"rotation": 90, "rotation_mode": "anchor"}
        middle = (top + bottom) / 2
        page.text(at + margin, middle, _AXIS[panel], AXIS_PT, ha="center", va="top", **look)
        page.text(at + left + each / 2, margin, "epoch", AXIS_PT, ha="center", va="bottom")


def _draw_runs(page: Page, curves: Sequence[Curves], top: float) -> float:
    """Name the runs above the panels, a coloured dash before each; returns where that ends."""
    unit, margin = page.unit, MARGIN_PT * page.unit
    dash, gap = 16 * unit, 5 * unit
    line = 1.6 * LABEL_PT * unit
    x, y = margin, top - line
    room = page.width - 2 * margin
    for place, one in enumerate(curves):
        words = page.shortened(one.title, room - dash - gap, LABEL_PT)
        width = dash + gap + page.width_of(words, LABEL_PT) + 14 * unit
        if x > margin and x + width > page.width - margin:
            x, y = margin, y - line
        colour = RUN_COLOURS[place % len(RUN_COLOURS)]
        page.figure.add_artist(
            Line2D(
                [x / page.width, (x + dash) / page.width],
                [(y + 0.35 * LABEL_PT * unit) / page.height] * 2,
                color=colour,
                linewidth=2 * unit,
            )
        )
        page.text(x + dash + gap, y, words, LABEL_PT, va="baseline")
        x += width
    return y - 0.4 * line


def _draw_panel(
    axes: Axes, panel: Panel, curves: Sequence[Curves], unit: float, report: ReportResult | None
) -> None:
    end = max([1, *(max([c.epochs, *(row.epoch for row in c.rows)]) for c in curves)])
    several = len(curves) > 1
    highest = CHANCE_LOSS if panel == "loss" else 0.0
    for measure in _MEASURES[panel]:
        for place, one in enumerate(curves):
            values = one.values(measure.column)
            if not np.isfinite(values).any():
                continue
            colour = RUN_COLOURS[place % len(RUN_COLOURS)] if several else measure.colour
            _draw_line(axes, one, measure, values, colour, unit)
            highest = max(highest, float(np.nanmax(values[np.isfinite(values)])))
    _finish(axes, unit, end)
    if panel == "accuracy":
        axes.set(ylim=(0, 100), yticks=range(0, 101, 20))
    else:
        axes.set(ylim=(0, 1.06 * min(highest, 2.5 * CHANCE_LOSS)))
        axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    _draw_levels(axes, panel, unit, report)
    if not several and curves and curves[0].best_epoch is not None:
        best = float(curves[0].best_epoch)
        axes.axvline(best, color=LINE, linewidth=0.8 * unit, linestyle=_DASHED, zorder=1)


def _draw_line(
    axes: Axes,
    one: Curves,
    measure: _Measure,
    values: NDArray[np.float64],
    colour: str,
    unit: float,
) -> None:
    x = one.places(measure.column)
    marked = measure.marker and len(x) <= _MARKED_UNTIL
    axes.plot(
        x,
        values,
        color=colour,
        linestyle=measure.dash,
        linewidth=1.4 * unit,
        marker=measure.marker if marked else ("." if len(x) == 1 else ""),
        markersize=3.2 * unit,
        markevery=max(1, len(x) // 20),
        zorder=3,
    )
    deviation = one.deviations.get(measure.column)
    if deviation is not None:
        low, high = values - deviation, values + deviation
        axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0, zorder=2)


def _draw_levels(axes: Axes, panel: Panel, unit: float, report: ReportResult | None) -> None:
    """Chance dotted, named in the legend; the report's values dashed, named where they stand."""
    for value in _CHANCE[panel]:
        _level(axes, value, "", _DOTTED, unit)
    if report is None:
        return
    printed = {
        "loss": ((report.min_test_loss, f"report min {report.min_test_loss:g}"),),
        "accuracy": (
            (report.max_test_top1, f"report max {report.max_test_top1:g} top-1"),
            (report.max_test_top5, f"report max {report.max_test_top5:g} top-5"),
        ),
    }[panel]
    for value, words in printed:
        _level(axes, value, words, (0, (9, 3)), unit)


def _level(axes: Axes, value: float, words: str, dash: _Dash, unit: float) -> None:
    axes.axhline(value, color=MUTED, linewidth=0.8 * unit, linestyle=dash, zorder=1)
    if words:
        axes.text(
            0.01,
            value,
            words,
            transform=axes.get_yaxis_transform(),
            fontsize=LABEL_PT * unit,
            color=MUTED,
            ha="left",
            va="bottom",
            zorder=4,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5 * unit},
        )


def _handles(panel: Panel, curves: Sequence[Curves], unit: float) -> list[Line2D]:
    """Entries of a panel's legend."""
    several = len(curves) > 1
    found = []
    for measure in _MEASURES[panel]:
        if not any(np.isfinite(one.values(measure.column)).any() for one in curves):
            continue
        training = "training (while learning)" if several else curves[0].training
        found.append(
            Line2D(
                [],
                [],
                color=MUTED if several else measure.colour,
                linestyle=measure.dash,
                linewidth=1.4 * unit,
                marker=measure.marker,
                markersize=3.2 * unit,
                label=measure.title or training,
            )
        )
    if not several and curves and curves[0].best_epoch is not None:
        words = f"epoch {curves[0].best_epoch}, {curves[0].chosen_by}"
        found.append(
            Line2D([], [], color=LINE, linestyle=_DASHED, linewidth=0.8 * unit, label=words)
        )
    look: dict[str, Any] = {"color": MUTED, "linestyle": _DOTTED, "linewidth": 0.8 * unit}
    found.append(Line2D([], [], label="chance", **look))
    # Columns are filled one after the other: long words stand together, or two would be wide.
    return sorted(found, key=lambda line: len(str(line.get_label())) > _SHORT_WORDS)


def _legend(axes: Axes, handles: Sequence[Line2D], unit: float) -> None:
    if handles:
        axes.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=min(_LEGEND_COLUMNS, len(handles)),
            frameon=False,
            fontsize=LABEL_PT * unit,
            borderaxespad=0.2,
            borderpad=0.2,
            handlelength=2.3,
            handletextpad=0.6,
            columnspacing=1.0,
        )


def _finish(axes: Axes, unit: float, end: int) -> None:
    axes.set(xlim=(0, 1.01 * end))  # a marker at the end stays whole
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10], integer=True))
    axes.set_axisbelow(True)
    axes.grid(color=GRID, linewidth=0.5 * unit)
    axes.tick_params(
        labelsize=LABEL_PT * unit,
        labelcolor=INK,
        color=LINE,
        length=3 * unit,
        width=0.5 * unit,
        pad=3 * unit,
    )
    for side, spine in axes.spines.items():
        spine.set(linewidth=0.6 * unit, color=LINE, visible=side in ("left", "bottom"))
