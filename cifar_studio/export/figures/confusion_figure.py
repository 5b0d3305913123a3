"""The confusion matrix, or the difference of two, as a figure."""

from __future__ import annotations

from pathlib import Path as FilePath

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from cifar_studio import colours
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
    wrapped,
)
from cifar_studio.runs.analysis.confusion_cells import Cells, Shading
from cifar_studio.runs.wording import MINUS

DEFAULT_IN = (8.0, 7.5)
_WHITE = (255, 255, 255)
_SEPARATOR = "#B0B0AA"
_WIDEST_LABEL_PT = 92.0
_GAP_PT = 5.0
_BAR_GAP_PT, _BAR_PT = 16.0, 10.0
_LARGEST_FIGURE_PT = 8.0


def save_confusion(
    path: FilePath,
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
    shading = Shading.of(both, logarithmic)

    def draw(page: Page) -> str:
        _draw(page, cells, caption, shading, percent)
        return caption.title

    write_figure(path, size or Size(*DEFAULT_IN), DEFAULT_IN, draw)


def _draw(page: Page, cells: Cells, caption: Caption, shading: Shading, percent: bool) -> None:
    unit = page.unit
    margin, gap, axis = MARGIN_PT * unit, _GAP_PT * unit, 1.3 * AXIS_PT * unit
    titles = [wrapped(t, page, LABEL_PT, _WIDEST_LABEL_PT * unit) for t, _ in cells.groups]
    label = max((page.width_of(title, LABEL_PT) for title in titles), default=0.0)
    ticks = _ticks(shading, cells.is_difference, percent)
    figures = max(page.width_of(words, LABEL_PT) for _, words in ticks)
    before = margin + axis + gap + label + gap
    after = (_BAR_GAP_PT + _BAR_PT) * unit + 2 * gap + figures + gap + axis + margin
    above = page.height - page.draw_caption(caption) + gap
    side = min(page.width - before - after, page.height - above - before)
    left = before + (page.width - before - after - side) / 2
    bottom = before + (page.height - above - before - side) / 2

    axes = page.axes(left, bottom, side, side)
    _draw_cells(axes, cells.values(percent), shading, cells.is_difference, unit)
    _draw_separators(axes, cells, unit)
    if cells.level == "superclasses":
        _draw_figures(page, axes, cells, shading, percent, side / len(cells))
    _name_groups(page, cells, titles, (left, bottom, side))
    middle = (left + side / 2, bottom + side / 2)
    title_at = label + 2 * gap
    page.text(middle[0], bottom - title_at, "answered", AXIS_PT, ha="center", va="top")
    upright = {"rotation": 90, "rotation_mode": "anchor", "ha": "center"}
    page.text(left - title_at, middle[1], "true class", AXIS_PT, va="bottom", **upright)

    bar_left = left + side + _BAR_GAP_PT * unit
    bar = page.axes(bar_left, bottom, _BAR_PT * unit, side)
    _draw_bar(bar, shading, cells.is_difference, unit)
    end = bar_left + _BAR_PT * unit
    for share, words in ticks:
        y = bottom + share * side
        page.text(end + 1.5 * gap, y, words, LABEL_PT, va="center_baseline")
    bar.set_yticks([share for share, _ in ticks], labels=[])
    bar.tick_params(length=0.6 * gap, width=0.5 * unit, color=LINE)
    words = _bar_title(shading, cells.is_difference, percent)
    page.text(end + 2 * gap + figures + gap, middle[1], words, AXIS_PT, va="top", **upright)


def _draw_cells(
    axes: Axes,
    values: NDArray[np.float64],
    shading: Shading,
    is_difference: bool,
    unit: float,
) -> None:
    """Colour the cells that are not zero: one outline for all cells of one colour.

    Cells as an image would be blurred by many viewers, and 10,000 outlines make a large file.
    """
    rgb = _paint(shading.strength(values), values, is_difference)
    rows, columns = np.nonzero(values)
    shades, which = np.unique(rgb[rows, columns], axis=0, return_inverse=True)
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    paths = []
    for shade in range(len(shades)):
        chosen = which.ravel() == shade
        starts = np.stack([columns[chosen], rows[chosen]], axis=1)
        vertices = (starts[:, None] + corners).reshape(-1, 2)
        paths.append(Path(vertices, codes * len(starts)))
    # Smoothed edges would let the ground shine through between neighbours.
    cells = PathCollection(paths, facecolors=shades / 255, linewidths=0, antialiaseds=False)
    axes.add_collection(cells, autolim=False)
    axes.set(xlim=(0, values.shape[1]), ylim=(values.shape[0], 0), xticks=[], yticks=[])
    _frame(axes, unit)


def _draw_separators(axes: Axes, cells: Cells, unit: float) -> None:
    """Thin lines between superclasses."""
    ends = np.cumsum([size for _, size in cells.groups])[:-1]
    across = [((0, end), (len(cells), end)) for end in ends]
    down = [((end, 0), (end, len(cells))) for end in ends]
    colour = GRID if cells.level == "superclasses" else _SEPARATOR
    axes.add_collection(LineCollection([*across, *down], colors=colour, linewidths=0.4 * unit))


def _draw_figures(
    page: Page, axes: Axes, cells: Cells, shading: Shading, percent: bool, room: float
) -> None:
    """Each cell's figure, all of one size in which the widest fits."""
    places = [(row, column) for row in range(len(cells)) for column in range(len(cells))]
    texts = {place: cells.text(*place, percent) for place in places}
    # Measured large: a font below one point is none to matplotlib.
    widest = max(page.width_of(text, 100.0) for text in texts.values()) / 100 or 1.0
    size_pt = min(_LARGEST_FIGURE_PT, 0.88 * room / widest, 0.6 * room / page.unit)
    values = cells.values(percent)
    rgb = _paint(shading.strength(values), values, cells.is_difference)
    for (row, column), text in texts.items():
        if text:
            axes.text(
                column + 0.5,
                row + 0.5,
                text,
                fontsize=size_pt * page.unit,
                color="black" if colours.is_black_better(rgb[row, column]) else "white",
                ha="center",
                va="center_baseline",
            )


def _name_groups(
    page: Page, cells: Cells, titles: list[str], square: tuple[float, float, float]
) -> None:
    """Superclasses beside and below the matrix, each at the middle of its rows and columns."""
    left, bottom, side = square
    gap, first = _GAP_PT * page.unit, 0
    for title, (_, size) in zip(titles, cells.groups, strict=True):
        middle = (first + size / 2) / len(cells) * side
        look = {"ha": "right", "va": "center", "linespacing": 1.05}
        page.text(left - gap, bottom + side - middle, title, LABEL_PT, **look)
        look = {"ha": "center", "va": "top", "linespacing": 1.05, "rotation": 90}
        page.text(left + middle, bottom - gap, title, LABEL_PT, multialignment="right", **look)
        first += size


def _draw_bar(bar: Axes, shading: Shading, is_difference: bool, unit: float) -> None:
    """The colours from the least to the most, by strength."""
    shares = np.linspace(-1.0 if is_difference else 0.0, 1.0, 2 * colours.STEPS)
    rgb = _paint(np.abs(shares), shares, is_difference)
    bar.imshow(rgb[:, None], origin="lower", aspect="auto", extent=(0, 1, 0, 1))
    bar.set(xticks=[])
    bar.yaxis.tick_right()
    _frame(bar, unit)


def _ticks(shading: Shading, is_difference: bool, percent: bool) -> list[tuple[float, str]]:
    """Places on the bar, 0 to 1, and what stands there."""
    values = shading.ticks(not percent) if shading.logarithmic else _even_ticks(shading, percent)
    places = shading.strength(np.array(values))
    words = [f"{value:.3g}" if percent else f"{value:,.0f}" for value in values]
    if not is_difference:
        return [(float(place), text) for place, text in zip(places, words, strict=True)]
    pairs = zip(places, words, strict=True)
    ticks = [(0.5, "0")]
    for place, text in pairs:
        if place > 0:
            ticks += [(0.5 + place / 2, f"+{text}"), (0.5 - place / 2, f"{MINUS}{text}")]
    return ticks


def _even_ticks(shading: Shading, percent: bool) -> list[float]:
    """Round values at even distances, and the top."""
    locator = MaxNLocator(6, steps=[1, 2, 5, 10], integer=not percent)
    found = [float(value) for value in locator.tick_values(0.0, shading.top)]
    return [value for value in found if value < 0.95 * shading.top] + [shading.top]


def _bar_title(shading: Shading, is_difference: bool, percent: bool) -> str:
    words = "per cent of the true class" if percent else "pictures"
    words += f", A {MINUS} B" if is_difference else ""
    return words + (" (logarithmic colours)" if shading.logarithmic else "")


def _paint(
    strengths: NDArray[np.float64], values: NDArray[np.float64], is_difference: bool
) -> NDArray[np.uint8]:
    return colours.paint(strengths, values, is_difference, "light", _WHITE)


def _frame(axes: Axes, unit: float) -> None:
    for spine in axes.spines.values():
        spine.set(linewidth=0.6 * unit, color=LINE)
    axes.tick_params(labelsize=LABEL_PT * unit, labelcolor=INK)
