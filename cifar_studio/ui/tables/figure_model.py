"""Rows of names and figures to sort, search and copy, apart from how they are painted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from typing_extensions import override

from cifar_studio.export.tables.sheet import Cell
from cifar_studio.runs.wording import MINUS, NONE
from cifar_studio.ui.tables.arrow_proxy import SORT_ROLE, ArrowProxy
from cifar_studio.ui.tables.row_table import RowModel

_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    title : str
    key : str
        Of its explanation.
    form : str
        How its numbers are written; empty for a column of names.
    undefined : str
        Why a figure may be missing.
    """

    title: str
    key: str
    form: str = ""
    undefined: str = ""


@dataclass(frozen=True)
class Row:
    """One row: a value a column, NaN where undefined, and what the row stands for."""

    values: tuple[str | float, ...]
    subject: tuple[int, ...]

    def text(self, place: int, column: Column) -> str:
        value = self.values[place]
        if isinstance(value, str):
            return value
        return NONE if math.isnan(value) else column.form.format(value).replace("-", MINUS)


class FigureModel(RowModel):
    """All rows at once; the tables here are short."""

    def __init__(self) -> None:
        super().__init__()
        self.columns: tuple[Column, ...] = ()
        self.rows: tuple[Row, ...] = ()

    def set_rows(self, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        self.beginResetModel()
        self.columns, self.rows = tuple(columns), tuple(rows)
        self.endResetModel()

    @override
    def headings(self) -> Sequence[Column]:
        return self.columns

    @override
    def is_number(self, section: int) -> bool:
        return bool(self.columns[section].form)

    @override
    def values(self, row: int) -> Sequence[Cell]:
        cells = zip(self.rows[row].values, self.columns, strict=True)
        return [_plain(value, column) for value, column in cells]

    @override
    def line(self, row: int) -> str:
        texts = (self.rows[row].text(place, c) for place, c in enumerate(self.columns))
        plain = (text.replace(MINUS, "-").replace(",", "") for text in texts)
        return "\t".join("" if text == NONE else text for text in plain)

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, place = self.rows[index.row()], index.column()
        column, value = self.columns[place], row.values[place]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.text(place, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return self.alignment(place)
            case Qt.ItemDataRole.ToolTipRole if row.text(place, column) == NONE:
                return column.undefined
            case Qt.ItemDataRole.AccessibleTextRole if row.text(place, column) == NONE:
                return f"undefined: {column.undefined}"
            case _ if role == SORT_ROLE:
                if isinstance(value, str):
                    return value.lower()
                return -math.inf if math.isnan(value) else value
        return None


def _plain(value: str | float, column: Column) -> Cell:
    """A value as it is: counts without a decimal point."""
    is_count = isinstance(value, float) and ".0f" in column.form and not math.isnan(value)
    return round(value) if is_count and not isinstance(value, str) else value


class FigureProxy(ArrowProxy):
    """Sorts by number, and keeps the rows one of whose names has the words searched for."""

    def __init__(self, model: FigureModel) -> None:
        super().__init__(model)
        self._model = model
        self._words = ""

    def set_words(self, words: str) -> None:
        self._words = words.strip().lower()
        self.invalidate()

    @override
    def filterAcceptsRow(self, source_row: int, source_parent: _Index) -> bool:
        values = self._model.rows[source_row].values
        return any(isinstance(value, str) and self._words in value.lower() for value in values)
