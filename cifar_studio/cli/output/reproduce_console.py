"""A run trained once more from the same settings, and held against the first, in a terminal."""

from __future__ import annotations

import math
from pathlib import Path

from rich.table import Table

from cifar_studio.cli.output.progress_bar import stderr_console
from cifar_studio.cli.output.training_console import followed
from cifar_studio.plain_text import plain, printable
from cifar_studio.runner.protocol import TrainRequest
from cifar_studio.runs.analysis.reproduction import FigureApart, Reproduction, reproduction_of
from cifar_studio.runs.folder.library import load
from cifar_studio.terminal import as_json, print_result, tell


def reproduce_in_console(request: TrainRequest, *, json: bool) -> int:
    """Train the run that the request repeats, and print what differs.

    Returns 0 where every figure is the same, 3 where they are not, 1 where it could not be trained
    to the end. Raises StudioError.
    """
    ended, ended_well = followed(request)
    if not ended_well or ended.state != "finished":
        print_result(f"run: {printable(ended.folder)}")
        return 1
    original = load(Path(request.repeats))
    found = reproduction_of(original, load(Path(ended.folder)))
    if json:
        print_result(as_json(_as_object(found, original.path, ended.folder)))
    else:
        _show(found)
        tell(found.verdict())
        print_result(f"run: {printable(ended.folder)}")
    return 0 if found.is_exact else 3


def _show(found: Reproduction) -> None:
    table = Table(box=None, pad_edge=False)
    for title in ("Figure", "First", "Again", "Largest difference", "From epoch"):
        table.add_column(title, justify="left" if title == "Figure" else "right")
    for figure in found.figures:
        since = "" if figure.since is None else str(figure.since)
        cells = (_text(figure.first), _text(figure.second), _far(figure), since)
        table.add_row(figure.title, *cells)
    stderr_console().print(table)


def _text(value: float | None) -> str:
    return "—" if value is None else f"{value:.6g}"


def _far(figure: FigureApart) -> str:
    if figure.since is None:
        return "same"
    return f"{figure.largest:.3g}" if math.isfinite(figure.largest) else "one has none"


def _as_object(found: Reproduction, original: Path, repeat: str) -> dict[str, object]:
    return {
        "run": plain(repeat),
        "repeats": plain(str(original)),
        "exact": found.is_exact,
        "verdict": found.verdict(),
        "epochs": found.epochs,
        "figures": [
            {
                "figure": figure.name,
                "first": figure.first,
                "again": figure.second,
                "largest_difference": figure.largest if math.isfinite(figure.largest) else None,
                "from_epoch": figure.since,
            }
            for figure in found.figures
        ],
        "circumstances": {one.name: list(one.values) for one in found.circumstances},
    }
