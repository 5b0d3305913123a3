"""Tables as Markdown: GitHub's tables, which most readers of Markdown know."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cifar_studio.export.tables.sheet import Entry, Sheet, letters
from cifar_studio.plain_text import printable

# Readers disagree about a backslash before a pipe in a table, and about HTML.
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "\\": "&#92;"}
# A full stop or colon before a letter or slash could be in an address, which some readers make a
# link, and two colons name a picture.
_SPECIAL = re.compile(r"[&<>|\\`*_{}\[\]#!~$@^]|[.:](?=[^\W\d]|[/+-])")


def escape(text: str) -> str:
    """Text as Markdown that shows it, on one line: no markup, link, HTML or cell of its own."""
    return _SPECIAL.sub(_escaped, printable(text))


def to_markdown(sheet: Sheet) -> str:
    """The title, the table and its footnotes, ending in a line end."""
    columns = range(len(sheet.header))
    rule = " | ".join("---" if sheet.is_text(column) else "---:" for column in columns)
    lines = [_line(sheet.header), f"| {rule} |", *map(_line, sheet.rows)]
    notes = [f"{_marks((place,))} {escape(words)}" for place, words in enumerate(sheet.notes)]
    return "\n\n".join((f"**{escape(sheet.title)}**", "\n".join(lines), *notes)) + "\n"


def _line(entries: Iterable[Entry]) -> str:
    cells = (f"{escape(entry.text)}{_marks(entry.marks)}" for entry in entries)
    return f"| {' | '.join(cells)} |"


def _marks(marks: tuple[int, ...]) -> str:
    return f"<sup>{', '.join(map(letters, marks))}</sup>" if marks else ""


def _escaped(match: re.Match[str]) -> str:
    return _ENTITIES.get(match[0], f"\\{match[0]}")
