"""A table for a person to read: cells that carry marks of footnotes, and the footnotes.

How it is written down lives in `markdown.py` and `latex.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from cifar_studio.runs.wording import MINUS, NONE

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
    title : str
    header : tuple of C Entry
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


@dataclass
class Footnotes:
    """Footnotes while they are gathered; the same words make one footnote."""

    words: list[str] = field(default_factory=list)

    def mark(self, words: str) -> int:
        """The place of these words among the footnotes."""
        if words not in self.words:
            self.words.append(words)
        return self.words.index(words)


def letters(place: int) -> str:
    """The mark of a footnote: a to z, then aa, ab and so on; a digit would read as a power."""
    word = ""
    number = place + 1
    while number:
        number, rest = divmod(number - 1, 26)
        word = chr(ord("a") + rest) + word
    return word
