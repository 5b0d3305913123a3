"""Tables as files: text that spreadsheets, pandas and R read alike, Markdown and LaTeX.

Nothing here draws, and the window uses it directly.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from cifar_studio.export.tables.latex import to_latex
from cifar_studio.export.tables.markdown import to_markdown
from cifar_studio.export.tables.sheet import Cell, Sheet
from cifar_studio.export.writing import suffix_of, write_export

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
# RFC 4180's line end. Excel, LibreOffice, pandas and R take it on every system; a lone "\n" some
# old readers on Windows do not.
_LINE_END = "\r\n"
# Without this mark Excel reads UTF-8 as the local code page and garbles umlauts. LibreOffice, R's
# readr and pandas skip it; Python's csv does with the encoding "utf-8-sig".
_ENCODING = "utf-8-sig"
# What a spreadsheet takes for the start of a formula, and the full-width forms that Excel turns
# into these on some systems. Tab and line ends are skipped by some readers, with what follows
# becoming the start.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
_SAFE = "'"


class Table(Protocol):
    """Values for a spreadsheet, and the same laid out for a reader."""

    @property
    def header(self) -> Sequence[str]:
        """(C,) titles."""

    @property
    def rows(self) -> Iterable[Sequence[Cell]]:
        """(C,) cells each."""

    def sheet(self) -> Sheet:
        """For Markdown and LaTeX."""


def write_table_file(path: Path, table: Table) -> None:
    """Write a table by its suffix, atomically: .csv, .tsv, .md or .tex.

    Raises
    ------
    BadInputError
        Another suffix, or the place cannot be written.
    """
    suffix = suffix_of(path, (*_DELIMITERS, ".md", ".tex"))
    if suffix in _DELIMITERS:
        write_table(path, table.header, table.rows)
        return
    text = to_markdown(table.sheet()) if suffix == ".md" else to_latex(table.sheet())
    write_export(path, lambda file: file.write(text.encode()))


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a table, comma-separated (.csv) or tab-separated (.tsv), atomically.

    Numbers have a decimal point and as many digits as give the same number when read; None and NaN
    are empty cells.

    Text that a spreadsheet would run as a formula gets an apostrophe before it: a run's name comes
    from whoever made the run, and `=HYPERLINK(...)` must not run on the computer of who opens the
    table. Quotes do not help, since spreadsheets drop them first. It is what OWASP advises ("CSV
    Injection"): it may be seen in the cell, but no spreadsheet runs it, and a program finds one
    known character to take away. Text that is a number is left as it is.

    Parameters
    ----------
    path : Path
    header : (C,) str
    rows : iterable of (C,) cells

    Raises
    ------
    BadInputError
        Another suffix, or the place cannot be written.
    ValueError
        A row is longer or shorter than the header.
    """
    delimiter = _DELIMITERS[suffix_of(path, _DELIMITERS)]
    lines = [[_as_text(cell) for cell in line] for line in (header, *rows)]
    if any(len(line) != len(header) for line in lines):
        raise ValueError(f"a row has not the header's {len(header)} cells")
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=_LINE_END).writerows(lines)
    write_export(path, lambda file: file.write(text.getvalue().encode(_ENCODING, "replace")))


def _as_text(cell: Cell) -> str:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, str):
        is_formula = cell.startswith(_FORMULA_STARTS) and not _is_number(cell)
        return f"{_SAFE}{cell}" if is_formula else cell
    return str(cell)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and text == text.strip()
    except ValueError:
        return False
