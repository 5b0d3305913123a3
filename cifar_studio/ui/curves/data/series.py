"""Numbers behind the curves: arrays that grow, thinning, smoothing and steps of axes.

No Qt here, and no drawing: plain numpy that a test can hold in its hand.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

EPOCH_STEPS = (10, 20, 40, 80, 160, 320)
ACCURACY_STEPS = (25.0, 50.0, 100.0)
LOSS_STEPS = (5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 50.0, 100.0, 1e3, 1e4, 1e6)
LOSS_FLOORS = (1.0, 0.5, 0.1, 0.05, 0.01, 0.001, 1e-4, 1e-6)


class GrowingTable:
    """Columns of floats that grow at the end; None is kept as NaN.

    Appending costs constant time on average, since room is doubled when it is used up.

    Parameters
    ----------
    columns : int
    room : int
        Rows that fit before the first doubling.
    """

    def __init__(self, columns: int, room: int = 64) -> None:
        self._values = np.empty((columns, room))
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def room(self) -> int:
        return self._values.shape[1]

    def append(self, *values: float | None) -> None:
        self.extend(np.array([values], dtype=float))

    def extend(self, rows: np.ndarray) -> None:
        """Append an (N, columns) array."""
        self._make_room(len(rows))
        self._values[:, self._length : self._length + len(rows)] = rows.T
        self._length += len(rows)

    def column(self, index: int) -> np.ndarray:
        """A view of one column; it stays valid and does not grow."""
        return self._values[index, : self._length]

    def _make_room(self, rows: int) -> None:
        room = self.room
        while room < self._length + rows:
            room *= 2
        if room != self.room:
            wider = np.empty((len(self._values), room))
            wider[:, : self._length] = self._values[:, : self._length]
            self._values = wider


def thin(
    x: np.ndarray, y: np.ndarray, low: float, high: float, buckets: int
) -> tuple[np.ndarray, np.ndarray]:
    """What is needed to draw a long line between `low` and `high`.

    Points outside go, but for one neighbour at each side. Where more than two points a bucket
    remain, each bucket keeps its smallest and its largest value at their own places. A bucket is
    a power of two of points and starts at a multiple of it, so that a line does not shimmer
    while points are added at its end. A bucket without any finite value stays as a gap.

    Parameters
    ----------
    x, y : (N,) arrays
        `x` ascending; `y` may hold NaN.
    low, high : float
    buckets : int
        About how many buckets, such as the plot's width in pixels.
    """
    first = max(int(np.searchsorted(x, low)) - 1, 0)
    last = min(int(np.searchsorted(x, high, side="right")) + 1, len(x))
    points = last - first
    if points <= 2 * buckets:
        return x[first:last], y[first:last]
    size = 1
    while points > size * buckets:
        size *= 2
    start = first // size * size
    stop = min(-(-last // size) * size, len(x))
    rows = -(-(stop - start) // size)
    block = np.full(rows * size, np.nan)
    block[: stop - start] = y[start:stop]
    buckets_of = block.reshape(rows, size)
    gaps = np.isnan(buckets_of)
    smallest = np.where(gaps, np.inf, buckets_of).argmin(axis=1)
    largest = np.where(gaps, -np.inf, buckets_of).argmax(axis=1)
    pairs = np.sort(np.stack([smallest, largest], axis=1), axis=1)
    pairs += start + np.arange(rows)[:, None] * size
    index = np.minimum(pairs.ravel(), len(x) - 1)
    return x[index], y[index]


class Smoother:
    """Exponential mean over earlier points, weighted by their distance in epochs.

    A point `d` epochs back weighs exp(-d / scale), and weights are divided by their sum, so that
    the start is not pulled towards zero. Points may be given bit by bit. NaN stays a gap and
    weighs nothing.

    Parameters
    ----------
    scale : float
        In epochs, above 0.
    """

    _SPAN = 50.0  # scales in one block; exp(50) is far from overflow

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self._values = np.empty(0)
        self._sum = 0.0
        self._weight = 0.0
        self._at = 0.0

    def follow(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Smoothed values of a line that has grown, only its new points computed."""
        done = len(self._values)
        if len(x) > done:
            self._values = np.concatenate([self._values, self.extend(x[done:], y[done:])])
        return self._values

    def extend(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Smoothed values of the next points; `x` ascending, from the last point given on."""
        if len(x) == 0:
            return np.empty(0)
        out = np.empty(len(x))
        block = np.floor((x - x[0]) / (self._SPAN * self.scale))
        edges = np.flatnonzero(np.diff(block)) + 1
        for start, stop in zip((0, *edges), (*edges, len(x)), strict=True):
            out[start:stop] = self._extend_block(x[start:stop], y[start:stop])
        return out

    def _extend_block(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        finite = np.isfinite(y)
        growth = np.exp((x - x[0]) / self.scale)
        faded = np.exp(-max(x[0] - self._at, 0.0) / self.scale)
        total = (self._sum * faded + np.cumsum(np.where(finite, y, 0.0) * growth)) / growth
        weight = (self._weight * faded + np.cumsum(finite * growth)) / growth
        self._sum, self._weight, self._at = float(total[-1]), float(weight[-1]), float(x[-1])
        return np.where(finite, total / np.where(weight > 0, weight, 1.0), np.nan)


def epoch_limit(position: float, planned: int) -> float:
    """Right end of the epoch axis: 10, 20, 40, ... and at last what was planned."""
    for step in EPOCH_STEPS:
        if step >= planned:
            break
        if position <= step:
            return float(step)
    if position <= planned:
        return float(planned)
    limit = float(max(planned, EPOCH_STEPS[-1]))
    while limit < position:
        limit *= 2
    return limit


def accuracy_limit(values: Iterable[np.ndarray]) -> float:
    """Top of the accuracy axis in percent."""
    top = max((_largest(array) for array in values), default=0.0)
    return next((step for step in ACCURACY_STEPS if top <= 0.98 * step), ACCURACY_STEPS[-1])


def loss_limit(series: Iterable[np.ndarray], traces: Iterable[np.ndarray] = ()) -> float:
    """Top of the loss axis: above all of `series` and 99 in 100 points of each trace.

    A few batches before the network has learned anything do not stretch the axis.
    """
    top = max((_largest(array) for array in series), default=0.0)
    kept = list(traces)
    for step in LOSS_STEPS:
        if top <= step and all(np.count_nonzero(t > step) <= 0.01 * len(t) for t in kept):
            return step
    return LOSS_STEPS[-1]


def loss_floor(series: Iterable[np.ndarray]) -> float:
    """Bottom of a logarithmic loss axis."""
    bottom = min((_smallest_positive(array) for array in series), default=np.inf)
    return next((step for step in LOSS_FLOORS if bottom >= 1.05 * step), LOSS_FLOORS[-1])


def _largest(values: np.ndarray) -> float:
    return float(np.fmax.reduce(values, initial=0.0)) if len(values) else 0.0


def _smallest_positive(values: np.ndarray) -> float:
    positive = values[values > 0]
    return float(positive.min()) if len(positive) else np.inf
