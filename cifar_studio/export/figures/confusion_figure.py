"""The confusion matrix, or the difference of two, as a figure."""

from __future__ import annotations

import itertools
import textwrap
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import FuncNorm, ListedColormap, Normalize
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cifar_studio import colours
from cifar_studio.export.figures.figure_file import write_figure
from cifar_studio.export.figures.page import GRID, POINTS_AN_INCH, Caption, Page, Size, text_width
from cifar_studio.runs.analysis.confusion_cells import MINUS, Cells, Shading

DEFAULT_IN = (8.0, 7.5)
_SEPARATOR = "#B0B0AA"
_LABEL_CHARACTERS = 20
_LARGEST_FIGURE_PT = 8.0


def save_confusion(
    path: Path,
    cells: Cells,
    caption: Caption,
    size: Size | None = None,
    *,
    percent: bool = False,
    logarithmic: bool = True,
    scaled_with: Cells | None = None,
) -> None:
    """Write a confusion matrix: rows the true class, columns the answer; zero is white.

    By superclass each cell has its figure; by class, superclasses are set apart and named.

    Parameters
    ----------
    path : Path
        .png, .svg or .pdf.
    cells : Cells
        The difference of two runs has two colours, with zero in the middle.
    caption : Caption
    size : Size, optional
    percent : bool
        Per cent of the true class's pictures, else counts.
    logarithmic : bool
        Colours by the logarithm, else in proportion.
    scaled_with : Cells, optional
        Another run's, whose figure is to have the same colours for the same values.

    Raises
    ------
    BadInputError
        Another suffix, or the place cannot be written.
    """
    values = cells.values(percent)
    both = values if scaled_with is None else np.stack([values, scaled_with.values(percent)])
    draw = partial(draw_confusion, cells, Shading.of(both, logarithmic), percent)
    write_figure(path, size, DEFAULT_IN, caption, draw)


def draw_confusion(cells: Cells, shading: Shading, percent: bool, page: Page) -> None:
    """Draw on a page what `save_confusion` writes."""
    axes = page.body.subplots()
    painted = _draw_cells(axes, cells, shading, percent)
    _draw_groups(axes, cells)
    bar = page.body.colorbar(painted, cax=axes.inset_axes((1.04, 0, 0.025, 1)))
    ticks = _ticks(shading, cells.is_difference, percent)
    bar.set_ticks([value for value, _ in ticks], labels=[words for _, words in ticks])
    bar.set_label(_bar_title(shading, cells.is_difference, percent))
    if cells.level == "superclasses":
        page.figure.draw_without_rendering()  # only now the axes' size is known
        side = axes.get_window_extent().width * POINTS_AN_INCH / page.figure.dpi
        _draw_figures(axes, cells, painted, percent, side / len(cells), page.unit)


def _draw_cells(axes: Axes, cells: Cells, shading: Shading, percent: bool) -> PolyCollection:
    """Colour the cells that are not zero. Cells as an image would be blurred by many viewers."""
    values = cells.values(percent)
    rows, columns = np.nonzero(values)
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    squares = np.stack([columns, rows], axis=1)[:, None] + corners
    # Smoothed edges would let the ground shine through between neighbours.
    painted = PolyCollection(
        squares,
        array=values[rows, columns],
        cmap=_colour_map(cells.is_difference),
        norm=_norm(shading, cells.is_difference),
        linewidths=0,
        antialiaseds=False,
    )
    axes.add_collection(painted, autolim=False)
    axes.set(xlim=(0, len(cells)), ylim=(len(cells), 0), aspect="equal")
    return painted


def _colour_map(is_difference: bool) -> ListedColormap:
    """The colours of all strengths above zero, for which no cell is painted."""
    white = (255, 255, 255)
    if not is_difference:
        return ListedColormap(colours.colour_map("counts", "light", white)[1:] / 255)
    less, more = (colours.colour_map(kind, "light", white)[1:] for kind in ("less", "more"))
    return ListedColormap(np.concatenate([less[::-1], more]) / 255)


def _norm(shading: Shading, is_difference: bool) -> Normalize:
    """Values to places on the colour bar, as `Shading.strength` has it."""
    least = -shading.top if is_difference else 0.0
    if not shading.logarithmic:
        return Normalize(least, shading.top)

    def forward(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.sign(values) * np.log1p(np.abs(values) / shading.unit)

    def backward(places: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.sign(places) * np.expm1(np.abs(places)) * shading.unit

    return FuncNorm((forward, backward), least, shading.top)


def _draw_groups(axes: Axes, cells: Cells) -> None:
    """Name superclasses at the middle of their rows and columns, with thin lines between."""
    ends = np.cumsum([size for _, size in cells.groups])
    middles = ends - [size / 2 for _, size in cells.groups]
    titles = [textwrap.fill(title, _LABEL_CHARACTERS) for title, _ in cells.groups]
    axes.set_xticks(middles, titles, rotation=90, multialignment="right", linespacing=1.05)
    axes.set_yticks(middles, titles, multialignment="right", linespacing=1.05)
    axes.set(xlabel="answered", ylabel="true class", axisbelow=False)
    axes.set_xticks(ends[:-1], minor=True)
    axes.set_yticks(ends[:-1], minor=True)
    axes.tick_params(which="both", length=0)
    axes.grid(which="minor", color=GRID if cells.level == "superclasses" else _SEPARATOR)
    axes.spines[:].set_visible(True)


def _draw_figures(
    axes: Axes, cells: Cells, painted: PolyCollection, percent: bool, room: float, unit: float
) -> None:
    """Each cell's figure, all of one size in which the widest fits `room` points."""
    places = list(itertools.product(range(len(cells)), repeat=2))
    texts = [cells.text(*place, percent) for place in places]
    # Measured large: a font below one point is none to matplotlib.
    widest = max(text_width(text, 100.0) for text in texts) / 100 or 1.0
    size_pt = min(_LARGEST_FIGURE_PT * unit, 0.88 * room / widest, 0.6 * room)
    grounds = (255 * painted.to_rgba(cells.values(percent))[..., :3]).astype(np.uint8)
    for (row, column), text in zip(places, texts, strict=True):
        if text:
            axes.text(
                column + 0.5,
                row + 0.5,
                text,
                fontsize=size_pt,
                color="black" if colours.is_black_better(grounds[row, column]) else "white",
                ha="center",
                va="center_baseline",
                in_layout=False,
            )


def _ticks(shading: Shading, is_difference: bool, percent: bool) -> list[tuple[float, str]]:
    """Values on the colour bar, the top among them, and how they are written."""
    if shading.logarithmic:
        values = shading.ticks(not percent)
    else:
        locator = MaxNLocator(6, steps=[1, 2, 5, 10], integer=not percent)
        round_values = map(float, locator.tick_values(0.0, shading.top))
        values = [value for value in round_values if value < 0.95 * shading.top] + [shading.top]
    form = ".3g" if percent else ",.0f"
    if not is_difference:
        return [(value, f"{value:{form}}") for value in values]
    values = [-value for value in values if value] + values
    return [(v, f"{v:+{form}}".replace("-", MINUS) if v else "0") for v in values]


def _bar_title(shading: Shading, is_difference: bool, percent: bool) -> str:
    words = "per cent of the true class" if percent else "pictures"
    words += f", A {MINUS} B" if is_difference else ""
    return words + (" (logarithmic colours)" if shading.logarithmic else "")
