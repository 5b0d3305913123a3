"""The confusion matrix, or the difference of two, as a figure."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import ListedColormap
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cifar_studio import colours
from cifar_studio.export.figures.figure_file import figure_file
from cifar_studio.export.figures.page import GRID, Caption, Page, Size
from cifar_studio.runs.analysis.confusion_cells import Cells, Shading
from cifar_studio.runs.wording import MINUS

DEFAULT_IN = (8.0, 7.5)
_SEPARATOR = "#B0B0AA"
_LABEL_CHARACTERS = 18
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
    with figure_file(path, size, DEFAULT_IN, caption) as page:
        draw_confusion(page, cells, Shading.of(both, logarithmic), percent)


def draw_confusion(page: Page, cells: Cells, shading: Shading, percent: bool) -> None:
    """Draw on a page what `save_confusion` writes."""
    axes = page.body.subplots()
    values = cells.values(percent)
    strengths = np.sign(values) * shading.strength(values)
    painted = _draw_cells(axes, strengths, cells.is_difference)
    _draw_groups(axes, cells, 0.5 * page.unit)
    bar = page.body.colorbar(painted, cax=axes.inset_axes((1.04, 0, 0.025, 1)))
    ticks = np.array(_ticks(shading, cells.is_difference, percent))
    form = ("+" if cells.is_difference else "") + (".3g" if percent else ",.0f")
    words = [f"{tick:{form}}".replace("-", MINUS) if tick else "0" for tick in ticks]
    bar.set_ticks(np.sign(ticks) * shading.strength(ticks), labels=words)
    measure = "per cent of the true class" if percent else "pictures"
    measure += f", A {MINUS} B" if cells.is_difference else ""
    bar.set_label(measure + (" (logarithmic colours)" if shading.logarithmic else ""))
    if cells.level == "superclasses":
        page.fix_layout()  # the figures' size depends on the axes'
        _draw_figures(page, axes, cells, percent, painted.to_rgba(strengths, bytes=True)[..., :3])


def _draw_cells(axes: Axes, strengths: NDArray[np.float64], is_difference: bool) -> PolyCollection:
    """Colour the cells that are not zero. Cells as an image would be blurred by many viewers."""
    rows, columns = np.nonzero(strengths)
    squares = np.stack([columns, rows], axis=1)[:, None] + [(0, 0), (1, 0), (1, 1), (0, 1)]
    white = (255, 255, 255)  # of zero, which no map needs
    kinds: tuple[colours.Kind, ...] = ("less", "more") if is_difference else ("counts",)
    maps = [colours.colour_map(kind, "light", white)[1:] / 255 for kind in kinds]
    if is_difference:
        maps[0] = maps[0][::-1]
    # Smoothed edges would let the ground shine through between neighbours.
    painted = PolyCollection(list(squares), linewidths=0, antialiaseds=False)
    painted.set(array=strengths[rows, columns], cmap=ListedColormap(np.concatenate(maps)))
    painted.set_clim(-1 if is_difference else 0, 1)
    axes.add_collection(painted, autolim=False)
    axes.set(xlim=(0, len(strengths)), ylim=(len(strengths), 0), aspect="equal")
    return painted


def _draw_groups(axes: Axes, cells: Cells, thin: float) -> None:
    """Name superclasses at the middle of their rows and columns, with thin lines between."""
    ends = np.cumsum([size for _, size in cells.groups])
    middles = ends - [size / 2 for _, size in cells.groups]
    titles = [textwrap.fill(title, _LABEL_CHARACTERS) for title, _ in cells.groups]
    axes.set_xticks(middles, titles, rotation=90, multialignment="right", linespacing=1.05)
    axes.set_yticks(middles, titles, multialignment="right", linespacing=1.05)
    axes.set(xlabel="answered", ylabel="true class")
    axes.tick_params(length=0)
    colour = GRID if cells.level == "superclasses" else _SEPARATOR
    for draw_lines in (axes.hlines, axes.vlines):
        draw_lines(ends[:-1], 0, len(cells), colors=colour, linewidths=thin)
    axes.spines[:].set_visible(True)


def _draw_figures(
    page: Page, axes: Axes, cells: Cells, percent: bool, grounds: NDArray[np.uint8]
) -> None:
    """Each cell's figure, all of one size in which the widest fits."""
    texts = {(r, c): cells.text(r, c, percent) for r, c in np.ndindex(cells.counts.shape)}
    room = 72 * min(axes.bbox.size) / page.figure.dpi / len(cells)
    # Measured large: a font below one point is none to matplotlib.
    widest = max(page.width_of(text, 100) for text in texts.values()) / 100 or 1.0
    size_pt = min(_LARGEST_FIGURE_PT, 0.88 * room / widest, 0.6 * room / page.unit)
    look: dict[str, Any] = {"size": size_pt * page.unit, "ha": "center", "va": "center_baseline"}
    for (row, column), text in texts.items():
        if text:
            colour = "black" if colours.is_black_better(grounds[row, column]) else "white"
            axes.text(column + 0.5, row + 0.5, text, color=colour, **look)


def _ticks(shading: Shading, is_difference: bool, percent: bool) -> list[float]:
    """Values on the colour bar, zero and the top among them."""
    if shading.logarithmic:
        values = shading.ticks(not percent)
    else:
        locator = MaxNLocator(6, steps=[1, 2, 5, 10], integer=not percent)
        found = [float(value) for value in locator.tick_values(0.0, shading.top)]
        values = [value for value in found if value < 0.95 * shading.top] + [shading.top]
    return [-value for value in values if value and is_difference] + values
