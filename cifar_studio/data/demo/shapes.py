"""The hundred shapes of the demo set, as signed distances in integers: twenty kinds of five.

Every shape takes a `Grid` and says for each pixel how far it is from the shape's edge, negative
inside. Lengths are in units of which 256 are the shape's radius; angles are in 1/1024 of a turn.
There is no floating-point arithmetic on pixels, so every computer draws the same bytes. Colours,
backgrounds and noise are `demo`'s.
"""

from __future__ import annotations

import math
from collections.abc import Callable
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
        return _length(self.u, self.v)

    @cached_property
    def theta(self) -> Ints:
        """Angle, 0 to 1023."""
        row = (self.v + _REACH) // _STEP * (2 * _REACH // _STEP)
        return _angles()[row + (self.u + _REACH) // _STEP]

    def fold(self, count: int) -> Ints:
        """How far each pixel is round its sector of `count`: 0 at the border, 512 at the axis."""
        return np.abs(((self.theta * count) & (TURN - 1)) - TURN // 2)


def _length(x: Ints, y: Ints) -> Ints:
    return _roots()[np.minimum(x * x + y * y, 2 * _REACH * _REACH - 1) >> 5]


def _bands(x: Ints, period: int) -> Ints:
    return np.abs((x + 8 * period) % period - period // 2) - period // 4


def _box(x: Ints, y: Ints, half_width: int, half_height: int) -> Ints:
    return np.maximum(np.abs(x) - half_width, np.abs(y) - half_height)


def _outline(distance: Ints, width: int) -> Ints:
    return np.abs(distance + width) - width


def _stroke(g: Grid, x0: int, y0: int, x1: int, y1: int, width: int = 32) -> Ints:
    """Distance from a line from (x0, y0) to (x1, y1) with round ends."""
    dx, dy = x1 - x0, y1 - y0
    along = (g.u - x0) * dx + (g.v - y0) * dy
    t = np.clip((along >> 4) * 256 // ((dx * dx + dy * dy) >> 4), 0, 256)
    return _length(g.u - x0 - (t * dx >> 8), g.v - y0 - (t * dy >> 8)) - width


def _ring(g: Grid, k: int) -> Ints:
    if k == 0:
        return np.abs(g.rho - 205) - 20
    if k == 1:
        return np.abs(g.rho - 175) - 58
    if k == 2:
        return np.minimum(np.abs(g.rho - 222) - 20, np.abs(g.rho - 125) - 20)
    if k == 3:
        return np.minimum(np.abs(g.rho - 205) - 26, g.rho - 75)
    gap = 70 - (np.abs(g.theta - TURN // 2) * g.rho * 25 >> 12)
    return np.maximum(np.abs(g.rho - 195) - 36, gap)


def _moon(g: Grid, k: int) -> Ints:
    disc = g.rho - 220
    if k == 0:
        return disc
    if k == 2:
        return np.maximum(disc, -g.u)
    centre, radius = {1: (-340, 260), 3: (-140, 210), 4: (-75, 205)}[k]
    return np.maximum(disc, radius - _length(g.u - centre, g.v))


def _cross(g: Grid, k: int) -> Ints:
    if k in (0, 1):
        width = (26, 75)[k]
        return np.minimum(_box(g.u, g.v, width, 225), _box(g.u, g.v, 225, width))
    if k == 2:
        return np.minimum(_box(g.u, g.v, 32, 240), _box(g.u, g.v + 85, 140, 32))
    if k == 3:
        bars = np.abs(np.abs(g.v) - 95)
        return np.minimum(_box(g.u, g.v, 28, 240), np.maximum(np.abs(g.u) - 160, bars - 28))
    solid = np.minimum(_box(g.u, g.v, 85, 240), _box(g.u, g.v, 240, 85))
    return _outline(solid, 22)


def _star(g: Grid, k: int) -> Ints:
    return (g.rho - 95 - (g.fold(k + 4) * 165 >> 9)) * 3 >> 2


def _flower(g: Grid, k: int) -> Ints:
    count = (3, 4, 5, 6, 8)[k]
    petals = (g.rho - 175 - (cosine(g.theta * count) * 75 >> 10)) * 3 >> 2
    return np.maximum(petals, 52 - g.rho)


def _polygon(g: Grid, k: int) -> Ints:
    count, inner = ((3, 125), (4, 170), (5, 185), (6, 195), (8, 210))[k]
    return (g.rho * cosine(g.fold(count) // count) >> 10) - inner


def _frame(g: Grid, k: int) -> Ints:
    return _outline(_polygon(g, k) - 15, 24)


def _stripes(g: Grid, k: int) -> Ints:
    return np.maximum(_bands(g.u, (300, 215, 155, 115, 88)[k]), g.rho - 245)


def _checks(g: Grid, k: int) -> Ints:
    period = (380, 270, 200, 150, 115)[k]
    a, b = _bands(g.u, period), _bands(g.v, period)
    either = np.maximum(np.minimum(a, b), -np.maximum(a, b))
    return np.maximum(either, _box(g.u, g.v, 230, 230))


def _wave(g: Grid, k: int) -> Ints:
    away = np.abs(g.v - (sine(g.u * TURN // (620, 400, 290, 215, 160)[k]) * 100 >> 10))
    return np.maximum((away - 60) * 5 >> 3, np.abs(g.u) - 245)


def _zigzag(g: Grid, k: int) -> Ints:
    wavelength = (620, 400, 290, 215, 160)[k]
    crest = np.abs((g.u + 8 * wavelength) % wavelength - wavelength // 2) * 480 // wavelength - 120
    return np.maximum((np.abs(g.v - crest) - 58) * 5 >> 3, np.abs(g.u) - 245)


def _spiral(g: Grid, k: int) -> Ints:
    phase = (g.theta * (k + 1) + g.rho * 5) & (TURN - 1)
    return np.maximum((np.abs(phase - TURN // 2) - TURN // 4) // (5 + k), g.rho - 245)


def _gear(g: Grid, k: int) -> Ints:
    teeth = np.clip((g.fold((5, 6, 8, 10, 12)[k]) - TURN // 4) >> 1, -38, 38)
    return np.maximum(g.rho - 195 - teeth, 70 - g.rho)


def _pinwheel(g: Grid, k: int) -> Ints:
    count = k + 2
    return np.maximum((g.fold(count) - TURN // 4) * g.rho // (163 * count), g.rho - 235)


def _dots(g: Grid, k: int) -> Ints:
    count = k + 2
    angle = (((g.theta * count) & (TURN - 1)) - TURN // 2) // count
    return _length((g.rho * cosine(angle) >> 10) - 168, g.rho * sine(angle) >> 10) - 66


def _arrow(g: Grid, k: int) -> Ints:
    slope = g.u + np.abs(g.v)
    if k < 3:
        heads = np.abs(slope - 100)
        for more in range(k):
            heads = np.minimum(heads, np.abs(slope + 20 + 120 * more))
        return np.maximum((heads - (48, 40, 34)[k]) * 3 >> 2, np.abs(g.v) - 185)
    head = np.maximum((np.abs(slope - 200) - 52) * 3 >> 2, np.abs(g.v) - 170)
    shaft = np.maximum(np.abs(g.v) - 34, np.abs(g.u) - 200)
    if k == 3:
        return np.minimum(head, shaft)
    tail = np.maximum((np.abs(np.abs(g.v) - g.u - 200) - 52) * 3 >> 2, np.abs(g.v) - 170)
    return np.minimum(np.minimum(head, tail), shaft)


_LETTERS = (
    ((-150, 220, 0, -220), (150, 220, 0, -220), (-90, 80, 90, 80)),  # A
    ((-120, -210, -120, 210), (-120, -210, 130, -210), (-120, 0, 90, 0), (-120, 210, 130, 210)),
    ((-135, -210, -135, 210), (135, -210, 135, 210), (-135, 0, 135, 0)),  # H
    ((-160, -200, 160, -200), (0, -200, 0, 215)),  # T
    ((-150, -210, 0, 0), (150, -210, 0, 0), (0, 0, 0, 215)),  # Y
)


def _letter(g: Grid, k: int) -> Ints:
    first, *others = (_stroke(g, *ends) for ends in _LETTERS[k])
    for other in others:
        first = np.minimum(first, other)
    return first


def _target(g: Grid, k: int) -> Ints:
    return np.maximum(_bands(g.rho, (300, 205, 150, 115, 90)[k]), g.rho - 245)


def _arc(g: Grid, k: int) -> Ints:
    beyond = np.abs(g.theta - TURN // 2) - (70, 150, 235, 325, 415)[k]
    return np.maximum(np.abs(g.rho - 190) - 42, beyond * g.rho * 25 >> 12)


def _ladder(g: Grid, k: int) -> Ints:
    spacing = (235, 160, 118, 94, 78)[k]
    rungs = np.abs((g.v + 4 * spacing + spacing * (k % 2) // 2) % spacing - spacing // 2) - 20
    rails = np.abs(np.abs(g.u) - 125) - 24
    ladder = np.minimum(rails, np.maximum(rungs, np.abs(g.u) - 125))
    return np.maximum(ladder, np.abs(g.v) - 240)


@dataclass(frozen=True)
class Kind:
    """One superclass: how its five shapes are drawn, and what they are called."""

    name: str
    draw: Callable[[Grid, int], Ints]
    shapes: tuple[str, ...]
    upright: bool = False  # turned by a little only, as letters are


KINDS = (
    Kind(
        "rings", _ring, ("thin ring", "thick ring", "double ring", "ring with a dot", "open ring")
    ),
    Kind("moons", _moon, ("full moon", "gibbous moon", "half moon", "crescent", "thin crescent")),
    Kind(
        "crosses",
        _cross,
        ("thin cross", "thick cross", "long cross", "double cross", "hollow cross"),
    ),
    Kind("stars", _star, tuple(f"star with {n} points" for n in (4, 5, 6, 7, 8))),
    Kind("flowers", _flower, tuple(f"flower with {n} petals" for n in (3, 4, 5, 6, 8))),
    Kind("polygons", _polygon, ("triangle", "square", "pentagon", "hexagon", "octagon")),
    Kind(
        "frames",
        _frame,
        ("triangle frame", "square frame", "pentagon frame", "hexagon frame", "octagon frame"),
    ),
    Kind(
        "stripes",
        _stripes,
        ("very wide stripes", "wide stripes", "medium stripes", "narrow stripes", "fine stripes"),
    ),
    Kind(
        "checks",
        _checks,
        ("very large checks", "large checks", "medium checks", "small checks", "fine checks"),
    ),
    Kind("waves", _wave, ("very long wave", "long wave", "medium wave", "short wave", "ripple")),
    Kind(
        "zigzags",
        _zigzag,
        ("very long zigzag", "long zigzag", "medium zigzag", "short zigzag", "fine zigzag"),
    ),
    Kind(
        "spirals",
        _spiral,
        (
            "spiral with 1 arm",
            "spiral with 2 arms",
            "spiral with 3 arms",
            "spiral with 4 arms",
            "spiral with 5 arms",
        ),
    ),
    Kind("gears", _gear, tuple(f"gear with {n} teeth" for n in (5, 6, 8, 10, 12))),
    Kind("pinwheels", _pinwheel, tuple(f"pinwheel with {n} sails" for n in (2, 3, 4, 5, 6))),
    Kind("dots", _dots, ("two dots", "three dots", "four dots", "five dots", "six dots")),
    Kind(
        "arrows",
        _arrow,
        ("one chevron", "two chevrons", "three chevrons", "arrow", "diamond arrow"),
    ),
    Kind(
        "letters",
        _letter,
        ("letter A", "letter E", "letter H", "letter T", "letter Y"),
        upright=True,
    ),
    Kind(
        "targets",
        _target,
        ("very wide target", "wide target", "medium target", "narrow target", "fine target"),
    ),
    Kind("arcs", _arc, ("very short arc", "short arc", "half arc", "long arc", "very long arc")),
    Kind(
        "ladders",
        _ladder,
        ("ladder with few rungs", "wide ladder", "medium ladder", "narrow ladder", "fine ladder"),
    ),
)
