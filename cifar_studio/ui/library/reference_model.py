"""The reference runs as a Qt model, below a heading that folds them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from cifar_studio.runs.reference_runs import reference_runs
from cifar_studio.ui.library.run_model import RUN_ROLE, SEARCH_ROLE, role_of

HEADING = "Reference runs"
ABOUT = "Whole runs of the report's presets, made elsewhere; they come with the studio."
_Index = QModelIndex | QPersistentModelIndex


class ReferenceModel(QAbstractListModel):
    """One item for the heading, whose `RUN_ROLE` is None, and one a run while it is open."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs = reference_runs()
        self.is_open = True

    def set_open(self, is_open: bool) -> None:
        """Show the runs, or the heading alone."""
        if is_open == self.is_open:
            return
        last = len(self._runs)
        if is_open:
            self.beginInsertRows(QModelIndex(), 1, last)
            self.is_open = True
            self.endInsertRows()
        else:
            self.beginRemoveRows(QModelIndex(), 1, last)
            self.is_open = False
            self.endRemoveRows()
        self.dataChanged.emit(self.index(0), self.index(0))

    def index_of(self, path: Path) -> QModelIndex:
        """The item of the run at a path, where it is to be seen."""
        places = [place for place, run in enumerate(self._runs, 1) if run.path == path]
        return self.index(places[0]) if places and self.is_open else QModelIndex()

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        if parent.isValid() or not self._runs:
            return 0
        return 1 + (len(self._runs) if self.is_open else 0)

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if index.row():
            return role_of(self._runs[index.row() - 1], role, "reference")
        if role == RUN_ROLE:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{HEADING} · {'Hide' if self.is_open else 'Show'}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return ABOUT
        if role == SEARCH_ROLE:  # it stands wherever one of its runs does
            return " ".join(str(role_of(run, role, "reference")) for run in self._runs)
        return None
