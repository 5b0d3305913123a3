"""Tables as LaTeX, ruled by booktabs; a fragment for `\\input`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cifar_studio.export.sheet import Entry, Sheet, letters
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
_LAST_LATIN = "\N{LATIN SMALL LETTER LONG S}"  # what pdfLaTeX's usual fonts reach to


def escape(text: str) -> str:
    """Text as LaTeX that prints it, on one line: no command, comment, cell or ligature."""
    escaped = "".join(_SIGNS.get(sign, sign) for sign in printable(text))
    return _LIGATURE.sub(r"\1{}", escaped)


def to_latex(sheet: Sheet) -> str:
    r"""A `table` with caption, `tabular` and footnotes; needs `\usepackage{booktabs}`."""
    notes = [f"{_marks((place,))} {escape(words)}\\par" for place, words in enumerate(sheet.notes)]
    body = [
        r"\begin{table}",
        r"\centering",
        f"\\caption{{{escape(sheet.title)}}}",
        r"\small",
        f"\\begin{{tabular}}{{l{'r' * (len(sheet.header) - 1)}}}",
        r"\toprule",
        _line(sheet.header),
        r"\midrule",
        *map(_line, sheet.rows),
        r"\bottomrule",
        r"\end{tabular}",
        *((r"\par\medskip\raggedright\footnotesize", *notes) if notes else ()),
        r"\end{table}",
    ]
    head = [r"% Needs \usepackage{booktabs}."]
    if any(sign > _LAST_LATIN for sign in "\n".join(body)):
        head.append("% Some letters need LuaLaTeX or XeLaTeX, and a font that has them.")
    return "\n".join((*head, *body)) + "\n"


def _line(entries: Iterable[Entry]) -> str:
    return f"{' & '.join(f'{escape(entry.text)}{_marks(entry.marks)}' for entry in entries)} \\\\"


def _marks(marks: tuple[int, ...]) -> str:
    return f"\\textsuperscript{{{', '.join(map(letters, marks))}}}" if marks else ""
