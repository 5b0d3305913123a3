"""The classes of a data set, for who has a run and not its pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifar_studio.data import demo
from cifar_studio.data.dataset import DEMO
from cifar_studio.data.edition import PUBLISHED


@dataclass(frozen=True)
class ClassNames:
    """Names by number.

    Attributes
    ----------
    classes : tuple of 100 str
    superclasses : tuple of 20 str
    superclass_of : (100,) uint8
        Superclass number of each class.
    """

    classes: tuple[str, ...]
    superclasses: tuple[str, ...]
    superclass_of: NDArray[np.uint8]


def names_of(data_name: str) -> ClassNames:
    """The names of CIFAR-100, or of the demo set."""
    if data_name == DEMO:
        return ClassNames(demo.CLASS_NAMES, demo.SUPERCLASS_NAMES, demo.SUPERCLASS_OF)
    return ClassNames(
        PUBLISHED.class_names,
        PUBLISHED.superclass_names,
        np.array(PUBLISHED.superclass_of, dtype=np.uint8),
    )
