"""The 20 superclasses and their classes as a tree with counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel

from cifar_studio.ui.pictures.data.picture_set import PictureSet

NAME, COUNT = 0, 1
_CLASSES_ROLE = Qt.ItemDataRole.UserRole


class ClassModel(QStandardItemModel):
    """Superclasses by name, below each its classes by name; beside each name a count."""

    def __init__(self) -> None:
        super().__init__(0, 2)
        self._rows: list[tuple[QStandardItem, list[int]]] = []  # of each count, its classes

    def show_set(self, pictures: PictureSet | None) -> None:
        self.removeRows(0, self.rowCount())  # `clear` would take the columns too
        self._rows = []
        if pictures is None:
            return
        names = pictures.superclass_names
        for superclass in sorted(range(len(names)), key=lambda i: names[i]):
            members = np.flatnonzero(pictures.superclass_of == superclass).tolist()
            members.sort(key=lambda number: pictures.class_names[number])
            above = self._row(names[superclass], members)
            for number in members:
                above[NAME].appendRow(self._row(pictures.class_names[number], [number]))
            self.appendRow(above)
        self.show_counts(np.zeros(len(pictures.class_names), dtype=np.int64))

    def show_counts(self, counts: NDArray[np.int64]) -> None:
        """(100,) how many pictures there are of each class."""
        for item, classes in self._rows:
            item.setText(f"{counts[classes].sum():,}")

    def classes_of(self, index: QModelIndex) -> list[int]:
        """The class of a row, or all classes of a superclass."""
        classes: list[int] = index.siblingAtColumn(NAME).data(_CLASSES_ROLE)
        return classes

    def _row(self, name: str, classes: list[int]) -> list[QStandardItem]:
        title, count = QStandardItem(name), QStandardItem()
        title.setToolTip(name)
        title.setData(classes, _CLASSES_ROLE)
        count.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._rows.append((count, classes))
        return [title, count]
