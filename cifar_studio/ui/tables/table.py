"""A table on its way out of the window: to a file or to the clipboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cifar_studio.export.tables.sheet import Cell


@dataclass(frozen=True)
class Table:
    """Values as they are, not as they are shown.

    Attributes
    ----------
    name : str
        What it is called, in the words of a file name.
    header : tuple of C str
    rows : sequence of (C,) cells
        None and NaN are undefined.
    """

    name: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
