"""A layout that puts its items in reading order on as many rows as the width needs."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget
from typing_extensions import override


class FlowLayout(QLayout):
    """Entries in reading order, on as many rows as the width needs."""

    def __init__(self, parent: QWidget, gap: int, row_gap: int = 0) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self._row_gap = row_gap
        self.setContentsMargins(0, 0, 0, 0)

    def set_gap(self, gap: int, row_gap: int = 0) -> None:
        self._gap, self._row_gap = gap, row_gap
        self.invalidate()

    @override
    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    @override
    def count(self) -> int:
        return len(self._items)

    @override
    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    @override
    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    @override
    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    @override
    def sizeHint(self) -> QSize:
        return self.minimumSize()

    @override
    def minimumSize(self) -> QSize:
        hints = [item.sizeHint() for item in self._items]
        return QSize(0, max((hint.height() for hint in hints), default=0))

    def _arrange(self, rect: QRect, move: bool) -> int:
        y = rect.top()
        for place, row in enumerate(self._rows(rect.width())):
            height = max(hint.height() for _, hint in row)
            y += self._row_gap if place else 0
            x = rect.left()
            for item, hint in row:
                if move:
                    down = (height - hint.height()) // 2  # what stands in a row shares its middle
                    size = QSize(min(hint.width(), rect.width()), hint.height())
                    item.setGeometry(QRect(QPoint(x, y + down), size))
                x += hint.width() + self._gap
            y += height
        return y - rect.top()

    def _rows(self, width: int) -> list[list[tuple[QLayoutItem, QSize]]]:
        rows: list[list[tuple[QLayoutItem, QSize]]] = []
        x = 0
        for item in self._items:
            if item.isEmpty():  # hidden: takes neither room nor a gap
                continue
            hint = item.sizeHint()
            if not rows or x + hint.width() > width:
                rows.append([])
                x = 0
            rows[-1].append((item, hint))
            x += hint.width() + self._gap
        return rows
