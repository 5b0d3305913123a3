"""Figures as PNG, SVG and PDF files: the same input gives the same bytes.

matplotlib without pyplot and without a screen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from cifar_studio.export.figures.page import AXIS_PT, GRID, INK, LABEL_PT, LINE, Caption, Page, Size
from cifar_studio.export.writing import suffix_of, write_export
from cifar_studio.plain_text import printable

_MARGIN_PT, _PAD_PT = 11.5, 2.5
# What would differ at each writing, or from one machine to the next, is left out.
_LEFT_OUT = {".pdf": {"CreationDate": None}, ".png": {}, ".svg": {"Date": None}}


@contextmanager
def figure_file(
    path: Path, size: Size | None, made_for: tuple[float, float], caption: Caption
) -> Iterator[Page]:
    """A page with a caption to draw on, written at the end in the format that the suffix says.

    What a person has set for matplotlib elsewhere (a matplotlibrc) does not reach it, and what is
    set here does not outlive it. A file is there whole or not at all.

    Parameters
    ----------
    path : Path
        .png, .svg or .pdf.
    size : Size or None
        None for `made_for`.
    made_for : (float, float)
        Inches at which the page's unit is 1.
    caption : Caption
        Its title is the file's too.

    Raises
    ------
    BadInputError
        Another suffix, or the place cannot be written.
    """
    suffix = suffix_of(path, _LEFT_OUT)
    metadata = {**_LEFT_OUT[suffix], "Title": printable(caption.title)}
    with matplotlib.rc_context():
        page = _page(size or Size(*made_for), made_for)
        page.draw_caption(caption)
        yield page
        page.fix_layout()
        options: dict[str, Any] = {"dpi": page.figure.dpi, "metadata": metadata}
        write_export(path, lambda file: page.figure.savefig(file, format=suffix[1:], **options))


def _page(size: Size, made_for: tuple[float, float]) -> Page:
    # A hair more than whole pixels, since the renderer cuts off and does not round.
    width, height = (72 * (pixels + 1e-6) / size.dpi for pixels in size.pixels)
    unit = min(width / made_for[0], height / made_for[1]) / 72
    _set_style(unit)
    margin, pad_in = _MARGIN_PT * unit, _PAD_PT * unit / 72
    rect = (margin / width, margin / height, 1 - 2 * margin / width, 1 - 2 * margin / height)
    layout = ConstrainedLayoutEngine(
        rect=rect, w_pad=pad_in, h_pad=pad_in, wspace=0.06, hspace=0.04
    )
    figure = Figure((width / 72, height / 72), size.dpi, layout=layout)
    FigureCanvasAgg(figure)
    body = figure.subfigures(1, 1, squeeze=False)[0, 0]
    return Page(figure, body, unit, width - 2 * margin)


def _set_style(unit: float) -> None:
    rc: Any = matplotlib.rc  # its types know one group at a time
    matplotlib.rcdefaults()
    # DejaVu Sans comes with matplotlib; the others are for who looks at an SVG without it.
    fonts = {"sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"]}
    rc("font", family="sans-serif", size=LABEL_PT * unit, **fonts)
    rc("text", color=INK, parse_math=False)  # a run's name may hold dollar signs
    rc("axes", axisbelow=True, edgecolor=LINE, linewidth=0.6 * unit)
    rc("axes", labelcolor=INK, labelpad=4 * unit, labelsize=AXIS_PT * unit)
    rc("axes.spines", right=False, top=False)
    rc("grid", color=GRID, linewidth=0.5 * unit)
    rc("legend", borderaxespad=0.2, borderpad=0.2, columnspacing=1.2, frameon=False)
    rc("lines", linewidth=1.4 * unit, markersize=3.2 * unit)
    rc(("hatch", "patch"), linewidth=0.6 * unit)
    rc(("xtick", "ytick"), color=LINE, labelcolor=INK)
    rc(("xtick.major", "ytick.major"), size=3 * unit, width=0.5 * unit, pad=3 * unit)
    rc("pdf", fonttype=42)  # text that can be searched and edited
    rc("svg", fonttype="none", hashsalt="cifar-studio")
