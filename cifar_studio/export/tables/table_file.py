"""A table in the format that its file's suffix says: for spreadsheets, or for a text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from cifar_studio.export.tables import write_tables
from cifar_studio.export.tables.latex import to_latex
from cifar_studio.export.tables.markdown import to_markdown
from cifar_studio.export.tables.sheet import Sheet
from cifar_studio.export.tables.write_tables import Cell
from cifar_studio.export.writing import suffix_of, write_export

SUFFIXES = (".csv", ".tsv", ".md", ".tex")


def write_table_file(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    sheet: Callable[[], Sheet],
) -> None:
    """Write a table atomically.

    Parameters
    ----------
    path : Path
        .csv or .tsv holds `header` and `rows`; .md or .tex holds `sheet`.
    header : (C,) str
    rows : iterable of (C,) cells
    sheet : callable
        Makes the table for a reader.

    Raises
    ------
    BadInputError
        Another suffix, or the place cannot be written.
    """
    suffix = suffix_of(path, SUFFIXES)
    if suffix in (".csv", ".tsv"):
        write_tables.write_table(path, header, rows)
        return
    text = to_markdown(sheet()) if suffix == ".md" else to_latex(sheet())

    def write(file: BinaryIO) -> None:
        file.write(text.encode())

    write_export(path, write)
