"""Sorting by number, with an arrow in the heading that says so."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QSortFilterProxyModel, Qt
from typing_extensions import override

SORT_ROLE = Qt.ItemDataRole.UserRole
"""A model's values as they are compared."""


class ArrowProxy(QSortFilterProxyModel):
    """Sorts a model by `SORT_ROLE`; the heading sorted by carries an arrow that covers nothing."""

    def __init__(self, model: QAbstractTableModel) -> None:
        super().__init__()
        self.setSourceModel(model)
        self.setSortRole(SORT_ROLE)

    @override
    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        super().sort(column, order)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, max(self.columnCount() - 1, 0))

    @override
    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        text = super().headerData(section, orientation, role)
        sorted_by = role == Qt.ItemDataRole.DisplayRole and section == self.sortColumn()
        if not sorted_by or orientation != Qt.Orientation.Horizontal:
            return text
        arrow = "▴" if self.sortOrder() == Qt.SortOrder.AscendingOrder else "▾"
        place = super().headerData(section, orientation, Qt.ItemDataRole.TextAlignmentRole)
        at_right = place is not None and int(place) & int(Qt.AlignmentFlag.AlignRight)
        return f"{arrow} {text}" if at_right else f"{text} {arrow}"
