"""A figure's page: its size, its caption, and room to draw below it.

Every size of type, width of line and distance is multiplied by the page's `unit`, so that a
figure of another size is the same figure: what does not overlap at the one does not at another.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase, SubFigure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from cifar_studio.errors import BadInputError
from cifar_studio.plain_text import printable

INK, MUTED, LINE, GRID = "#1C1C1A", "#5A5A55", "#8C8C86", "#D9D9D5"
TITLE_PT, DETAIL_PT, AXIS_PT, LABEL_PT = 11.0, 8.5, 9.0, 7.5
_INCHES = (3.0, 40.0)
_DPI = (50, 1200)
_MOST_PIXELS = 10_000
_MORE_OR_LESS = 1.03  # a renderer's own width of a text differs a little from the outlines'


@dataclass(frozen=True)
class Size:
    """How large a figure is; the dots are those of a PNG file.

    Attributes
    ----------
    width_in, height_in : float
        3 to 40 inches.
    dpi : int
        50 to 1200 dots an inch; at most 10,000 dots along an edge.

    Raises
    ------
    BadInputError
        Out of these limits.
    """

    width_in: float
    height_in: float
    dpi: int = 300

    def __post_init__(self) -> None:
        least, most = _INCHES
        for name, inches in (("width", self.width_in), ("height", self.height_in)):
            if not least <= inches <= most:  # also what is no number
                raise BadInputError(
                    f"a figure's {name} of {inches:g} inches is out of range",
                    f"Give one from {least:g} to {most:g}",
                )
        if not _DPI[0] <= self.dpi <= _DPI[1]:
            raise BadInputError(
                f"{self.dpi} dots an inch are out of range", f"Give {_DPI[0]} to {_DPI[1]}"
            )
        if max(self.pixels) > _MOST_PIXELS:
            raise BadInputError(
                f"the figure would have {self.pixels[0]:,} x {self.pixels[1]:,} pixels",
                f"Keep each edge below {_MOST_PIXELS:,}: fewer inches, or fewer dots an inch",
            )

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height."""
        return round(self.width_in * self.dpi), round(self.height_in * self.dpi)


@dataclass(frozen=True)
class Caption:
    """The lines above a figure.

    Attributes
    ----------
    title : str
        What it is of; shortened where it does not fit.
    details : tuple of str
        A line each.
    """

    title: str
    details: tuple[str, ...] = ()


@dataclass(eq=False)
class Page:
    """A figure that is being drawn.

    Attributes
    ----------
    figure : Figure
    body : FigureBase
        The part of the figure below the caption and within the margins.
    unit : float
        1 at the size for which what is drawn was laid out.
    width : float
        Of the body, in points.
    """

    figure: Figure
    body: FigureBase
    unit: float
    width: float

    def draw_caption(self, caption: Caption) -> None:
        """Put the caption on top of the body, which from then on is what lies below."""
        title: dict[str, Any] = {"size": TITLE_PT, "weight": "bold", "color": INK}
        details: dict[str, Any] = {"size": DETAIL_PT, "weight": "normal", "color": MUTED}
        for lines, look in (([caption.title], title), (caption.details, details)):
            fitting = [self.shortened(x, self.width, look["size"], look["weight"]) for x in lines]
            look["size"] *= self.unit
            self.body.suptitle("\n".join(fitting), x=0, ha="left", linespacing=1.3, **look)
            # matplotlib keeps room for one title in each part.
            self.body = self.body.subfigures(1, 1, squeeze=False)[0, 0]

    def fix_layout(self) -> None:
        """Put everything in its place, where it stays in each format."""
        engine = self.figure.get_layout_engine()
        if engine is None:
            return
        engine.execute(self.figure)
        self.figure.set_layout_engine(None)
        # The solver's last bits differ from time to time, and the same figure has the same bytes.
        for axes in self.figure.axes:
            axes.set_position(np.round(axes.get_position(original=True).bounds, 9).tolist())
        for part in self.figure.findobj(SubFigure):
            part.bbox_relative.bounds = np.round(part.bbox_relative.bounds, 9)

    def width_of(self, words: str, size_pt: float = LABEL_PT, weight: str = "normal") -> float:
        """How wide one line will be, in points; `size_pt` is scaled with the page."""
        font = FontProperties(size=size_pt * self.unit, weight=weight)
        return _MORE_OR_LESS * text_to_path.get_text_width_height_descent(words, font, False)[0]

    def shortened(
        self, words: str, width: float, size_pt: float = LABEL_PT, weight: str = "normal"
    ) -> str:
        """As one line without control characters, with an ellipsis where it is too wide."""
        words = printable(words)
        if self.width_of(words, size_pt, weight) <= width:
            return words
        cuts = [words[:end].rstrip() + "…" for end in range(len(words))]
        fitting = bisect(cuts, width, key=lambda cut: self.width_of(cut, size_pt, weight))
        return cuts[max(0, fitting - 1)]


def legend_above(axes: Axes, handles: Sequence[Artist], columns: int) -> None:
    """Name what is drawn, above the axes' upper left corner."""
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=columns)
