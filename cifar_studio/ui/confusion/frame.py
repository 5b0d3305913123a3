"""Where the parts of the matrix lie in its widget, in logical pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF


@dataclass(frozen=True)
class Window:
    """The part of the matrix in sight: the first row and column, and how many of each."""

    row: int
    column: int
    rows: int
    columns: int

    def has(self, row: int, column: int) -> bool:
        inside = self.row <= row < self.row + self.rows
        return inside and self.column <= column < self.column + self.columns


@dataclass(frozen=True, eq=False)
class Frame:
    """Edges of the cells in sight, on whole device pixels, and the room around them.

    Attributes
    ----------
    across, down : (columns + 1,) and (rows + 1,) float64
    left, top : float
        Room for the titles.
    window : Window
    ratio : float
        Device pixels in a logical one.
    """

    across: NDArray[np.float64]
    down: NDArray[np.float64]
    left: float
    top: float
    window: Window
    ratio: float

    @property
    def area(self) -> QRectF:
        x, y = float(self.across[0]), float(self.down[0])
        return QRectF(x, y, float(self.across[-1]) - x, float(self.down[-1]) - y)

    def cell(self, row: int, column: int) -> QRectF:
        """The rectangle of a cell of the whole matrix that is in sight."""
        i, j = row - self.window.row, column - self.window.column
        x, y = float(self.across[j]), float(self.down[i])
        return QRectF(x, y, float(self.across[j + 1]) - x, float(self.down[i + 1]) - y)

    def band(self, first: int, count: int, *, rows: bool) -> tuple[float, float]:
        """From where to where some rows or columns of the whole matrix reach."""
        edges, start = (self.down, self.window.row) if rows else (self.across, self.window.column)
        last = len(edges) - 1
        low, high = np.clip([first - start, first + count - start], 0, last)
        return float(edges[low]), float(edges[high])

    def cell_at(self, at: QPointF) -> tuple[int, int] | None:
        """Row and column of the whole matrix at a point; None outside."""
        if not self.area.contains(at):
            return None
        j = int(np.searchsorted(self.across, at.x(), side="right")) - 1
        i = int(np.searchsorted(self.down, at.y(), side="right")) - 1
        i, j = min(i, self.window.rows - 1), min(j, self.window.columns - 1)
        return self.window.row + i, self.window.column + j


def make_frame(room: QRectF, left: float, top: float, window: Window, ratio: float) -> Frame:
    """A square matrix in the room that the titles leave, in the middle of what is too wide.

    Parameters
    ----------
    room : QRectF
        Without the room of the legend.
    left, top : float
        What the titles of rows and columns take.
    """
    side = max(min(room.width() - left, room.height() - top), 1.0)
    x = room.left() + left + max((room.width() - left - side) / 2, 0.0)
    y = room.top() + top
    return Frame(
        across=_edges(x, side, window.columns, ratio),
        down=_edges(y, side, window.rows, ratio),
        left=left,
        top=top,
        window=window,
        ratio=ratio,
    )


def _edges(start: float, length: float, count: int, ratio: float) -> NDArray[np.float64]:
    return np.round((start + length * np.arange(count + 1) / count) * ratio) / ratio
