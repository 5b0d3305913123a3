"""The 20 superclasses and their classes as a tree with counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt
from typing_extensions import override

from cifar_studio.data.dataset import CLASSES
from cifar_studio.ui.pictures.data.picture_set import PictureSet

NAME, COUNT = 0, 1
COLUMNS = 2
_TOP = 0  # internal id of a superclass; a class carries the number of its superclass plus one
_Index = QModelIndex | QPersistentModelIndex


class ClassModel(QAbstractItemModel):
    """Superclasses by name, below each its classes by name."""

    def __init__(self) -> None:
        super().__init__()
        self._pictures: PictureSet | None = None
        self._superclasses: list[int] = []
        self._classes: list[list[int]] = []  # of each row of superclasses
        self._counts = np.zeros(CLASSES, dtype=np.int64)

    def show_set(self, pictures: PictureSet | None) -> None:
        self.beginResetModel()
        self._pictures = pictures
        self._superclasses, self._classes = [], []
        if pictures is not None:
            names = pictures.superclass_names
            self._superclasses = sorted(range(len(names)), key=lambda i: names[i])
            for superclass in self._superclasses:
                members = np.flatnonzero(pictures.superclass_of == superclass).tolist()
                self._classes.append(sorted(members, key=lambda i: pictures.class_names[i]))
        self._counts = np.zeros(CLASSES, dtype=np.int64)
        self.endResetModel()

    def show_counts(self, counts: NDArray[np.int64]) -> None:
        """(100,) how many pictures there are of each class."""
        if np.array_equal(counts, self._counts):
            return
        self._counts = counts
        role = [Qt.ItemDataRole.DisplayRole]
        for row in range(self.rowCount()):
            parent = self.index(row, NAME)
            self.dataChanged.emit(self.index(row, COUNT), self.index(row, COUNT), role)
            last = self.index(self.rowCount(parent) - 1, COUNT, parent)
            self.dataChanged.emit(self.index(0, COUNT, parent), last, role)

    def classes_of(self, index: _Index) -> list[int]:
        """The class of a row, or all classes of a superclass."""
        parent = index.parent()
        if parent.isValid():
            return [self._classes[parent.row()][index.row()]]
        return self._classes[index.row()]

    @override
    def index(self, row: int, column: int, parent: _Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else _TOP)

    @override
    def parent(self, index: _Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008
        above = index.internalId() if index.isValid() else _TOP
        return QModelIndex() if above == _TOP else self.createIndex(above - 1, NAME, _TOP)

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        if not parent.isValid():
            return len(self._superclasses)
        is_superclass = parent.internalId() == _TOP and parent.column() == NAME
        return len(self._classes[parent.row()]) if is_superclass else 0

    @override
    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return COLUMNS

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        match role, index.column():
            case Qt.ItemDataRole.DisplayRole, 0:
                return self._name(index)
            case Qt.ItemDataRole.DisplayRole, 1:
                return f"{self._counts[self.classes_of(index)].sum():,}"
            case Qt.ItemDataRole.TextAlignmentRole, 1:
                return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            case Qt.ItemDataRole.ToolTipRole, 0:
                return self._name(index)
        return None

    def _name(self, index: _Index) -> str:
        assert self._pictures is not None
        parent = index.parent()
        if parent.isValid():
            return self._pictures.class_names[self._classes[parent.row()][index.row()]]
        return self._pictures.superclass_names[self._superclasses[index.row()]]
