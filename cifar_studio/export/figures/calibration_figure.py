"""The reliability diagram above the histogram of confidence, as one figure.

After Guo et al., "On Calibration of Modern Neural Networks" (2017), figures 1 and 4.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from cifar_studio.export.figures.figure_file import write_figure
from cifar_studio.export.figures.page import (
    AXIS_PT,
    GRID,
    INK,
    LABEL_PT,
    LINE,
    MARGIN_PT,
    Caption,
    Page,
    Size,
)
from cifar_studio.runs.analysis.calibration import Calibration

DEFAULT_IN = (5.5, 7.5)
_RIGHT, _WRONG, _WRONG_FAINT = "#0072B2", "#D55E00", "#FBE5D8"
_LEGEND_PT = 18.0
_UNDER_AXES_PT = 34.0
_SHARE_ABOVE = 0.68


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

    def draw(page: Page) -> str:
        _draw(page, calibration, caption)
        return caption.title

    write_figure(path, size or Size(*DEFAULT_IN), DEFAULT_IN, draw)


def _draw(page: Page, calibration: Calibration, caption: Caption) -> None:
    unit = page.unit
    margin, legend, under = MARGIN_PT * unit, _LEGEND_PT * unit, _UNDER_AXES_PT * unit
    most = int(calibration.counts.max(initial=1))
    counts = page.width_of(f"{most:,}", LABEL_PT)  # no tick is wider
    left = margin + 1.5 * AXIS_PT * unit + max(counts, page.width_of("100", LABEL_PT)) + 8 * unit
    width = page.width - left - margin - page.width_of("100", LABEL_PT) / 2
    top = page.draw_caption(caption) - legend
    below_edge = margin + under
    room = top - below_edge - legend - 0.6 * under
    high, low = _SHARE_ABOVE * room, (1 - _SHARE_ABOVE) * room

    above = page.axes(left, top - high, width, high)
    below = page.axes(left, below_edge, width, low)
    _draw_reliability(above, calibration, unit)
    _draw_histogram(below, calibration, unit)
    for axes in (above, below):
        _finish(axes, unit)
    above.set(ylim=(0, 100), yticks=range(0, 101, 20))
    below.set(ylim=(0, 1.05 * max(most, 1)))
    below.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], integer=True))
    below.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    middle = left + width / 2
    look: dict[str, Any] = {"rotation": 90, "rotation_mode": "anchor", "ha": "center", "va": "top"}
    page.text(margin, top - high / 2, "right answers, %", AXIS_PT, **look)
    page.text(margin, below_edge + low / 2, "pictures", AXIS_PT, **look)
    look = {"ha": "center", "va": "bottom"}
    page.text(middle, margin, "confidence, %", AXIS_PT, **look)
    if not calibration.pictures:
        look = {"ha": "center", "va": "center"}
        page.text(middle, top - high / 4, "no answer to judge", AXIS_PT, **look)


def _draw_reliability(axes: Axes, calibration: Calibration, unit: float) -> None:
    right, said = 100 * calibration.accuracy, 100 * calibration.confidence
    filled = calibration.counts > 0
    edges = 100 * calibration.edges
    none = np.zeros(len(right))
    _bars(axes, edges, none, np.where(filled, right, 0), "right answers", unit)
    above = np.where(filled, np.fmax(said - right, 0), 0)
    _bars(axes, edges, np.where(filled, right, 0), above, "gap to the mean confidence", unit, "on")
    # Where a network is right more often than it claims the gap lies on the bar, which stays seen.
    within = np.where(filled, np.fmax(right - said, 0), 0)
    _bars(axes, edges, np.where(filled, said, 0), within, "", unit, "in")
    axes.plot([0, 100], [0, 100], color=INK, linewidth=unit, dashes=(4, 3), label="perfect")
    _legend(axes, unit, columns=3)
    if calibration.expected_error is None or calibration.maximum_error is None:
        return
    words = (
        f"ECE {100 * calibration.expected_error:.2f} %\n"
        f"largest gap {100 * calibration.maximum_error:.2f} %"
    )
    axes.text(
        0.03,
        0.96,
        words,
        transform=axes.transAxes,
        fontsize=AXIS_PT * unit,
        color=INK,
        va="top",
        linespacing=1.35,
        bbox={"facecolor": "white", "edgecolor": GRID, "linewidth": 0.6 * unit, "pad": 5 * unit},
        zorder=5,
    )


def _draw_histogram(axes: Axes, calibration: Calibration, unit: float) -> None:
    right, wrong = (part.astype(np.float64) for part in (calibration.right, calibration.wrong))
    edges = 100 * calibration.edges
    _bars(axes, edges, np.zeros(len(right)), right, "right", unit)
    _bars(axes, edges, right, wrong, "wrong", unit, "on")
    _legend(axes, unit, columns=2)


def _bars(
    axes: Axes,
    edges: NDArray[np.float64],
    low: NDArray[np.float64],
    height: NDArray[np.float64],
    name: str,
    unit: float,
    hatched: Literal["", "on", "in"] = "",
) -> None:
    """Bars that fill their bins. Hatched ones can be told from the others without colours.

    Parameters
    ----------
    hatched : str
        "on" for hatched bars of their own, "in" for a hatching of what stands there already.
    """
    look: dict[str, Any] = {"facecolor": _RIGHT, "edgecolor": "white"}
    if hatched == "on":
        look = {"facecolor": _WRONG_FAINT, "edgecolor": _WRONG, "hatch": "////"}
    elif hatched == "in":
        look = {"facecolor": "none", "edgecolor": _WRONG_FAINT, "hatch": "////"}
    seen = height > 0
    axes.bar(
        edges[:-1][seen],
        height[seen],
        np.diff(edges)[seen],
        low[seen],
        align="edge",
        linewidth=0.6 * unit,
        zorder=2,
        **look,
    )
    if name:  # one of its own for the legend: without any bar there would be nothing to name
        axes.bar([0.0], [0.0], label=name, linewidth=0.6 * unit, **look)


def _legend(axes: Axes, unit: float, columns: int) -> None:
    legend = axes.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=columns,
        frameon=False,
        fontsize=LABEL_PT * unit,
        borderaxespad=0.2,
        borderpad=0.2,
        handlelength=1.6,
        columnspacing=1.6,
    )
    for handle in legend.get_patches():
        handle.set_linewidth(0.6 * unit)


def _finish(axes: Axes, unit: float) -> None:
    axes.set(xlim=(0, 100), xticks=range(0, 101, 20))
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=GRID, linewidth=0.5 * unit)
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
