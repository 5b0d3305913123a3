"""Points that fill a space more evenly than independent draws: Halton's sequence, shifted.

Coordinate j of point i is i written in base p, the j-th prime, mirrored at the point (Halton 1960).
All points are moved by one random vector, around the edges (Cranley and Patterson 1976), so that
each seed gives other points that lie just as evenly.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator


def shifted_point(dimensions: int, index: int, seed: int) -> tuple[float, ...]:
    """Point `index`, from 0, of the sequence of a seed; each coordinate from 0 to below 1."""
    shift = random.Random(seed)
    return tuple((share + shift.random()) % 1.0 for share in halton_point(dimensions, index))


def halton_point(dimensions: int, index: int) -> tuple[float, ...]:
    """Point `index`, from 0, of the plain sequence."""
    return tuple(_mirrored(index, base) for base in itertools.islice(_primes(), dimensions))


def _mirrored(number: int, base: int) -> float:
    """The digits of a whole number in a base, mirrored at the point: 6 = 110 in 2 gives 0.011."""
    mirrored, unit = 0, 1
    while number:
        number, digit = divmod(number, base)
        mirrored, unit = mirrored * base + digit, unit * base
    return mirrored / unit


def _primes() -> Iterator[int]:
    found: list[int] = []
    for number in itertools.count(2):
        if all(number % prime for prime in found):
            found.append(number)
            yield number
