"""A figure's page: its size, its type and its caption. Lengths are points, from the lower left.

What is drawn on it is laid out for one size and scaled as a whole to any other: what does not
overlap at the one does not at another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from cifar_studio.errors import BadInputError
from cifar_studio.plain_text import printable

INK, MUTED, LINE, GRID = "#1C1C1A", "#5A5A55", "#8C8C86", "#D9D9D5"
TITLE_PT, DETAIL_PT, AXIS_PT, LABEL_PT = 11.0, 8.5, 9.0, 7.5
MARGIN_PT = 14.0
_POINTS_AN_INCH = 72
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


class Page:
    """An empty figure with room for a caption.

    Parameters
    ----------
    size : Size
    made_for : (float, float)
        Inches for which what is drawn was laid out: there `unit` is 1.

    Attributes
    ----------
    width, height : float
        Points.
    unit : float
        What every length of the layout is multiplied by.
    """

    def __init__(self, size: Size, made_for: tuple[float, float]) -> None:
        # A hair more than whole pixels, since the renderer cuts off and does not round.
        inches = [(pixels + 1e-6) / size.dpi for pixels in size.pixels]
        self.figure = Figure(figsize=(inches[0], inches[1]), dpi=size.dpi, facecolor="white")
        self.width, self.height = (_POINTS_AN_INCH * length for length in inches)
        self.unit = min(inches[0] / made_for[0], inches[1] / made_for[1])

    def axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        """Axes at a place in points."""
        shares = (
            left / self.width,
            bottom / self.height,
            width / self.width,
            height / self.height,
        )
        return self.figure.add_axes(shares)

    def text(self, x: float, y: float, words: str, size_pt: float, **look: Any) -> None:
        """Words at a place in points; `size_pt` is scaled with the page."""
        look = {"color": INK, **look}
        place = (x / self.width, y / self.height)
        self.figure.text(*place, words, fontsize=size_pt * self.unit, **look)

    def width_of(self, words: str, size_pt: float, weight: str = "normal") -> float:
        """How wide the widest line will be, in points."""
        font = FontProperties(size=size_pt * self.unit, weight=weight)
        widths = (
            text_to_path.get_text_width_height_descent(line, font, False)[0]
            for line in words.split("\n")
        )
        return _MORE_OR_LESS * max(widths)

    def shortened(self, words: str, width: float, size_pt: float, weight: str = "normal") -> str:
        """As one line without control characters, with an ellipsis where it is too wide."""
        words = printable(words)
        if self.width_of(words, size_pt, weight) <= width:
            return words
        fits, too_long = 0, len(words)
        while too_long - fits > 1:
            middle = (fits + too_long) // 2
            wide = self.width_of(words[:middle].rstrip() + "…", size_pt, weight) > width
            fits, too_long = (fits, middle) if wide else (middle, too_long)
        return words[:fits].rstrip() + "…"

    def draw_caption(self, caption: Caption) -> float:
        """Put the caption on top; returns where it ends, in points from below."""
        margin = MARGIN_PT * self.unit
        top, room = self.height - margin, self.width - 2 * margin
        lines = [(caption.title, TITLE_PT, "bold", INK)]
        lines += [(words, DETAIL_PT, "normal", MUTED) for words in caption.details]
        for words, size_pt, weight, colour in lines:
            top -= size_pt * self.unit
            short = self.shortened(words, room, size_pt, weight)
            self.text(margin, top, short, size_pt, weight=weight, color=colour, va="baseline")
            top -= 0.5 * size_pt * self.unit
        return top


def wrapped(words: str, page: Page, size_pt: float, width: float) -> str:
    """In two lines of about the same length where one is too wide, each shortened to the width."""
    whole = page.shortened(words, math.inf, size_pt)
    parts = whole.split(" ")
    if page.width_of(whole, size_pt) <= width or len(parts) == 1:
        return page.shortened(whole, width, size_pt)
    halves = [(" ".join(parts[:cut]), " ".join(parts[cut:])) for cut in range(1, len(parts))]
    best = min(halves, key=lambda two: max(page.width_of(half, size_pt) for half in two))
    return "\n".join(page.shortened(half, width, size_pt) for half in best)
