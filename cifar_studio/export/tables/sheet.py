"""Tables of values, and tables for a person to read: cells with marks of footnotes, and these.

How they are written down lives in `write_tables.py`, `markdown.py` and `latex.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cifar_studio.runs.wording import MINUS, NONE

Cell = str | int | float | None
_NUMBER = re.compile(rf"[~+{MINUS}-]?[0-9]")


class Entry(NamedTuple):
    """A cell.

    Attributes
    ----------
    text : str
        As it is meant to be read; nothing in it is markup.
    marks : tuple of int
        Places in the footnotes, from 0.
    """

    text: str
    marks: tuple[int, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A table with a title and footnotes.

    Attributes
    ----------
    rows : tuple of tuples of C Entry
        The first column says what a row is; the others are figures.
    notes : tuple of str
        Footnotes, in order.
    """

    title: str
    header: tuple[Entry, ...]
    rows: tuple[tuple[Entry, ...], ...]
    notes: tuple[str, ...]

    def is_text(self, column: int) -> bool:
        """Whether a column is words, to be set from the left: the first, or without a number."""
        if column == 0:
            return True
        cells = [row[column].text for row in self.rows if row[column].text not in ("", NONE)]
        return bool(cells) and not any(_NUMBER.match(text) for text in cells)


@dataclass(frozen=True)
class PlainTable:
    """Values as they are, and how they are written for a reader.

    Rows have as many cells as the header. `forms` gives formats of numbers by header, for Markdown
    and LaTeX; spreadsheets get every digit.
    """

    title: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    forms: Mapping[str, str] = field(default_factory=dict)

    def sheet(self) -> Sheet:
        """For a reader."""
        rows = tuple(
            tuple(
                Entry(_shown(cell, self.forms.get(name, "{}")))
                for cell, name in zip(row, self.header, strict=True)
            )
            for row in self.rows
        )
        return Sheet(self.title, tuple(map(Entry, self.header)), rows, ())


def letters(place: int) -> str:
    """The mark of a footnote: a to z, then aa, ab and so on; a digit would read as a power."""
    word = ""
    number = place + 1
    while number:
        number, rest = divmod(number - 1, 26)
        word = chr(ord("a") + rest) + word
    return word


def _shown(cell: Cell, form: str) -> str:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return NONE
    return cell if isinstance(cell, str) else form.format(cell)
