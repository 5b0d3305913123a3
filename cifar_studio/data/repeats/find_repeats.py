"""Pictures that occur more than once in a data set, exactly or nearly, in one split or across both.

Barz and Denzler (2020, "Do we train on test data?") found that one test picture in ten of CIFAR-100
has a near duplicate among the training pictures. They looked for them with a network's features;
here pixels are compared, which finds pictures that were compressed, brightened, slightly moved or
mirrored, and misses those that were cut out of another one.

Letters in names: N pictures, D numbers of a description, P pairs.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifar_studio.data.dataset import Dataset

ALIKE_FROM_AFAR = 0.95
"""Least correlation of two pictures of 8x8 blocks, of which a pair is looked at closely."""
ALIKE_IN_DETAIL = 0.7
"""Least correlation of what differs from the blocks: edges and texture.

Chosen by looking at pairs of CIFAR-100: above it hardly a pair is of two pictures, while plains,
roads and seas, which resemble each other from afar, lie below 0.6.
"""
METHOD = 1
"""Version of the way in which they are found; another one finds other pairs."""
_BLOCK = 4
_AT_ONCE = 500
_Pair = tuple[int, int, float, bool, bool]  # both places, likeness, mirrored, identical


@dataclass(frozen=True)
class Repeats:
    """Pairs of pictures, the most alike first.

    Attributes
    ----------
    pairs_P2 : (P, 2) int32
        Places in the training split, or, from its length on, in the test split; the lower first.
    likeness_P : (P,) float32
        Correlation in detail; 1 for identical ones.
    mirrored_P : (P,) bool
    identical_P : (P,) bool
    """

    pairs_P2: NDArray[np.int32]
    likeness_P: NDArray[np.float32]
    mirrored_P: NDArray[np.bool_]
    identical_P: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.pairs_P2)


def find_repeats(dataset: Dataset) -> Generator[tuple[int, int], None, Repeats]:
    """Compare every picture with every other one and its mirror image; takes a minute or so.

    Yields
    ------
    (int, int)
        Pictures that are done, of how many.
    """
    images_NCHW = np.concatenate([dataset.train.images_NCHW, dataset.test.images_NCHW])
    plain_ND = _from_afar(images_NCHW)
    total = len(images_NCHW)
    found: list[_Pair] = []
    for start in range(0, total, _AT_ONCE):
        yield start, total
        stop = min(start + _AT_ONCE, total)
        mirrored_ND = _from_afar(images_NCHW[start:stop, :, :, ::-1])
        for is_mirrored, these_ND in ((False, plain_ND[start:stop]), (True, mirrored_ND)):
            rows, columns = np.nonzero(these_ND @ plain_ND[start:].T > ALIKE_FROM_AFAR)
            first, second = rows + start, columns + start
            later = second > first
            found += _look_closely(images_NCHW, first[later], second[later], is_mirrored)
    yield total, total
    return _as_repeats(found)


def _from_afar(images_NCHW: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(N, D) block means, each row of mean 0 and length 1: their products are correlations."""
    starts = range(0, len(images_NCHW), _AT_ONCE)
    parts = (images_NCHW[start : start + _AT_ONCE].astype(np.float32) for start in starts)
    return _unit(np.concatenate([_blocks(part) for part in parts]).reshape(len(images_NCHW), -1))


def _in_detail(images_PCHW: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(P, D) differences between pixels and their block's mean, of mean 0 and length 1."""
    values = images_PCHW.astype(np.float32)
    blocks = _blocks(values).repeat(_BLOCK, axis=2).repeat(_BLOCK, axis=3)
    return _unit((values - blocks).reshape(len(values), -1))


def _blocks(values_NCHW: NDArray[np.float32]) -> NDArray[np.float32]:
    n, channels, height, width = values_NCHW.shape
    parts = values_NCHW.reshape(n, channels, height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK)
    means: NDArray[np.float32] = parts.mean(axis=(3, 5), dtype=np.float32)
    return means


def _unit(rows_ND: NDArray[np.float32]) -> NDArray[np.float32]:
    centred = rows_ND - rows_ND.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = centred / np.maximum(lengths, 1e-6)
    return scaled


def _look_closely(
    images_NCHW: NDArray[np.uint8],
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    is_mirrored: bool,
) -> list[_Pair]:
    """The pairs that are alike in detail too."""
    found: list[_Pair] = []
    for start in range(0, len(first), _AT_ONCE):
        ones, others = first[start : start + _AT_ONCE], second[start : start + _AT_ONCE]
        theirs = images_NCHW[others]
        mine = images_NCHW[ones][..., ::-1] if is_mirrored else images_NCHW[ones]
        same = (mine == theirs).all(axis=(1, 2, 3))
        likeness = (_in_detail(mine) * _in_detail(theirs)).sum(axis=1)
        likeness[same] = 1.0  # a plain one has no detail
        alike = likeness >= ALIKE_IN_DETAIL
        values = (ones, others, np.minimum(likeness, 1.0), np.full_like(same, is_mirrored), same)
        found += zip(*(value[alike].tolist() for value in values), strict=True)
    return found


def _as_repeats(found: list[_Pair]) -> Repeats:
    """Sorted, each pair once: as it is, or mirrored where that is more alike."""
    best: dict[tuple[int, int], _Pair] = {}
    for one in sorted(found, key=lambda one: (-one[2], one[3], one[0], one[1])):
        best.setdefault(one[:2], one)
    pairs = list(best.values())
    return Repeats(
        pairs_P2=np.array([one[:2] for one in pairs], dtype=np.int32).reshape(-1, 2),
        likeness_P=np.array([one[2] for one in pairs], dtype=np.float32),
        mirrored_P=np.array([one[3] for one in pairs], dtype=bool),
        identical_P=np.array([one[4] and not one[3] for one in pairs], dtype=bool),
    )
