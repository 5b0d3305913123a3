"""The rows of the comparison as a Qt model: every run of the library, or every group of seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from typing_extensions import override

from cifar_studio.export.tables.sheet import Cell
from cifar_studio.runs.analysis.convergence import ConvergenceRule
from cifar_studio.runs.analysis.seeds import group_by_seed
from cifar_studio.runs.analysis.summary import DEFAULT_RULE
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.reference_runs import is_reference
from cifar_studio.runs.wording import MINUS, NONE
from cifar_studio.ui.compare.columns import COLUMNS, ENDED, EXPLANATIONS, RUN, Column
from cifar_studio.ui.compare.lines import Line, line_of_group, line_of_run
from cifar_studio.ui.tables.arrow_proxy import SORT_ROLE, ArrowProxy
from cifar_studio.ui.tables.row_table import RowModel
from cifar_studio.ui.widgets import basics

LINE_ROLE = Qt.ItemDataRole.UserRole + 1
BELOW_ROLE = Qt.ItemDataRole.UserRole + 2
_Index = QModelIndex | QPersistentModelIndex
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)


class CompareModel(RowModel):
    """One row a run or group; a row is computed anew only where its runs or the rule changed."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []
        self.rule = DEFAULT_RULE
        self.by_seed = False
        self._runs: tuple[Run, ...] = ()
        self._known: dict[int, tuple[Run, Line]] = {}  # by the identity of an unchangeable run

    def show(self, runs: Sequence[Run], rule: ConvergenceRule, *, by_seed: bool) -> None:
        """Show these runs, newest first."""
        if rule != self.rule:
            self._known.clear()
        self.rule, self._runs = rule, tuple(runs)
        if by_seed:
            own = [run for run in runs if not is_reference(run)]
            lines = [line_of_group(group, rule) for group in group_by_seed(own)]
        else:
            lines = [self._line(run) for run in runs]
            self._known = {id(run): self._known[id(run)] for run in runs}
        is_same = by_seed == self.by_seed and [x.key for x in lines] == [x.key for x in self.lines]
        self.by_seed = by_seed
        if is_same:
            self.lines = lines
            if lines:
                last = self.index(len(lines) - 1, len(COLUMNS) - 1)
                self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        self.lines = lines
        self.endResetModel()

    def row_of(self, key: tuple[str, ...]) -> int:
        """Row of a line by its key; -1 where it is gone."""
        return next((row for row, line in enumerate(self.lines) if line.key == key), -1)

    def _line(self, run: Run) -> Line:
        known = self._known.get(id(run))
        if known is None or known[0] is not run:
            known = self._known[id(run)] = (run, line_of_run(run, self.rule))
        return known[1]

    @override
    def headings(self) -> Sequence[Column]:
        return COLUMNS

    @override
    def values(self, row: int) -> Sequence[Cell]:
        line = self.lines[row]
        cells: list[Cell] = []
        for column in COLUMNS:
            figure = line.figure(column)
            words = column.measure is None
            cells.append(figure.text if words and column is not ENDED else figure.value)
            if column is RUN:
                cells[-1] = "; ".join((line.title, *line.facts))
        return cells

    @override
    def line(self, row: int) -> str:
        line = self.lines[row]
        texts = []
        for column in COLUMNS:
            figure = line.figure(column)
            text = "" if figure.text == NONE else figure.text.replace(MINUS, "-")
            texts.append(text.replace("\t", " "))
        return "\t".join(texts)

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.lines)

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line, column = self.lines[index.row()], COLUMNS[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return line.figure(column).text
            case Qt.ItemDataRole.TextAlignmentRole:
                return _RIGHT if column.measure else _LEFT
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(line, column)
            case Qt.ItemDataRole.AccessibleTextRole:
                return _spoken(line, column)
            case _ if role == LINE_ROLE:
                return line
            case _ if role == BELOW_ROLE:
                return line.facts if column is RUN else line.figure(column).below
            case _ if role == SORT_ROLE:
                value = line.figure(column).value
                return -math.inf if value is None else value
        return None

    def _tip(self, line: Line, column: Column) -> str:
        if column is RUN:
            return basics.plain_tip(". ".join((line.title, *line.facts, ", ".join(line.key))))
        if column is ENDED:
            return basics.plain_tip(str(line.figure(column).value))
        return basics.plain_tip(line.notes) if column.measure is None else ""

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Vertical or section >= len(COLUMNS):
            return None
        column = COLUMNS[section]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.heading
            case Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if column.measure else Qt.AlignmentFlag.AlignLeft
                return int(side | Qt.AlignmentFlag.AlignVCenter)
            case Qt.ItemDataRole.ToolTipRole:
                title, text = EXPLANATIONS[column.key]
                return basics.plain_tip(f"{title}: {text}")
        return None


class CompareProxy(ArrowProxy):
    """Sorts by figure, and keeps the rows in which every word of the search occurs."""

    def __init__(self, model: CompareModel) -> None:
        super().__init__(model)
        self._model = model
        self._words: list[str] = []

    def search(self, text: str) -> None:
        self.beginFilterChange()
        self._words = text.casefold().split()
        self.endFilterChange()

    @override
    def filterAcceptsRow(self, source_row: int, source_parent: _Index) -> bool:
        words = self._model.lines[source_row].words
        return all(word in words for word in self._words)


def _spoken(line: Line, column: Column) -> str:
    figure = line.figure(column)
    if column is RUN:
        return ", ".join((line.title, *line.facts))
    below = figure.below
    if line.compares and len(below) == 2:
        return f"{figure.text}, report {below[0]}, difference {below[1]}"
    return " ".join((figure.text, *below))
