"""Where the cells of a grid of equal thumbnails lie, and where keys lead; numbers only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from PySide6.QtCore import QPoint, QRect, Qt

MARGIN_PX = 8


@dataclass(frozen=True)
class Cells:
    """Geometry of a grid, in logical pixels of its content.

    Attributes
    ----------
    count : int
        Number of pictures.
    width : int
        Room for the columns; what is left over is shared between them.
    size : int
        Side of a thumbnail.
    caption : int
        Height of what stands under it; 0 for none.
    """

    count: int = 0
    width: int = 0
    size: int = 64
    caption: int = 0

    @cached_property
    def gap(self) -> int:
        return 4 if self.size < 48 else 8

    @cached_property
    def columns(self) -> int:
        room = self.width - 2 * MARGIN_PX + self.gap
        return max(room // (self.size + self.gap), 1)

    @cached_property
    def pitch_x(self) -> int:
        room = self.width - 2 * MARGIN_PX + self.gap
        return max(room // self.columns, self.size + self.gap)

    @cached_property
    def pitch_y(self) -> int:
        return self.size + self.caption + self.gap

    @property
    def rows(self) -> int:
        return -(-self.count // self.columns)

    @property
    def height(self) -> int:
        return self.rows * self.pitch_y - self.gap + 2 * MARGIN_PX if self.count else 0

    def thumbnail(self, position: int) -> QRect:
        """The picture itself, without its caption."""
        row, column = divmod(position, self.columns)
        left = MARGIN_PX + column * self.pitch_x
        return QRect(left, MARGIN_PX + row * self.pitch_y, self.size, self.size)

    def cell(self, position: int) -> QRect:
        """Picture, caption, and the frame around them."""
        half = self.gap // 2
        return self.thumbnail(position).adjusted(-half, -half, half, self.caption + half)

    def positions(self, top: int, bottom: int) -> range:
        """All cells of the rows that lie between two heights."""
        first = max((top - MARGIN_PX) // self.pitch_y, 0)
        last = max((bottom - MARGIN_PX + self.gap) // self.pitch_y, 0)
        columns = self.columns
        return range(min(first * columns, self.count), min((last + 1) * columns, self.count))

    def position_at(self, point: QPoint) -> int:
        """The cell under a point; -1 where there is none."""
        row = (point.y() - MARGIN_PX) // self.pitch_y
        column = (point.x() - MARGIN_PX) // self.pitch_x
        position = row * self.columns + column
        if row < 0 or not 0 <= column < self.columns or position >= self.count:
            return -1
        return position if self.cell(position).contains(point) else -1

    def moved(self, position: int, key: int, page: int) -> int | None:
        """The position that a key leads to; None where it leads nowhere in a grid.

        Beyond the first or last row it leads to that row, in the same column.

        Parameters
        ----------
        position : int
            Where it starts; one before the first visible picture where none is current yet.
        page : int
            Pictures on a page, a multiple of the columns.
        """
        ends = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: self.count - 1}
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self.columns,
            Qt.Key.Key_Down: self.columns,
            Qt.Key.Key_PageUp: -page,
            Qt.Key.Key_PageDown: page,
        }
        if key in ends:
            return ends[Qt.Key(key)]
        if key not in steps:
            return None
        step = steps[Qt.Key(key)]
        target = position + step
        if 0 <= target < self.count or abs(step) == 1:
            return min(max(target, 0), self.count - 1)
        edge = 0 if step < 0 else self.rows - 1
        return min(edge * self.columns + max(position, 0) % self.columns, self.count - 1)
