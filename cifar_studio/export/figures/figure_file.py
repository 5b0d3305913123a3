"""Figures as PNG, SVG and PDF files: the same input gives the same bytes.

matplotlib without pyplot and without a screen.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from cifar_studio.export.figures.page import Caption, Page, Size, new_page
from cifar_studio.export.writing import suffix_of, write_export
from cifar_studio.plain_text import printable

# What would differ at each writing, or from one machine to the next, is left out.
_METADATA: dict[str, dict[str, Any]] = {
    ".pdf": {"CreationDate": None},
    ".png": {},
    ".svg": {"Date": None},
}


def write_figure(
    path: Path,
    size: Size | None,
    made_for: tuple[float, float],
    caption: Caption,
    draw: Callable[[Page], None],
) -> None:
    """Draw a figure and write it atomically, in the format that the suffix says.

    Parameters
    ----------
    path : Path
        .png, .svg or .pdf.
    size : Size or None
        None for `made_for`.
    made_for : (float, float)
        Inches, as `new_page` means them.
    caption : Caption
        Stands above the figure; its title is the file's too.
    draw : callable
        Fills the page's body.

    Raises
    ------
    BadInputError
        Another suffix, or the place cannot be written.
    """
    suffix = suffix_of(path, _METADATA)
    size = size or Size(*made_for)
    metadata = {**_METADATA[suffix], "Title": printable(caption.title)}
    with new_page(size, made_for, caption) as page:
        draw(page)

        def write(file: BinaryIO) -> None:
            page.figure.savefig(file, format=suffix[1:], dpi=size.dpi, metadata=metadata)

        write_export(path, write)
