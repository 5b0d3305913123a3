"""The rows of the table of trials, apart from how they are painted."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont
from typing_extensions import override

from cifar_studio.config.settings import SETTINGS
from cifar_studio.export.tables.sheet import Cell
from cifar_studio.runs import wording
from cifar_studio.runs.experiment.trials import Trial
from cifar_studio.runs.experiment.words import setting_words
from cifar_studio.runs.wording import MINUS, NONE
from cifar_studio.ui.experiment import words
from cifar_studio.ui.experiment.data import ExperimentData
from cifar_studio.ui.tables.arrow_proxy import SORT_ROLE, ArrowProxy
from cifar_studio.ui.tables.row_table import RowModel
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.basics import plain_tip

_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class TrialColumn:
    """A column: its title, the key of its explanation, its name in a file, whether of numbers."""

    title: str
    key: str
    name: str
    is_number: bool = True


@dataclass(frozen=True)
class TrialLine:
    """A row as it is shown, and what it was made from."""

    trial: Trial
    state: str
    texts: tuple[str, ...]
    values: tuple[Cell, ...]


class TrialsModel(RowModel):
    """A row a trial, by number. Rows of which nothing new is known stay as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.columns: tuple[TrialColumn, ...] = ()
        self.lines: list[TrialLine] = []
        self.rows: dict[int, int] = {}  # by the trial's number
        self.longest: list[str] = []  # text of each column
        self._data: ExperimentData | None = None

    def show(self, data: ExperimentData | None) -> bool:
        """Take these trials; whether the columns are others now."""
        columns = _columns(data) if data is not None else ()
        trials = data.trials if data is not None else ()
        before, self._data = self._data, data
        known = list(self.rows)
        is_longer = known == [trial.number for trial in trials[: len(known)]]
        if data is None or before is None or columns != self.columns or not is_longer:
            has_columns = columns != self.columns
            self.beginResetModel()
            self.columns = columns
            self.lines = [_line(data, trial, columns) for trial in trials] if data else []
            self.rows = {trial.number: row for row, trial in enumerate(trials)}
            self.longest = [""] * len(columns)
            self._measure(self.lines)
            self.endResetModel()
            return has_columns
        last = len(columns) - 1
        for number in data.changed_since(before):
            row = self.rows.get(number)
            if row is not None:
                self.lines[row] = _line(data, trials[row], columns)
                self._measure(self.lines[row : row + 1])
                self.dataChanged.emit(self.index(row, 0), self.index(row, last))
        new = [_line(data, trial, columns) for trial in trials[len(known) :]]
        if new:
            self.beginInsertRows(QModelIndex(), len(known), len(trials) - 1)
            self.lines += new
            for row in range(len(known), len(trials)):
                self.rows[trials[row].number] = row
            self._measure(new)
            self.endInsertRows()
        return False

    def _measure(self, lines: Sequence[TrialLine]) -> None:
        for line in lines:
            for place, text in enumerate(line.texts):
                if len(text) > len(self.longest[place]):
                    self.longest[place] = text

    @override
    def headings(self) -> Sequence[TrialColumn]:
        return self.columns

    @override
    def header(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @override
    def is_number(self, section: int) -> bool:
        return self.columns[section].is_number

    @override
    def values(self, row: int) -> Sequence[Cell]:
        return self.lines[row].values

    @override
    def line(self, row: int) -> str:
        plain = (text.replace(MINUS, "-") for text in self.lines[row].texts)
        return "\t".join("" if text == NONE else text for text in plain)

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.lines)

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line, place = self.lines[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return line.texts[place]
            case Qt.ItemDataRole.TextAlignmentRole:
                return self.alignment(place)
            case Qt.ItemDataRole.ForegroundRole:
                return QColor(_colour(line, self.columns[place].key))
            case Qt.ItemDataRole.FontRole if line.state == "best":
                strong = theme.tabular(theme.body_font(theme.manager().scale))
                strong.setWeight(QFont.Weight.DemiBold)
                return strong
            case Qt.ItemDataRole.ToolTipRole if line.trial.message:
                return plain_tip(f"Trial {line.trial.number} {line.state}: {line.trial.message}")
            case _ if role == SORT_ROLE:
                value = line.values[place]
                if self.columns[place].is_number:
                    return -math.inf if value is None else float(value)
                return line.texts[place].lower()
        return None


class TrialsProxy(ArrowProxy):
    """Sorts, and keeps the trials within the limits."""

    def __init__(self, model: TrialsModel) -> None:
        super().__init__(model)
        self._model = model
        self._left: frozenset[int] | None = None

    def keep(self, numbers: frozenset[int] | None) -> None:
        """Show these trials alone; None is all."""
        if numbers != self._left:
            self._left = numbers
            self.invalidate()

    @override
    def filterAcceptsRow(self, source_row: int, source_parent: _Index) -> bool:
        return self._left is None or self._model.lines[source_row].trial.number in self._left


def _columns(data: ExperimentData) -> tuple[TrialColumn, ...]:
    found = [TrialColumn("Trial", "trial", "trial")]
    if any(trial.preset for trial in data.trials):
        found.append(TrialColumn("Preset", "preset", "preset", is_number=False))
    for key in data.keys:
        is_number = SETTINGS[key].kind in ("number", "whole number")
        found.append(TrialColumn(words.title(key), key, key, is_number))
    return (
        *found,
        TrialColumn(words.short_figure_title(data.figure_name), "figure", data.figure_name),
        TrialColumn("Best epoch", "best_epoch", "best_epoch"),
        TrialColumn("Epochs", "trained_epochs", "epochs"),
        TrialColumn("State", "state", "state", is_number=False),
        TrialColumn("Time", "seconds", "seconds"),
    )


_VALUES: dict[str, Callable[[ExperimentData, Trial], tuple[Cell, str]]] = {
    "trial": lambda _, trial: (trial.number, str(trial.number)),
    "preset": lambda _, trial: (trial.preset, trial.preset),
    "figure": lambda data, trial: _figure(data, trial),
    "best_epoch": lambda data, trial: _best_epoch(trial),
    "trained_epochs": lambda data, trial: _counted(data.epochs(trial)),
    "state": lambda data, trial: (trial.state, words.state(data, trial)),
    "seconds": lambda _, trial: (
        (round(trial.seconds, 1), wording.duration(trial.seconds))
        if trial.seconds
        else (None, NONE)
    ),
}


def _line(data: ExperimentData, trial: Trial, columns: Sequence[TrialColumn]) -> TrialLine:
    cells = [
        _VALUES[column.key](data, trial) if column.key in _VALUES else _setting(column.key, trial)
        for column in columns
    ]
    return TrialLine(
        trial,
        words.state(data, trial),
        tuple(text for _, text in cells),
        tuple(value for value, _ in cells),
    )


def _setting(key: str, trial: Trial) -> tuple[Cell, str]:
    if key not in trial.parameters:
        return None, NONE
    value = trial.parameters[key]
    text = setting_words(key, value)
    return (value if isinstance(value, int | float | str) else text), text


def _figure(data: ExperimentData, trial: Trial) -> tuple[Cell, str]:
    value = data.figures.get(trial.number)
    return value, words.figure(value, data.figure_name).removesuffix(" %")


def _best_epoch(trial: Trial) -> tuple[Cell, str]:
    """Of several parts the mean, which is no epoch and has a decimal."""
    known = [part.best_epoch for part in trial.parts if part.best_epoch]
    if len(known) < 2:
        return _counted(sum(known))
    mean = round(sum(known) / len(known), 1)
    return mean, f"{mean:.1f}"


def _counted(number: int) -> tuple[Cell, str]:
    return (number, f"{number:,}") if number else (None, NONE)


def _colour(line: TrialLine, key: str) -> str:
    colours = theme.current()
    if line.state.startswith("failed") and key == "state":
        return colours.error
    is_pale = line.trial.state != "finished"
    return colours.muted if is_pale else colours.text
