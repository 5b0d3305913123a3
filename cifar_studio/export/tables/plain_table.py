"""A table of values without footnotes, in every format that tables leave in."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cifar_studio.export.tables.sheet import Entry, Sheet
from cifar_studio.export.tables.table_file import write_table_file
from cifar_studio.export.tables.write_tables import Cell
from cifar_studio.runs.wording import NONE


@dataclass(frozen=True)
class PlainTable:
    """Values as they are, and how they are written for a reader.

    Attributes
    ----------
    title : str
    header : (C,) str
    rows : sequence of (C,) cells
    forms : mapping of header to format
        Of numbers, for Markdown and LaTeX; spreadsheets get every digit.
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


def write_plain_table(path: Path, table: PlainTable) -> None:
    """Write a table by its suffix, atomically: .csv, .tsv, .md or .tex.

    Raises
    ------
    BadInputError
        Another suffix, or the place cannot be written.
    """
    write_table_file(path, table.header, table.rows, table.sheet)


def _shown(cell: Cell, form: str) -> str:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return NONE
    return cell if isinstance(cell, str) else form.format(cell)
