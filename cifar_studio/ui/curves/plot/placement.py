"""Where a label or a card may stand without covering what it tells about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

AIR_PX = 4  # between a label and what it should not touch
Box = tuple[float, float, float, float]
"""Left, top, width, height in pixels."""


def most_free(boxes: Sequence[Box], points: np.ndarray, current: int | None = None) -> int:
    """Index of the box that covers fewest of the points; the earlier of equals.

    Parameters
    ----------
    boxes : sequence of Box
        At least one, the best liked first.
    points : (N, 2) array
        What should stay visible, in pixels; NaN counts for nothing.
    current : int or None
        Where it stands now: it stays there as long as it covers nothing, so that it does not
        jump about.
    """
    covered = [_covered(box, points) for box in boxes]
    if current is not None and current < len(boxes) and covered[current] == 0:
        return current
    return int(np.argmin(covered))


def between(points: np.ndarray, gap: float = 8.0) -> np.ndarray:
    """The points of a line, with more put in where neighbours are wide apart.

    Parameters
    ----------
    points : (N, 2) array
        In pixels, in drawing order.
    gap : float
        Pixels.
    """
    if len(points) < 2:
        return points
    x = points[:, 0]
    finite = np.isfinite(points).all(axis=1)
    if np.count_nonzero(finite) < 2 or np.nanmax(np.abs(np.diff(x[finite])), initial=0) <= gap:
        return points
    known = points[finite]
    across = np.arange(known[0, 0], known[-1, 0], gap)
    added = np.stack([across, np.interp(across, known[:, 0], known[:, 1])], axis=1)
    return np.concatenate([points, added])


def _covered(box: Box, points: np.ndarray) -> int:
    left, top, width, height = box
    x, y = points[:, 0], points[:, 1]
    left, top, right, bottom = left - AIR_PX, top - AIR_PX, left + width, top + height
    inside = (x >= left) & (x <= right + AIR_PX) & (y >= top) & (y <= bottom + AIR_PX)
    return int(np.count_nonzero(inside))
