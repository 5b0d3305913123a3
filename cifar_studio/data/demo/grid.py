"""Integer geometry of the demo set: angles, lengths and the distances that shapes are made of.

Lengths are in units of which 256 are a shape's radius; angles are in 1/1024 of a turn. There is no
floating-point arithmetic on pixels, so every computer draws the same bytes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]

TURN = 1024
_REACH = 1024  # no coordinate is further from the centre than this
_STEP = 8  # units a cell of the angle table


# The tables are rounded from functions whose last bits differ between computers; no entry lies
# near enough to a half for that to show (a test holds it). They are made when something is drawn:
# the window wants the names alone.


@cache
def _cosines() -> Ints:
    return np.array([round(1024 * math.cos(math.tau * a / TURN)) for a in range(TURN)], np.int32)


@cache
def _roots() -> Ints:
    squares = range(2 * _REACH * _REACH // 32 + 1)
    return np.array([math.isqrt(32 * q) for q in squares], np.int32)


@cache
def _angles() -> Ints:
    side = 2 * _REACH // _STEP
    turns = [
        [round(math.atan2(v - side // 2 + 0.5, u - side // 2 + 0.5) * TURN / math.tau) % TURN
         for u in range(side)]
        for v in range(side)
    ]  # fmt: skip
    return np.array(turns, dtype=np.int32).ravel()


def cosine(angle: Ints) -> Ints:
    """1024 times the cosine of an angle in 1/1024 of a turn."""
    return _cosines()[angle & (TURN - 1)]


def sine(angle: Ints) -> Ints:
    """1024 times the sine of an angle in 1/1024 of a turn."""
    return _cosines()[(angle - TURN // 4) & (TURN - 1)]


@dataclass
class Grid:
    """Where each pixel lies as a shape sees it: moved, turned and scaled.

    Attributes
    ----------
    u, v : (N, 32, 32) int32
        Coordinates, below 1024 in size.
    """

    u: Ints
    v: Ints

    @cached_property
    def rho(self) -> Ints:
        """Distance from the centre."""
        return length(self.u, self.v)

    @cached_property
    def theta(self) -> Ints:
        """Angle, 0 to 1023."""
        row = (self.v + _REACH) // _STEP * (2 * _REACH // _STEP)
        return _angles()[row + (self.u + _REACH) // _STEP]

    def fold(self, count: int) -> Ints:
        """How far each pixel is round its sector of `count`: 0 at the border, 512 at the axis."""
        return np.abs(((self.theta * count) & (TURN - 1)) - TURN // 2)


def length(x: Ints, y: Ints) -> Ints:
    return _roots()[np.minimum(x * x + y * y, 2 * _REACH * _REACH - 1) >> 5]


def bands(x: Ints, period: int) -> Ints:
    return np.abs((x + 8 * period) % period - period // 2) - period // 4


def box(x: Ints, y: Ints, half_width: int, half_height: int) -> Ints:
    return np.maximum(np.abs(x) - half_width, np.abs(y) - half_height)


def outline(distance: Ints, width: int) -> Ints:
    return np.abs(distance + width) - width


def stroke(g: Grid, x0: int, y0: int, x1: int, y1: int, width: int = 32) -> Ints:
    """Distance from a line from (x0, y0) to (x1, y1) with round ends."""
    dx, dy = x1 - x0, y1 - y0
    along = (g.u - x0) * dx + (g.v - y0) * dy
    t = np.clip((along >> 4) * 256 // ((dx * dx + dy * dy) >> 4), 0, 256)
    return length(g.u - x0 - (t * dx >> 8), g.v - y0 - (t * dy >> 8)) - width
