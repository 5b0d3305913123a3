"""Streams of random numbers of an epoch, one for each purpose.

So turning one augmentation on or off leaves what the others draw where it is.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What numbers are drawn for; a number once given stays, for runs are made again from it."""

    ORDER = 0
    CROP = 1
    FLIP = 2
    POLICY = 3
    CUTOUT = 4
    ERASING = 5
    MIXED = 6
    MIXUP = 7
    CUTMIX = 8
    PARTNER = 9


def stream(seed: int, epoch: int, purpose: Purpose) -> np.random.Generator:
    """PCG64 seeded by NumPy's SeedSequence over (seed, epoch, purpose).

    The sequence mixes them so that neighbouring seeds and epochs share nothing. No global random
    state is touched.
    """
    return np.random.default_rng((seed, epoch, int(purpose)))
