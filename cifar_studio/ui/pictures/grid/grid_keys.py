"""Where a key leads in a grid; numbers only."""

from __future__ import annotations

from PySide6.QtCore import Qt

_Key = Qt.Key


def moved(position: int, key: int, count: int, columns: int, page: int) -> int | None:
    """The position that a key leads to; None where it leads nowhere in a grid.

    Parameters
    ----------
    position : int
        Where it starts; one before the first visible picture where none is chosen yet.
    count, columns : int
        Of the grid; there is at least one picture.
    page : int
        Pictures on a page, a multiple of `columns`.
    """
    steps = {
        _Key.Key_Left: -1,
        _Key.Key_Right: 1,
        _Key.Key_Up: -columns,
        _Key.Key_Down: columns,
        _Key.Key_PageUp: -page,
        _Key.Key_PageDown: page,
    }
    match key:
        case _Key.Key_Home:
            return 0
        case _Key.Key_End:
            return count - 1
        case _ if key not in steps:
            return None
    step = steps[_Key(key)]
    target = position + step
    if 0 <= target < count:
        return target
    if abs(step) == 1:
        return min(max(target, 0), count - 1)
    return _at_the_edge(max(position, 0), step, count, columns)


def _at_the_edge(position: int, step: int, count: int, columns: int) -> int:
    """The first or last row of the same column; the last picture where that row is too short."""
    if step < 0:
        return position % columns
    last_row = (count - 1) // columns
    if position // columns == last_row:
        return position
    return min(last_row * columns + position % columns, count - 1)
