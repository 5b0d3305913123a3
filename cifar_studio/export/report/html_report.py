"""A report of runs as one HTML file that needs nothing else: figures and pictures are inside.

What goes into it is gathered by `runner/exporting/html_material.py`; how it looks is
`report.html.jinja` and `report.css` in `resources/templates`. It holds no script and fetches
nothing.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path

from cifar_studio.export.report.references import Reference
from cifar_studio.export.tables.sheet import Sheet
from cifar_studio.export.templates import page, verbatim
from cifar_studio.export.writing import suffix_of, write_export

_PX_A_POINT = 1.2
_WIDEST_PX = 900
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Figure:
    """A drawing as SVG; its caption is also what is read aloud in its place."""

    svg: bytes
    caption: str

    @property
    def address(self) -> str:
        """The drawing itself, as an address."""
        return f"data:image/svg+xml;base64,{base64.b64encode(self.svg).decode()}"

    @property
    def width_px(self) -> int:
        """How wide it is shown: one that was made small is not blown up."""
        found = re.search(rb'<svg [^>]*?width="([0-9.]+)pt"', self.svg)
        return round(float(found[1]) * _PX_A_POINT) if found else _WIDEST_PX


@dataclass(frozen=True)
class Sample:
    """A test picture as PNG, its class, and what the network said."""

    png: bytes
    true: str
    said: str
    confidence_percent: float

    @property
    def address(self) -> str:
        """The picture itself, as an address."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"

    @property
    def is_right(self) -> bool:
        return self.true == self.said


@dataclass(frozen=True)
class Gallery:
    """Pictures under one heading."""

    title: str
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class Setting:
    """A setting of a run; `preset` is the nearest preset's value where it is another one."""

    name: str
    value: str
    preset: str = ""


@dataclass(frozen=True)
class Chapter:
    """All that is told of one run.

    Attributes
    ----------
    folder : str
        Name of its run folder.
    comparison : str
        How it stands to the report.
    notes : tuple of str
        What a person wrote about it, a paragraph each.
    headline : pairs of str
        The few figures that matter most.
    long_sheets : tuple of Sheet
        Those that are folded.
    preset : str
        Title of the nearest preset.
    gaps : tuple of str
        What is missing, and how to get it.
    """

    title: str
    folder: str
    comparison: str
    notes: tuple[str, ...]
    headline: Pairs
    method: str
    figures: tuple[Figure, ...]
    sheets: tuple[Sheet, ...]
    long_sheets: tuple[Sheet, ...]
    galleries: tuple[Gallery, ...]
    settings: tuple[Setting, ...]
    preset: str
    environment: Pairs
    gaps: tuple[str, ...]


@dataclass(frozen=True)
class ExperimentChapter:
    """What is told of an experiment as a whole.

    Attributes
    ----------
    question : str
        In words; empty where there is none.
    headline : pairs of str
        The few figures that matter most.
    said : tuple of str
        What else is to be known of the answer, sentences.
    varied : pairs of str
        What was varied, and over what.
    method : str
        Empty for single runs that a person gathered.
    gaps : tuple of str
        What is missing, and how to get it.
    """

    title: str
    question: str
    headline: Pairs
    said: tuple[str, ...]
    varied: Pairs
    method: str
    figures: tuple[Figure, ...]
    sheets: tuple[Sheet, ...]
    long_sheets: tuple[Sheet, ...]
    gaps: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """The whole text: Table 2, figures of all runs together, and a chapter for each.

    `studio` is the version that wrote it. A report of an experiment begins with its chapter, and
    has Table 2 where the experiment is about the report.
    """

    title: str
    subtitle: str
    table: Sheet | None
    figures: tuple[Figure, ...]
    chapters: tuple[Chapter, ...]
    references: tuple[Reference, ...]
    studio: str
    experiment: ExperimentChapter | None = None


def write_html_report(path: Path, report: Report) -> None:
    """Write a report as .html, atomically; the same report gives the same bytes.

    Raises
    ------
    BadInputError
        Another suffix, or the place cannot be written.
    """
    suffix_of(path, (".html",))
    text = html_of(report).encode()
    write_export(path, lambda file: file.write(text))


def html_of(report: Report) -> str:
    """The page."""
    return page("report.html.jinja", report=report, style=verbatim("report.css"))
