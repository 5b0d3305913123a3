"""The names of classes and superclasses, apart from the pictures."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifar_studio.data.dataset import Dataset


@dataclass(frozen=True, eq=False)
class ClassNames:
    """What the class numbers mean.

    Attributes
    ----------
    class_names : tuple of 100 str
    superclass_names : tuple of 20 str
    superclass_of : (100,) uint8
        Superclass number of each class.
    """

    class_names: tuple[str, ...]
    superclass_names: tuple[str, ...]
    superclass_of: NDArray[np.uint8]

    @classmethod
    def of(cls, dataset: Dataset) -> ClassNames:
        return cls(dataset.class_names, dataset.superclass_names, dataset.superclass_of)

    @functools.cached_property
    def by_superclass(self) -> tuple[int, ...]:
        """All class numbers, superclass by superclass; inside one as they are numbered."""
        return tuple(int(place) for place in np.argsort(self.superclass_of, kind="stable"))

    def classes_in(self, superclass: int) -> tuple[int, ...]:
        """Class numbers of a superclass, ascending."""
        return tuple(int(place) for place in np.flatnonzero(self.superclass_of == superclass))

    @functools.cached_property
    def class_titles(self) -> tuple[str, ...]:
        """The classes' names as a person writes them."""
        return tuple(name.replace("_", " ") for name in self.class_names)

    @functools.cached_property
    def superclass_titles(self) -> tuple[str, ...]:
        """The superclasses' names as a person writes them."""
        return tuple(name.replace("_", " ") for name in self.superclass_names)
