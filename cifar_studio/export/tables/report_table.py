"""The report's Table 2 of chosen runs, beside what the report printed.

As CSV or TSV it has a run a row; as Markdown or LaTeX a run a column, as the report has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cifar_studio.config.report import REPORT_ODDITIES
from cifar_studio.export.tables.report_columns import (
    BY_VALIDATION,
    MEASURES,
    Measure,
    RunColumn,
)
from cifar_studio.export.tables.sheet import Cell, Entry, Sheet
from cifar_studio.runs.analysis.convergence import ConvergenceRule
from cifar_studio.runs.analysis.summary import DEFAULT_RULE
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.wording import MINUS, NONE

TITLE = "Table 2 of the report, repeated with CIFAR Studio"
REPORT = "report, as printed"
DIFFERENCE = "difference"
BESIDE = "Beside the report"
ENDED = "Ended"
MIXED = "The runs are of different data: their figures do not compare with each other."
LOST = "Rows of epochs are lost; the figures are of those that are there."
_REASONS_SHOWN = 2


@dataclass(frozen=True)
class ReportTable:
    """Chosen runs with the report's figures beside those that compare.

    Per cent and seconds have two decimals, losses four; the report's figures stand as printed.
    """

    columns: tuple[RunColumn, ...]
    rule: ConvergenceRule

    @property
    def header(self) -> tuple[str, ...]:
        """Names of what `rows` gives."""
        measures = []
        for measure in MEASURES:
            measures.append(measure.title)
            if measure.in_report:
                about = ", about" if measure.is_about else ""
                measures += [f"{measure.title} ({REPORT}{about})", f"{measure.title} (difference)"]
        return (
            *("Run", "Folder", "Network", "Data", "Device", "Seed"),
            *measures,
            *(ENDED, BESIDE, "Notes"),
        )

    @property
    def rows(self) -> list[tuple[Cell, ...]]:
        """A run a row; None where nothing is known or may stand beside."""
        return [self._row(column) for column in self.columns]

    def sheet(self) -> Sheet:
        """A run a column, with footnotes."""
        return _SheetMaker(self).make()

    def notes(self) -> tuple[str, ...]:
        """Footnotes, each after the titles of the rows that it is about."""
        sheet = self.sheet()
        about: dict[int, list[str]] = {}
        title = ""
        for row in (sheet.header, *sheet.rows):
            if row[0].text not in (REPORT, DIFFERENCE):
                title = row[0].text.removesuffix(", s").removesuffix(", %")
            for mark in (mark for entry in row for mark in entry.marks):
                about.setdefault(mark, []).append(title)
        return tuple(
            f"{'; '.join(titles)}: {sheet.notes[mark]}"
            for mark, titles in about.items()
            if titles != [BESIDE]  # said whole in a column of its own
        )

    def _row(self, column: RunColumn) -> tuple[Cell, ...]:
        figures: list[Cell] = []
        for measure in MEASURES:
            figures.append(measure.studio(column))
            if measure.in_report:
                figures += [measure.printed(column), measure.difference(column)]
        notes = ReportTable((column,), self.rule).notes()
        return (
            *(column.title, column.folder, column.network, column.data, column.device, column.seed),
            *figures,
            *(column.ended, column.verdict(), " ".join(notes)),
        )


def report_table(runs: Sequence[Run], rule: ConvergenceRule = DEFAULT_RULE) -> ReportTable:
    """The table of these runs, in this order."""
    return ReportTable(tuple(RunColumn.of(run, rule) for run in runs), rule)


class _SheetMaker:
    """Lays out a table for reading, and gathers its footnotes."""

    def __init__(self, table: ReportTable) -> None:
        self._columns = table.columns
        self._rule = table.rule
        self._notes: list[str] = []

    def make(self) -> Sheet:
        titles = (self._entry(column.title, _oddities(column, None)) for column in self._columns)
        header, rows = (Entry("Run"), *titles), tuple(self._rows())
        return Sheet(TITLE, header, rows, tuple(self._notes))

    def _rows(self) -> Iterator[tuple[Entry, ...]]:
        yield self._facts("Folder", lambda column: column.folder)
        mixed = len({column.data for column in self._columns}) > 1
        yield self._facts("Data", lambda column: column.data, (MIXED,) if mixed else ())
        yield self._facts("Device", lambda column: column.device)
        yield self._facts("Seed", lambda column: str(column.seed))
        yield self._facts(ENDED, lambda column: column.ended)
        yield (Entry(BESIDE), *map(self._comparability, self._columns))
        compares = any(column.comparability.result for column in self._columns)
        for measure in MEASURES:
            note = measure.note.format(rule=self._rule.describe())
            title = self._entry(measure.title, (note,) if note else ())
            yield (title, *(self._figure(measure, column) for column in self._columns))
            if compares and measure.in_report:
                yield (Entry(REPORT), *(self._printed(measure, column) for column in self._columns))
                yield (Entry(DIFFERENCE), *(_difference(measure, c) for c in self._columns))

    def _facts(
        self, title: str, fact: Callable[[RunColumn], str], notes: tuple[str, ...] = ()
    ) -> tuple[Entry, ...]:
        return (self._entry(title, notes), *(Entry(fact(column)) for column in self._columns))

    def _comparability(self, column: RunColumn) -> Entry:
        whole, short = column.verdict(), column.verdict(_REASONS_SHOWN)
        return self._entry(short, () if short == whole else (f"{column.title}: {whole}.",))

    def _figure(self, measure: Measure, column: RunColumn) -> Entry:
        text = measure.studio(column)
        notes = []
        if measure.name == "epochs" and column.summary.missing_epochs > 0:
            notes.append(LOST)
        if measure.name == "epochs_to_convergence" and column.summary.rule != self._rule:
            notes.append(BY_VALIDATION)
        return self._entry(NONE if text is None else text, notes)

    def _printed(self, measure: Measure, column: RunColumn) -> Entry:
        text = measure.printed(column)
        if text is None:
            return Entry("")
        about = "~" if measure.is_about else ""
        return self._entry(about + text, _oddities(column, measure.name))

    def _entry(self, text: str, notes: Sequence[str]) -> Entry:
        """A cell; the same words make one footnote."""
        self._notes += [words for words in notes if words not in self._notes]
        return Entry(text, tuple(map(self._notes.index, notes)))


def _difference(measure: Measure, column: RunColumn) -> Entry:
    return Entry((measure.difference(column) or "").replace("-", MINUS))


def _oddities(column: RunColumn, figure: str | None) -> list[str]:
    """What is odd about a printed figure, or about a printed column."""
    result = column.comparability.result
    return [
        oddity.words
        for oddity in REPORT_ODDITIES
        if result is not None
        if result.preset in oddity.presets
        if (figure in oddity.figures if figure else not oddity.figures)
    ]
