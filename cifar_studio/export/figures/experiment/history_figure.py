"""The figure of each trial in their order, and the best one so far."""

from __future__ import annotations

from pathlib import Path

from matplotlib.ticker import MaxNLocator

from cifar_studio.export.figures.experiment.trials import (
    BEST,
    best_point,
    draw_best,
    draw_points,
    legend_of,
    limits_of,
    points_of,
    say_nothing_is_there,
)
from cifar_studio.export.figures.figure_file import figure_file
from cifar_studio.export.figures.page import Caption, Page, Size, legend_above
from cifar_studio.runs.experiment.experiment_folder import ExperimentState
from cifar_studio.runs.experiment.results import best_so_far
from cifar_studio.runs.experiment.words import figure_title

DEFAULT_IN = (7.0, 4.4)


def save_history(
    path: Path, state: ExperimentState, caption: Caption, size: Size | None = None
) -> None:
    """Write it as .png, .svg or .pdf; raises BadInputError as `figure_file` does."""
    with figure_file(path, size, DEFAULT_IN, caption) as page:
        draw_history(page, state)


def draw_history(page: Page, state: ExperimentState) -> None:
    """Draw on a page what `save_history` writes."""
    axes = page.body.subplots()
    experiment, points = state.experiment, points_of(state.trials)
    best = best_point(points, experiment)
    numbers = [point.trial.number for point in points]
    draw_points(axes, numbers, points, page.unit)
    trials = [point.trial for point in points]
    steps = [
        (number, value)
        for number, value in zip(numbers, best_so_far(trials, experiment), strict=True)
        if value is not None
    ]
    end = max([1, *(trial.number for trial in state.trials)])
    entries = legend_of(points, best, page.unit)
    if best is not None:
        x, y = zip(*steps, (end, steps[-1][1]), strict=True)
        (line,) = axes.plot(x, y, drawstyle="steps-post", color=BEST, zorder=2)
        line.set_label("best so far")
        entries.append(line)
        draw_best(axes, best.trial.number, best, page.unit)
    else:
        say_nothing_is_there(axes)
    room = max(0.5, 0.012 * end)
    axes.set(xlim=(1 - room, end + room), ylim=limits_of(points, experiment))
    axes.set(xlabel="trial", ylabel=figure_title(experiment))
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10], integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.grid()
    if entries:
        legend_above(axes, entries, columns=len(entries))
