"""A layout that puts its items in reading order on as many rows as the width needs."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize
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
        x, y, height = rect.left(), rect.top(), 0
        for item in self._items:
            if item.isEmpty():  # hidden: takes neither room nor a gap
                continue
            hint = item.sizeHint()
            if x > rect.left() and x + hint.width() > rect.right() + 1:
                x, y = rect.left(), y + height + self._row_gap
                height = 0
            if move:
                item.setGeometry(QRect(x, y, min(hint.width(), rect.width()), hint.height()))
            x += hint.width() + self._gap
            height = max(height, hint.height())
        return y + height - rect.top()
