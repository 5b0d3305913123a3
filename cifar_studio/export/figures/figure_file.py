"""Figures as PNG, SVG and PDF files: the same input gives the same bytes.

matplotlib without pyplot and without a screen. What a person has set for matplotlib elsewhere
(a matplotlibrc) does not reach these figures, and what is set here does not outlive them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg

from cifar_studio.export.figures.page import Page, Size
from cifar_studio.export.writing import suffix_of, write_export
from cifar_studio.plain_text import printable

# What would differ at each writing, or from one machine to the next, is left out.
_METADATA: dict[str, dict[str, Any]] = {
    ".pdf": {"CreationDate": None},
    ".png": {},
    ".svg": {"Date": None},
}
_STYLE: dict[str, Any] = {
    # DejaVu Sans comes with matplotlib; the others are for who looks at an SVG without it.
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
    "text.parse_math": False,  # a run's name may hold dollar signs
    "pdf.fonttype": 42,  # text that can be searched and edited
    "svg.fonttype": "none",
    "svg.hashsalt": "cifar-studio",
    "hatch.linewidth": 0.6,
}


def write_figure(
    path: Path, size: Size, made_for: tuple[float, float], draw: Callable[[Page], str]
) -> None:
    """Draw a figure and write it atomically, in the format that the suffix says.

    Parameters
    ----------
    path : Path
        .png, .svg or .pdf.
    size : Size
    made_for : (float, float)
        As `Page` means it.
    draw : callable
        Fills the page, and returns the title that the file carries.

    Raises
    ------
    BadInputError
        Another suffix, or the place cannot be written.
    """
    suffix = suffix_of(path, _METADATA)
    with _own_style():
        page = Page(size, made_for)
        FigureCanvasAgg(page.figure)
        metadata = {**_METADATA[suffix], "Title": printable(draw(page))}

        def write(file: BinaryIO) -> None:
            page.figure.savefig(file, format=suffix[1:], dpi=size.dpi, metadata=metadata)

        write_export(path, write)


@contextmanager
def _own_style() -> Iterator[None]:
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        settings: Any = matplotlib.rcParams  # its key type is another in each version
        settings.update(_STYLE)
        yield
