"""The reliability diagram above the histogram of confidence, as one figure.

After Guo et al., "On Calibration of Modern Neural Networks" (2017), figures 1 and 4.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from numpy.typing import NDArray

from cifar_studio.export.figures.figure_file import figure_file
from cifar_studio.export.figures.page import AXIS_PT, GRID, INK, Caption, Page, Size, legend_above
from cifar_studio.runs.analysis.calibration import Calibration

DEFAULT_IN = (5.5, 7.5)
_RIGHT, _WRONG, _WRONG_FAINT = "#0072B2", "#D55E00", "#FBE5D8"
# Hatched, what is wrong can be told from what is right without colours.
_SOLID: dict[str, Any] = {"facecolor": _RIGHT, "edgecolor": "white"}
_HATCHED: dict[str, Any] = {"facecolor": _WRONG_FAINT, "edgecolor": _WRONG, "hatch": "////"}
_WITHIN = {"facecolor": "none", "edgecolor": _WRONG_FAINT, "hatch": "////"}


def save_calibration(
    path: Path, calibration: Calibration, caption: Caption, size: Size | None = None
) -> None:
    """Write how often answers are right at each confidence, and how many answers have it.

    Parameters
    ----------
    path : Path
        .png, .svg or .pdf.
    calibration : Calibration
        Without any picture the figure says so.
    caption : Caption
    size : Size, optional

    Raises
    ------
    BadInputError
        Another suffix, or the place cannot be written.
    """
    with figure_file(path, size, DEFAULT_IN, caption) as page:
        draw_calibration(page, calibration)


def draw_calibration(page: Page, calibration: Calibration) -> None:
    """Draw on a page what `save_calibration` writes."""
    above, below = page.body.subplots(2, height_ratios=(0.68, 0.32))
    _draw_reliability(above, calibration, page.unit)
    _draw_histogram(below, calibration)
    for axes in (above, below):
        axes.set(xlim=(0, 100), xticks=range(0, 101, 20))
        axes.grid(axis="y")
    below.set_xlabel("confidence, %")
    page.body.align_ylabels()


def _draw_reliability(axes: Axes, calibration: Calibration, unit: float) -> None:
    right, said = 100 * calibration.accuracy, 100 * calibration.confidence  # NaN in empty bins
    _bars(axes, calibration, right, 0 * right, _SOLID)
    _bars(axes, calibration, said - right, right, _HATCHED)
    # Where a network is right more often than it claims the gap lies on the bar, which stays seen.
    _bars(axes, calibration, right - said, said, _WITHIN)
    dashed: dict[str, Any] = {"color": INK, "linewidth": unit, "dashes": (4, 3)}
    (perfect,) = axes.plot([0, 100], [0, 100], label="perfect", **dashed)
    gap = Patch(label="gap to the mean confidence", **_HATCHED)
    legend_above(axes, [perfect, Patch(label="right answers", **_SOLID), gap], columns=3)
    axes.set(ylim=(0, 100), yticks=range(0, 101, 20), ylabel="right answers, %")
    if calibration.expected_error is None or calibration.maximum_error is None:
        axes.text(50, 75, "no answer to judge", fontsize=AXIS_PT * unit, ha="center", va="center")
        return
    words = (
        f"ECE {100 * calibration.expected_error:.2f} %\n"
        f"largest gap {100 * calibration.maximum_error:.2f} %"
    )
    box = {"boxstyle": "square,pad=0.6", "facecolor": "white", "edgecolor": GRID}
    look: dict[str, Any] = {"va": "top", "linespacing": 1.35, "bbox": box, "zorder": 5}
    axes.text(3, 96, words, fontsize=AXIS_PT * unit, **look)


def _draw_histogram(axes: Axes, calibration: Calibration) -> None:
    right, wrong = (part.astype(np.float64) for part in (calibration.right, calibration.wrong))
    _bars(axes, calibration, right, 0 * right, _SOLID)
    _bars(axes, calibration, wrong, right, _HATCHED)
    legend_above(axes, [Patch(label="right", **_SOLID), Patch(label="wrong", **_HATCHED)], 2)
    axes.set(ylim=(0, 1.05 * calibration.counts.max(initial=1)), ylabel="pictures")
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], integer=True))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def _bars(
    axes: Axes,
    calibration: Calibration,
    height: NDArray[np.float64],
    bottom: NDArray[np.float64],
    look: dict[str, Any],
) -> None:
    """Bars that fill their bins; none where the height is not above zero."""
    edges, seen = 100 * calibration.edges, height > 0
    widths = np.diff(edges)[seen]
    axes.bar(edges[:-1][seen], height[seen], widths, bottom[seen], align="edge", zorder=2, **look)
