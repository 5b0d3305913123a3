"""The epochs as a table to sort and copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from typing_extensions import override

from cifar_studio.export.tables.sheet import Cell
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.ui.curves.data.explanations import EXPLANATIONS
from cifar_studio.ui.curves.data.run_data import RunData, Split, row_of
from cifar_studio.ui.curves.plot.measures import TESTED
from cifar_studio.ui.tables.arrow_proxy import SORT_ROLE
from cifar_studio.ui.tables.row_table import RowModel
from cifar_studio.ui.widgets import theme

STAR = "★"
NONE = "–"
_Index = QModelIndex | QPersistentModelIndex
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


@dataclass(frozen=True)
class Column:
    """One column: its heading, the key of its explanation, its value and how it is written."""

    title: str
    key: str
    value: Callable[[EpochRow], float | None]
    form: str
    split: Split = "training"


COLUMNS: tuple[Column, ...] = (
    Column("Epoch", "epoch", lambda row: row.epoch, "{:d}"),
    Column("Loss", "test_loss", lambda row: row.test_loss, "{:.4f}", "test"),
    Column("Train %", "train_top1", lambda row: row.train_top1, "{:.2f}"),
    Column("Top-1 %", "test_top1", lambda row: row.test_top1, "{:.2f}", "test"),
    Column("Top-5 %", "test_top5", lambda row: row.test_top5, "{:.2f}", "test"),
    Column("Val loss", "val_loss", lambda row: row.val_loss, "{:.4f}", "validation"),
    Column("Val top-1 %", "val_top1", lambda row: row.val_top1, "{:.2f}", "validation"),
    Column("Val top-5 %", "val_top5", lambda row: row.val_top5, "{:.2f}", "validation"),
    Column("s", "seconds", lambda row: row.train_seconds + row.eval_seconds, "{:,.1f}"),
    Column("Pictures/s", "images_per_second", lambda row: row.images_per_second, "{:,.0f}"),
)


class EpochModel(RowModel):
    """Rows of a run; new ones are appended, a change of run resets."""

    def __init__(self) -> None:
        super().__init__()
        self.columns = _columns_of(None)
        self._run: RunData | None = None
        self._rows: list[EpochRow] = []
        self._best_epoch = 0
        self._marked_epoch = 0

    def sync(self, run: RunData | None) -> int:
        """Take over what is new in a run; returns how many rows were appended."""
        # The test set is looked at when a run ends, and its figures come into an earlier row.
        if run is not self._run or (run and self._rows != run.rows[: len(self._rows)]):
            self._reset(run)
            return 0
        if run is None:
            return 0
        fresh = run.rows[len(self._rows) :]
        if fresh:
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(fresh) - 1)
            self._rows.extend(fresh)
            self.endInsertRows()
        self._set_best(run.best_epoch)
        return len(fresh)

    def mark(self, epoch: int) -> None:
        """Tint the row under the crosshair; 0 tints none."""
        before, self._marked_epoch = self._marked_epoch, epoch
        self._repaint(before, epoch)

    def epoch_of(self, row: int) -> int:
        return self._rows[row].epoch

    def row_of(self, epoch: int) -> int:
        """Row of an epoch; -1 where there is none."""
        return row_of(self._rows, epoch)

    @override
    def headings(self) -> Sequence[Column]:
        return self.columns

    @override
    def values(self, row: int) -> Sequence[Cell]:
        return [column.value(self._rows[row]) for column in self.columns]

    @override
    def line(self, row: int) -> str:
        texts = (_written(self._rows[row], column) for column in self.columns)
        return "\t".join("" if text == NONE else text.replace(",", "") for text in texts)

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self._rows[index.row()], self.columns[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _RIGHT
            case Qt.ItemDataRole.BackgroundRole if row.epoch == self._marked_epoch:
                return QColor(theme.current().grid)
            case Qt.ItemDataRole.AccessibleTextRole if self._is_star(row, column):
                return f"{row.epoch}, best epoch"
            case _ if role == SORT_ROLE:
                value = column.value(row)
                return float("inf") if value is None else value
        return None

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return None
        column = self.columns[section]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.title
            case Qt.ItemDataRole.TextAlignmentRole:
                return _RIGHT
            case Qt.ItemDataRole.ToolTipRole:
                return EXPLANATIONS[column.key][0]
        return None

    def _text(self, row: EpochRow, column: Column) -> str:
        text = _written(row, column)
        return f"{STAR} {text}" if self._is_star(row, column) else text

    def _is_star(self, row: EpochRow, column: Column) -> bool:
        return column.key == "epoch" and row.epoch == self._best_epoch

    def _reset(self, run: RunData | None) -> None:
        self.beginResetModel()
        self._run = run
        self._rows = list(run.rows) if run else []
        self._best_epoch = run.best_epoch if run else 0
        self._marked_epoch = 0
        self.columns = _columns_of(run)
        self.endResetModel()

    def _set_best(self, epoch: int) -> None:
        before, self._best_epoch = self._best_epoch, epoch
        if before != epoch:
            self._repaint(before, epoch)

    def _repaint(self, *epochs: int) -> None:
        last = len(self.columns) - 1
        for row in {self.row_of(epoch) for epoch in epochs} - {-1}:
            self.dataChanged.emit(self.index(row, 0), self.index(row, last))


def _columns_of(run: RunData | None) -> tuple[Column, ...]:
    """Those that the run has figures for."""
    splits = TESTED if run is None else run.splits
    if run is not None and run.best is not None and run.best.test_top1 is not None:
        splits |= {"test"}
    return tuple(column for column in COLUMNS if column.split in splits)


def _written(row: EpochRow, column: Column) -> str:
    value = column.value(row)
    return NONE if value is None else column.form.format(value)
