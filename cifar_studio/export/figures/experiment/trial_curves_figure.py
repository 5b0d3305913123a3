"""The learning curves of all trials: the pruned ones pale, the best one strong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cifar_studio.export.figures.curves_figure import CHANCE_LOSS
from cifar_studio.export.figures.experiment.trials import (
    BEST,
    FINISHED,
    PRUNED,
    say_nothing_is_there,
)
from cifar_studio.export.figures.figure_file import figure_file
from cifar_studio.export.figures.page import Caption, Page, Size, legend_above

DEFAULT_IN = (7.0, 4.4)
_MOST_DRAWN_POINTS = 50_000


@dataclass(frozen=True, eq=False)
class TrialCurve:
    """A trial's figure by epoch; over folds the mean of them.

    Attributes
    ----------
    epochs : (E,) float64
    values : (E,) float64
        NaN where a figure is missing.
    """

    number: int
    epochs: NDArray[np.float64]
    values: NDArray[np.float64]
    is_pruned: bool = False
    is_best: bool = False


def save_trial_curves(
    path: Path,
    curves: Sequence[TrialCurve],
    figure: str,
    caption: Caption,
    size: Size | None = None,
) -> None:
    """Write it as .png, .svg or .pdf; `figure` names what is drawn, with its unit.

    Raises BadInputError as `figure_file` does.
    """
    with figure_file(path, size, DEFAULT_IN, caption) as page:
        draw_trial_curves(page, curves, figure)


def draw_trial_curves(page: Page, curves: Sequence[TrialCurve], figure: str) -> None:
    """Draw on a page what `save_trial_curves` writes."""
    axes = page.body.subplots()
    curves = [curve for curve in curves if np.isfinite(curve.values).any()]
    # Vectors of a thousand long curves would take many megabytes and a reader's patience.
    is_dense = sum(len(curve.epochs) for curve in curves) > _MOST_DRAWN_POINTS
    others = [curve for curve in curves if not curve.is_best]
    looks: tuple[tuple[str, bool, dict[str, Any]], ...] = (
        ("pruned trial", True, {"color": PRUNED, "alpha": 0.6, "zorder": 2}),
        ("finished trial", False, {"color": FINISHED, "alpha": 0.45, "zorder": 3}),
    )
    entries = []
    for words, is_pruned, look in looks:
        chosen = [curve for curve in others if curve.is_pruned == is_pruned]
        if not chosen:
            continue
        lines = [np.column_stack((curve.epochs, curve.values)) for curve in chosen]
        thin = 0.8 * page.unit
        axes.add_collection(LineCollection(lines, linewidths=thin, rasterized=is_dense, **look))
        ends: dict[str, Any] = {
            "marker": "x" if is_pruned else ".",
            "linestyle": "",
            "markersize": 3 * page.unit,
        }
        axes.plot(*_last_points(chosen), rasterized=is_dense, **ends, **look)
        entries.append(Line2D([], [], color=look["color"], linewidth=thin, label=words))
    for best in (curve for curve in curves if curve.is_best):
        marker = "D" if len(best.epochs) <= 1 else ""
        strong: dict[str, Any] = {"color": BEST, "linewidth": 2 * page.unit, "zorder": 4}
        axes.plot(best.epochs, best.values, marker=marker, **strong)
        entries.append(Line2D([], [], label=f"best, trial {best.number}", **strong))
    if not curves:
        say_nothing_is_there(axes)
    end = max([1.0, *(float(curve.epochs[-1]) for curve in curves)])
    axes.set(xlim=(0, 1.02 * end), xlabel="epoch", ylabel=figure)
    known = np.concatenate(
        [curve.values[np.isfinite(curve.values)] for curve in curves] or [np.ones(1)]
    )
    if figure.endswith("nats"):
        low, high = float(known.min()), min(float(known.max()), 2.5 * CHANCE_LOSS)
        room = 0.06 * abs(high - low) or 0.1
        axes.set_ylim(low - room, max(low, high) + room)
    else:
        axes.set_ylim(0, 1.06 * max(1.0, float(known.max())))
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10], integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.grid()
    if entries:
        legend_above(axes, entries, columns=len(entries))


def _last_points(curves: Sequence[TrialCurve]) -> tuple[list[float], list[float]]:
    """Where each curve ends, at its last epoch with a figure."""
    x, y = [], []
    for curve in curves:
        last = int(np.flatnonzero(np.isfinite(curve.values))[-1])
        x.append(float(curve.epochs[last]))
        y.append(float(curve.values[last]))
    return x, y
