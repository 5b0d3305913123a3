"""The position in the matrix: level, part in sight, current cell. No Qt."""

from __future__ import annotations

import numpy as np

from cifar_studio.runs.analysis.confusion_cells import Cells, Level
from cifar_studio.ui.confusion.evaluations import CellsByLevel
from cifar_studio.ui.confusion.frame import Window


class Position:
    """A position in a matrix that is known at both levels, and the moves from there.

    A whole level is in sight, or the block of two superclasses' classes.

    Attributes
    ----------
    level : Level
    current : (int, int)
        Row and column of the current cell, in the order shown.
    """

    def __init__(self) -> None:
        self.level: Level = "superclasses"
        self.current = (0, 0)
        self._all: CellsByLevel = {}
        self._block: Window | None = None
        self._came_from: Level = "superclasses"

    @property
    def cells(self) -> Cells | None:
        """The matrix at the present level; None while there is none."""
        return self._all.get(self.level)

    @property
    def is_in_block(self) -> bool:
        """Whether the classes of two superclasses alone are in sight."""
        return self._block is not None

    @property
    def window(self) -> Window:
        """The part in sight."""
        size = len(self._all[self.level]) if self._all else 1
        return self._block or Window(0, 0, size, size)

    def set_cells(self, cells: CellsByLevel) -> None:
        """Another matrix, or none; the position stays."""
        self._all = cells

    def set_level(self, level: Level) -> None:
        """All of a level, at the same position; the fullest cell of a block stands for it."""
        if level != self.level:
            self._change_level(level)
        self._block = None

    def zoom_in(self) -> bool:
        """The classes of the current cell's two superclasses; False where they are in sight."""
        cells = self.cells
        if cells is None or self._block is not None:
            return False
        row, column = (cells.group_of(place) for place in self.current)
        self._came_from = self.level
        if self.level == "superclasses":
            self._change_level("classes")
        self._block = self._block_of(row, column)
        return True

    def zoom_out(self) -> bool:
        """Back from a block, or from classes to superclasses; False where there is no way."""
        if self._block is not None:
            self.set_level(self._came_from)
            return True
        if self.level == "classes":
            self.set_level("superclasses")
            return True
        return False

    def go_to(self, row: int, column: int) -> bool:
        """Make a cell the current one, the nearest one there is; True if the block moved along."""
        cells = self.cells
        if cells is None:
            return False
        last = len(cells) - 1
        self.current = (min(max(row, 0), last), min(max(column, 0), last))
        if self._block is None or self._block.has(*self.current):
            return False
        self._block = self._block_of(*(cells.group_of(place) for place in self.current))
        return True

    def next_with(self, words: str) -> int | None:
        """The next row below the current one whose title has the words, from the top again."""
        titles = self.cells.titles if self.cells is not None else ()
        found = [place for place, title in enumerate(titles) if words in title.lower()]
        return next((place for place in found if place > self.current[0]), min(found, default=None))

    def describe(self) -> str:
        """The current cell in words."""
        return "" if self.cells is None else self.cells.describe(*self.current)

    def chosen_classes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Class numbers shown and said of the current cell."""
        if self.cells is None:
            return (), ()
        row, column = self.current
        return self.cells.classes[row], self.cells.classes[column]

    def _change_level(self, level: Level) -> None:
        cells = self.cells
        if cells is not None:
            row, column = (cells.group_of(place) for place in self.current)
            if level == "classes":
                block = self._block_of(row, column)
                row, column = self._fullest(block) if row != column else (block.row, block.column)
            self.current = (row, column)
        self.level = level

    def _block_of(self, row: int, column: int) -> Window:
        """The classes of two superclasses."""
        cells = self._all["classes"]
        (top, rows), (left, columns) = cells.rows_of_group(row), cells.rows_of_group(column)
        return Window(top, left, rows, columns)

    def _fullest(self, block: Window) -> tuple[int, int]:
        counts = np.abs(self._all["classes"].counts)
        part = counts[block.row :, block.column :][: block.rows, : block.columns]
        row, column = divmod(int(part.argmax()), block.columns)
        return block.row + row, block.column + column
