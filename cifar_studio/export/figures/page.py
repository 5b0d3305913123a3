"""A figure's page: its size, its style and its caption. Lengths are points.

Every size of type, width of line and distance is multiplied by the page's `unit`, so that a
figure of another size is the same figure: what does not overlap at the one does not at another.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.textpath import text_to_path

from cifar_studio.errors import BadInputError
from cifar_studio.plain_text import printable

INK, MUTED, LINE, GRID = "#1C1C1A", "#5A5A55", "#8C8C86", "#D9D9D5"
TITLE_PT, DETAIL_PT, AXIS_PT, LABEL_PT = 11.0, 8.5, 9.0, 7.5
MARGIN_PT, PAD_PT = 10.0, 4.0
THIN = 0.8
POINTS_AN_INCH = 72
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


@dataclass(frozen=True, eq=False)
class Page:
    """A figure with its caption.

    Attributes
    ----------
    figure : Figure
    body : SubFigure
        What is below the caption and within the margins.
    unit : float
        1 at the size for which what is drawn was laid out.
    width : float
        Of the body, in points.
    """

    figure: Figure
    body: SubFigure
    unit: float
    width: float


@contextmanager
def new_page(size: Size, made_for: tuple[float, float], caption: Caption) -> Iterator[Page]:
    """A page with its caption, and the style in which all on it is to be drawn and saved.

    What a person has set for matplotlib elsewhere (a matplotlibrc) does not reach the page, and
    what is set here does not outlive it.

    Parameters
    ----------
    size : Size
    made_for : (float, float)
        Inches at which the page's unit is 1.
    caption : Caption
    """
    # A hair more than whole pixels, since the renderer cuts off and does not round.
    width_in, height_in = ((pixels + 1e-6) / size.dpi for pixels in size.pixels)
    unit = min(width_in / made_for[0], height_in / made_for[1])
    margin, pad = (unit * points / POINTS_AN_INCH for points in (MARGIN_PT, PAD_PT))
    across, up = margin / width_in, margin / height_in
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        settings: Any = matplotlib.rcParams  # its key type is another in each version
        settings.update(_style(unit))
        layout = ConstrainedLayoutEngine(
            rect=(across, up, 1 - 2 * across, 1 - 2 * up), w_pad=pad, h_pad=pad, wspace=0, hspace=0
        )
        figure = Figure((width_in, height_in), size.dpi, layout=layout)
        FigureCanvasAgg(figure)
        width = POINTS_AN_INCH * (width_in - 2 * margin)
        # matplotlib leaves room for one title above each part: the details have a part within.
        body = figure.subfigures()
        title = shortened(caption.title, width, TITLE_PT * unit, "bold")
        body.suptitle(title, x=0, ha="left", fontsize=TITLE_PT * unit, weight="bold")
        if caption.details:
            body = body.subfigures()
            details = [shortened(line, width, DETAIL_PT * unit) for line in caption.details]
            look: dict[str, Any] = {"color": MUTED, "linespacing": 1.3}
            words = "\n".join(details)
            body.suptitle(words, x=0, ha="left", fontsize=DETAIL_PT * unit, **look)
        yield Page(figure, body.subfigures(), unit, width)


def _style(unit: float) -> dict[str, Any]:
    ticks = {"color": LINE, "labelcolor": INK}
    ticks |= {f"major.{key}": size * unit for key, size in _TICKS_PT.items()}
    return {
        # DejaVu Sans comes with matplotlib; the others are for who looks at an SVG without it.
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
        "font.size": LABEL_PT * unit,
        "text.color": INK,
        "text.parse_math": False,  # a run's name may hold dollar signs
        "axes.axisbelow": True,
        "axes.edgecolor": LINE,
        "axes.labelcolor": INK,
        "axes.labelpad": 4 * unit,
        "axes.labelsize": AXIS_PT * unit,
        "axes.linewidth": 0.6 * unit,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "grid.color": GRID,
        "grid.linewidth": 0.5 * unit,
        "hatch.linewidth": 0.6 * unit,
        "legend.borderaxespad": 0.2,
        "legend.borderpad": 0.2,
        "legend.columnspacing": 1.2,
        "legend.frameon": False,
        "lines.linewidth": 1.4 * unit,
        "lines.markersize": 3.2 * unit,
        "patch.linewidth": 0.6 * unit,
        **{f"{axis}tick.{key}": value for axis in "xy" for key, value in ticks.items()},
        "pdf.fonttype": 42,  # text that can be searched and edited
        "svg.fonttype": "none",
        "svg.hashsalt": "cifar-studio",
    }


_TICKS_PT = {"size": 3.0, "width": 0.5, "pad": 3.0}


def legend_above(axes: Axes, handles: Sequence[Artist], columns: int) -> None:
    """Name what is drawn, above the axes' upper left corner."""
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=min(columns, len(handles))
    )


def text_width(words: str, size_pt: float, weight: str = "normal") -> float:
    """How wide one line will be, in points; `size_pt` is not scaled."""
    font = FontProperties(size=size_pt, weight=weight)
    return _MORE_OR_LESS * text_to_path.get_text_width_height_descent(words, font, False)[0]


def shortened(words: str, width: float, size_pt: float, weight: str = "normal") -> str:
    """As one line without control characters, with an ellipsis where it is too wide.

    Parameters
    ----------
    words : str
    width, size_pt : float
        Points, neither scaled.
    weight : str
    """
    words = printable(words)
    if text_width(words, size_pt, weight) <= width:
        return words

    def cut(end: int) -> str:
        return words[:end].rstrip() + "…"

    ends = range(len(words))
    return cut(max(0, bisect(ends, width, key=lambda n: text_width(cut(n), size_pt, weight)) - 1))
