"""The hundred shapes of the demo set, as signed distances in integers: twenty kinds of five.

Every shape takes a `Grid` and says for each pixel how far it is from the shape's edge, negative
inside. Colours, backgrounds and noise are `demo_set`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cifar_studio.data.demo.grid import (
    TURN,
    Grid,
    Ints,
    bands,
    box,
    cosine,
    length,
    outline,
    sine,
    stroke,
)


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
    return np.maximum(disc, radius - length(g.u - centre, g.v))


def _cross(g: Grid, k: int) -> Ints:
    if k in (0, 1):
        width = (26, 75)[k]
        return np.minimum(box(g.u, g.v, width, 225), box(g.u, g.v, 225, width))
    if k == 2:
        return np.minimum(box(g.u, g.v, 32, 240), box(g.u, g.v + 85, 140, 32))
    if k == 3:
        bars = np.abs(np.abs(g.v) - 95)
        return np.minimum(box(g.u, g.v, 28, 240), np.maximum(np.abs(g.u) - 160, bars - 28))
    solid = np.minimum(box(g.u, g.v, 85, 240), box(g.u, g.v, 240, 85))
    return outline(solid, 22)


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
    return outline(_polygon(g, k) - 15, 24)


def _stripes(g: Grid, k: int) -> Ints:
    return np.maximum(bands(g.u, (300, 215, 155, 115, 88)[k]), g.rho - 245)


def _checks(g: Grid, k: int) -> Ints:
    period = (380, 270, 200, 150, 115)[k]
    a, b = bands(g.u, period), bands(g.v, period)
    either = np.maximum(np.minimum(a, b), -np.maximum(a, b))
    return np.maximum(either, box(g.u, g.v, 230, 230))


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
    return length((g.rho * cosine(angle) >> 10) - 168, g.rho * sine(angle) >> 10) - 66


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
    first, *others = (stroke(g, *ends) for ends in _LETTERS[k])
    for other in others:
        first = np.minimum(first, other)
    return first


def _target(g: Grid, k: int) -> Ints:
    return np.maximum(bands(g.rho, (300, 205, 150, 115, 90)[k]), g.rho - 245)


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


def _each(pattern: str, *words: object) -> tuple[str, ...]:
    return tuple(pattern.format(word) for word in words)


_POLYGONS = ("triangle", "square", "pentagon", "hexagon", "octagon")
_CROSSES = _each("{} cross", "thin", "thick", "long", "double", "hollow")
_RINGS = ("thin ring", "thick ring", "double ring", "ring with a dot", "open ring")
_MOONS = ("full moon", "gibbous moon", "half moon", "crescent", "thin crescent")
_SPIRALS = ("spiral with 1 arm", *_each("spiral with {} arms", 2, 3, 4, 5))
_WAVES = ("very long wave", "long wave", "medium wave", "short wave", "ripple")
_ARROWS = ("one chevron", "two chevrons", "three chevrons", "arrow", "diamond arrow")
_LADDERS = ("ladder with few rungs", *_each("{} ladder", "wide", "medium", "narrow", "fine"))

KINDS = (
    Kind("rings", _ring, _RINGS),
    Kind("moons", _moon, _MOONS),
    Kind("crosses", _cross, _CROSSES),
    Kind("stars", _star, _each("star with {} points", 4, 5, 6, 7, 8)),
    Kind("flowers", _flower, _each("flower with {} petals", 3, 4, 5, 6, 8)),
    Kind("polygons", _polygon, _POLYGONS),
    Kind("frames", _frame, _each("{} frame", *_POLYGONS)),
    Kind("stripes", _stripes, _each("{} stripes", "very wide", "wide", "medium", "narrow", "fine")),
    Kind("checks", _checks, _each("{} checks", "very large", "large", "medium", "small", "fine")),
    Kind("waves", _wave, _WAVES),
    Kind("zigzags", _zigzag, _each("{} zigzag", "very long", "long", "medium", "short", "fine")),
    Kind("spirals", _spiral, _SPIRALS),
    Kind("gears", _gear, _each("gear with {} teeth", 5, 6, 8, 10, 12)),
    Kind("pinwheels", _pinwheel, _each("pinwheel with {} sails", 2, 3, 4, 5, 6)),
    Kind("dots", _dots, _each("{} dots", "two", "three", "four", "five", "six")),
    Kind("arrows", _arrow, _ARROWS),
    Kind("letters", _letter, _each("letter {}", "A", "E", "H", "T", "Y"), upright=True),
    Kind("targets", _target, _each("{} target", "very wide", "wide", "medium", "narrow", "fine")),
    Kind("arcs", _arc, _each("{} arc", "very short", "short", "half", "long", "very long")),
    Kind("ladders", _ladder, _LADDERS),
)
