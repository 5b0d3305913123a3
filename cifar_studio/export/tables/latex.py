"""Tables as LaTeX, ruled by booktabs; a fragment for `\\input`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cifar_studio.export.tables.sheet import Entry, Sheet, letters
from cifar_studio.plain_text import printable

_SIGNS = {
    **{sign: f"\\{sign}" for sign in "{}$&#%_"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\char34{}",  # babel gives the sign itself another meaning in some languages
    "[": "{[}",  # after a row's end it would open an argument, and a star would be one
    "]": "{]}",
    "*": "{*}",
    "…": r"\ldots{}",
    "—": r"\textemdash{}",
    "–": r"\textendash{}",
    "·": r"\textperiodcentered{}",
    "×": r"$\times$",
    "\N{MINUS SIGN}": "$-$",
}
_LIGATURE = re.compile(r"([-`',!?])(?=[-`',])")
_PAGE_ROWS = 45
_LAST_LATIN = "\N{LATIN SMALL LETTER LONG S}"  # what pdfLaTeX's usual fonts reach to


def escape(text: str) -> str:
    """Text as LaTeX that prints it, on one line: no command, comment, cell or ligature."""
    escaped = "".join(_SIGNS.get(sign, sign) for sign in printable(text))
    return _LIGATURE.sub(r"\1{}", escaped)


def to_latex(sheet: Sheet) -> str:
    r"""Caption, table and footnotes; needs `\usepackage{booktabs}`.

    A `table` with a `tabular`; one of more rows than a page holds is a `longtable`, which breaks
    over pages and needs that package too.
    """
    is_long = len(sheet.rows) > _PAGE_ROWS
    body = _long_table(sheet) if is_long else _table(sheet)
    packages = r"\usepackage{booktabs}" + (r" and \usepackage{longtable}" if is_long else "")
    head = [f"% Needs {packages}."]
    if any(sign > _LAST_LATIN for sign in "\n".join(body)):
        head.append("% Some letters need LuaLaTeX or XeLaTeX, and a font that has them.")
    return "\n".join((*head, *body)) + "\n"


def _table(sheet: Sheet) -> list[str]:
    notes = _notes(sheet)
    return [
        r"\begin{table}",
        r"\centering",
        f"\\caption{{{escape(sheet.title)}}}",
        r"\small",
        f"\\begin{{tabular}}{{{_columns(sheet)}}}",
        r"\toprule",
        _line(sheet.header),
        r"\midrule",
        *map(_line, sheet.rows),
        r"\bottomrule",
        r"\end{tabular}",
        *((r"\par\medskip\raggedright\footnotesize", *notes) if notes else ()),
        r"\end{table}",
    ]


def _long_table(sheet: Sheet) -> list[str]:
    """The header again on each page."""
    return [
        r"{\small",
        f"\\begin{{longtable}}{{{_columns(sheet)}}}",
        f"\\caption{{{escape(sheet.title)}}} \\\\",
        r"\toprule",
        _line(sheet.header),
        r"\midrule",
        r"\endhead",
        *map(_line, sheet.rows),
        r"\bottomrule",
        r"\end{longtable}",
        *_notes(sheet),
        "}",
    ]


def _columns(sheet: Sheet) -> str:
    return "".join("l" if sheet.is_text(column) else "r" for column in range(len(sheet.header)))


def _notes(sheet: Sheet) -> list[str]:
    return [f"{_marks((place,))} {escape(words)}\\par" for place, words in enumerate(sheet.notes)]


def _line(entries: Iterable[Entry]) -> str:
    return f"{' & '.join(f'{escape(entry.text)}{_marks(entry.marks)}' for entry in entries)} \\\\"


def _marks(marks: tuple[int, ...]) -> str:
    return f"\\textsuperscript{{{', '.join(map(letters, marks))}}}" if marks else ""
