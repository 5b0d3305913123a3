"""A labelled set of pictures as arrays; where they come from is other modules' business."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CIFAR100 = "CIFAR-100"
DEMO = "demo"
CLASSES = 100


@dataclass(frozen=True)
class Split:
    """Pictures and their classes.

    Attributes
    ----------
    images_NCHW : (N, 3, 32, 32) uint8
        Red, green, blue planes; may be mapped from disk and is read-only.
    labels_N : (N,) uint8
        Class numbers, 0 to 99.
    """

    images_NCHW: NDArray[np.uint8]
    labels_N: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.labels_N)


@dataclass(frozen=True)
class Dataset:
    """The complete set, 500 training and 100 test pictures a class.

    Attributes
    ----------
    name : str
        `CIFAR100` or `DEMO`: what every view and file calls it.
    source : str
        The folder or archive it was read from; "built in" for the demo set.
    digest : str
        sha256 over the pictures and labels of both splits, in order.
    class_names : tuple of 100 str
    superclass_names : tuple of 20 str
    superclass_of : (100,) uint8
        Superclass number of each class.
    """

    name: str
    source: str
    digest: str
    train: Split
    test: Split
    class_names: tuple[str, ...]
    superclass_names: tuple[str, ...]
    superclass_of: NDArray[np.uint8]

    @property
    def is_demo(self) -> bool:
        return self.name == DEMO


def digest_of(train: Split, test: Split) -> str:
    """sha256 over the pictures and labels of both splits, in order."""
    digest = hashlib.sha256()
    for split in (train, test):
        digest.update(np.ascontiguousarray(split.images_NCHW).data)
        digest.update(np.ascontiguousarray(split.labels_N).data)
    return digest.hexdigest()
