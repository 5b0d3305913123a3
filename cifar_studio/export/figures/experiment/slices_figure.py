"""Each setting that was varied against the figure, a panel a setting."""

from __future__ import annotations

import math
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cifar_studio.export.figures.experiment.trials import (
    Point,
    best_point,
    draw_best,
    draw_points,
    legend_of,
    limits_of,
    points_of,
    say_nothing_is_there,
    scale_of,
)
from cifar_studio.export.figures.figure_file import figure_file
from cifar_studio.export.figures.page import AXIS_PT, INK, Caption, Page, Size
from cifar_studio.runs.experiment.experiment_folder import ExperimentState
from cifar_studio.runs.experiment.words import figure_title, setting_title, varied_keys

_MOST_COLUMNS = 4
_PANEL_IN, _ABOVE_IN, _TALLEST_IN = 2.6, 1.2, 30.0


def default_in(state: ExperimentState) -> tuple[float, float]:
    """Width and height that suit so many settings."""
    count = max(1, len(varied_keys(state.experiment, state.trials)))
    rows = math.ceil(count / _MOST_COLUMNS)
    width = 10.0 if count > 2 else 6.0
    return width, min(_ABOVE_IN + rows * _PANEL_IN, _TALLEST_IN)


def save_slices(
    path: Path, state: ExperimentState, caption: Caption, size: Size | None = None
) -> None:
    """Write it as .png, .svg or .pdf; raises BadInputError as `figure_file` does."""
    with figure_file(path, size, default_in(state), caption) as page:
        draw_slices(page, state)


def draw_slices(page: Page, state: ExperimentState) -> None:
    """Draw on a page what `save_slices` writes."""
    experiment, points = state.experiment, points_of(state.trials)
    keys = varied_keys(experiment, state.trials)
    columns = max(1, min(len(keys), _MOST_COLUMNS))
    rows = max(1, math.ceil(len(keys) / columns))
    best = best_point(points, experiment)
    if entries := legend_of(points, best, page.unit):
        page.body.legend(handles=entries, loc="outside upper left", ncols=len(entries))
    page.body.supylabel(figure_title(experiment), size=AXIS_PT * page.unit, color=INK)
    panels = page.body.subplots(rows, columns, squeeze=False)
    room = page.width / columns
    for place, axes in enumerate(panels.flat):
        if place >= max(1, len(keys)):
            axes.set_axis_off()
            continue
        axes.set_ylim(limits_of(points, experiment))
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.tick_params(labelleft=place % columns == 0)
        if keys:
            _draw_slice(page, axes, keys[place], state, points, best, room)
        if not points and place == 0:
            say_nothing_is_there(axes)


def _draw_slice(
    page: Page,
    axes: Axes,
    key: str,
    state: ExperimentState,
    points: list[Point],
    best: Point | None,
    room: float,
) -> None:
    scale = scale_of(key, state.experiment, state.trials)
    found = [(scale.place(point.trial.parameters.get(key)), point) for point in points]
    placed = [(x, point) for x, point in found if x is not None]
    draw_points(axes, [x for x, _ in placed], [point for _, point in placed], page.unit)
    for x, point in placed:
        if point is best:
            draw_best(axes, x, point, page.unit)
    axes.set(xlim=(-0.08, 1.08), xticks=[place for place, _ in scale.ticks])
    share = 0.8 * room / max(1, len(scale.ticks))
    axes.set_xticklabels([page.shortened(words, share) for _, words in scale.ticks])
    axes.set_xlabel(page.shortened(setting_title(key), 0.8 * room))
    axes.grid()
