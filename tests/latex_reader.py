"""Reads the LaTeX of a table back, and refuses whatever an exported table has no business with."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|%[^\n]*|[{}&$]|[^\\{}&$%]", re.DOTALL)
_WORDS = {
    r"\textbackslash": "\\",
    r"\textasciitilde": "~",
    r"\textasciicircum": "^",
    r"\textless": "<",
    r"\textgreater": ">",
    r"\textbar": "|",
    r"\ldots": "…",
    r"\textemdash": "—",
    r"\textendash": "–",
    r"\textperiodcentered": "·",
}


def rows_of(latex: str) -> list[list[str]]:
    """The cells of the first `tabular` as they are read, marks in brackets: "51.62[a]"."""
    start = latex.index("\\toprule\n") + len("\\toprule\n")
    body = (
        latex[start : latex.index("\\bottomrule\n")]
        .replace("\\midrule\n", "")
        .replace("\\endhead\n", "")
    )
    rows, cells, cell, depth = [], [], "", 0
    for token in _TOKEN.findall(body):
        if token == "\n" and not cell and not cells:
            continue
        if depth == 0 and token in ("&", r"\\"):
            cells.append(text_of(cell).strip())
            cell = ""
            if token == r"\\":
                rows.append(cells)
                cells = []
            continue
        depth += (token == "{") - (token == "}")
        assert depth >= 0, body
        cell += token
    assert not cells
    assert not cell
    return rows


def notes_of(latex: str) -> list[str]:
    """The footnotes, each after its mark."""
    lines = latex[latex.index("\\end{tabular}") :].splitlines()
    return [text_of(line.removesuffix("\\par")) for line in lines if line.endswith(".\\par")]


def text_of(latex: str) -> str:
    """What a piece of LaTeX prints; fails at commands and signs that no table needs."""
    latex = re.sub(r"\\textsuperscript\{([a-z, ]+)\}", r"{[}\1{]}", latex)
    latex = latex.replace(r"\char34{}", "\0").replace("$-$", "−").replace(r"$\times$", "×")
    text, depth = "", 0
    for token in _TOKEN.findall(latex):
        if token in "{}":
            depth += 1 if token == "{" else -1
            assert depth >= 0, latex
        elif token.startswith("\\"):
            text += _WORDS[token] if token[1].isalpha() else _sign(token)
        else:
            assert token[0] not in "&$%#_~^", latex
            text += token
    assert depth == 0, latex
    return text.replace("\0", '"')


def _sign(token: str) -> str:
    assert token[1] in "{}$&#%_", token
    return token[1]
