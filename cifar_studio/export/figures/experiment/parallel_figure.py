"""Parallel coordinates: a line a trial, an upright axis a setting, the figure at the right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from cifar_studio.colours import colour_map
from cifar_studio.export.figures.experiment.trials import (
    BEST,
    PRUNED,
    Point,
    best_point,
    limits_of,
    points_of,
    round_numbers,
    say_nothing_is_there,
    scale_of,
)
from cifar_studio.export.figures.figure_file import figure_file
from cifar_studio.export.figures.page import (
    AXIS_PT,
    INK,
    LABEL_PT,
    LINE,
    Caption,
    Page,
    Size,
    legend_above,
)
from cifar_studio.runs.experiment.experiment_folder import ExperimentState
from cifar_studio.runs.experiment.words import figure_title, setting_title, varied_keys

DEFAULT_IN = (10.0, 4.8)
_FAINTEST, _STRONGEST = 50, 255
_Line = tuple[float, NDArray[np.float64]]
"""How high a trial's figure stands, 0 to 1, and its points."""
_Ticks = Sequence[tuple[float, str]]


def save_parallel(
    path: Path, state: ExperimentState, caption: Caption, size: Size | None = None
) -> None:
    """Write it as .png, .svg or .pdf; raises BadInputError as `figure_file` does."""
    with figure_file(path, size, DEFAULT_IN, caption) as page:
        draw_parallel(page, state)


def draw_parallel(page: Page, state: ExperimentState) -> None:
    """Draw on a page what `save_parallel` writes."""
    axes = page.body.subplots()
    experiment, points = state.experiment, points_of(state.trials)
    keys = varied_keys(experiment, state.trials)
    scales = [scale_of(key, experiment, state.trials) for key in keys]
    low, high = limits_of(points, experiment)
    best = best_point(points, experiment)
    titles = [*map(setting_title, keys), figure_title(experiment)]
    ticks = [*(scale.ticks for scale in scales), _figure_ticks(low, high)]
    _draw_axes(page, axes, titles, ticks)
    lines: dict[bool, list[_Line]] = {True: [], False: []}
    for point in points:
        places = [
            scale.place(point.trial.parameters.get(key))
            for scale, key in zip(scales, keys, strict=True)
        ]
        height = min(max((point.value - low) / (high - low), 0.0), 1.0)
        y = np.array([*(np.nan if place is None else place for place in places), height])
        line = np.column_stack((np.arange(len(y)), y))
        if point is best:
            axes.plot(line[:, 0], line[:, 1], color=BEST, linewidth=2 * page.unit, zorder=4)
        else:
            lines[point.is_pruned].append((height, line))
    _draw_lines(page, axes, lines[True], lines[False], experiment.is_maximized)
    entries = _entries(page, lines[True], lines[False], best)
    if entries:
        legend_above(axes, entries, columns=len(entries))
    else:
        say_nothing_is_there(axes, 1.03)


def _draw_lines(
    page: Page,
    axes: Axes,
    pruned: Sequence[_Line],
    finished: Sequence[_Line],
    is_maximized: bool,
) -> None:
    """The better a finished trial, the stronger its colour, and the later it is drawn."""
    thin = 0.9 * page.unit
    pale: dict[str, Any] = {"color": PRUNED, "alpha": 0.5, "zorder": 2}
    axes.add_collection(LineCollection([line for _, line in pruned], linewidths=thin, **pale))
    ordered = sorted(finished, key=lambda pair: pair[0] if is_maximized else -pair[0])
    colours = [_colour(place / max(1, len(ordered) - 1)) for place in range(len(ordered))]
    lines = [line for _, line in ordered]
    axes.add_collection(LineCollection(lines, colors=colours, linewidths=thin, zorder=3))


def _entries(
    page: Page, pruned: Sequence[_Line], finished: Sequence[_Line], best: Point | None
) -> list[Line2D]:
    looks: list[tuple[str, Any, float]] = []
    if finished:
        looks += [("better trial", _colour(1), 0.9), ("worse trial", _colour(0), 0.9)]
    if pruned:
        looks.append(("pruned trial", PRUNED, 0.9))
    if best is not None:
        looks.insert(0, (f"best, trial {best.trial.number}", BEST, 2))
    return [
        Line2D([], [], color=colour, linewidth=width * page.unit, label=words)
        for words, colour, width in looks
    ]


def _draw_axes(page: Page, axes: Axes, titles: Sequence[str], ticks: Sequence[_Ticks]) -> None:
    """Upright lines with their labels at the left, and their titles below."""
    last = len(titles) - 1
    room = page.width / (last + 1.4)
    axes.set(xlim=(-0.7, last + 0.4), ylim=(-0.06, 1.06), yticks=[], xticks=range(last + 1))
    axes.set_xticklabels([_in_two_lines(page, title, 0.95 * room) for title in titles])
    axes.tick_params(axis="x", length=0, labelsize=AXIS_PT * page.unit)
    for side in axes.spines.values():
        side.set_visible(False)
    box = {"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    for place, marks in enumerate(ticks):
        axes.plot([place, place], [0, 1], color=LINE, linewidth=0.8 * page.unit, zorder=5)
        for height, words in marks:
            axes.plot([place], [height], "_", color=LINE, markersize=5 * page.unit, zorder=5)
            axes.annotate(
                page.shortened(words, 0.55 * room),
                (place, height),
                xytext=(-5 * page.unit, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                fontsize=LABEL_PT * page.unit,
                color=INK,
                bbox=box,
                zorder=6,
            )


def _in_two_lines(page: Page, title: str, room: float) -> str:
    """A title that is too wide goes on below its first word."""
    lines = [title] if page.width_of(title, AXIS_PT) <= room else title.split(" ", 1)
    return "\n".join(page.shortened(line, room, AXIS_PT) for line in lines)


def _figure_ticks(low: float, high: float) -> _Ticks:
    return [((mark - low) / (high - low), f"{mark:.4g}") for mark in round_numbers(low, high)]


def _colour(share: float) -> tuple[float, ...]:
    """0 the worst, 1 the best."""
    step = round(_FAINTEST + share * (_STRONGEST - _FAINTEST))
    red, green, blue = colour_map("counts", "light", (255, 255, 255))[step].tolist()
    return red / 255, green / 255, blue / 255
