"""The names of classes and superclasses, also for who has a run and not its pictures."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifar_studio.data.cifar100.edition import PUBLISHED
from cifar_studio.data.dataset import DEMO
from cifar_studio.data.demo import demo_set


@dataclass(frozen=True, eq=False)
class ClassNames:
    """What the class numbers mean; see `Dataset` for the three."""

    class_names: tuple[str, ...]
    superclass_names: tuple[str, ...]
    superclass_of: NDArray[np.uint8]

    @functools.cached_property
    def by_superclass(self) -> tuple[int, ...]:
        """All class numbers, superclass by superclass; inside one as they are numbered."""
        return tuple(int(place) for place in np.argsort(self.superclass_of, kind="stable"))

    def classes_in(self, superclass: int) -> tuple[int, ...]:
        """Class numbers of a superclass, ascending."""
        return tuple(int(place) for place in np.flatnonzero(self.superclass_of == superclass))

    @functools.cached_property
    def class_titles(self) -> tuple[str, ...]:
        """The classes' names as a person reads them."""
        return tuple(_title(name) for name in self.class_names)

    @functools.cached_property
    def superclass_titles(self) -> tuple[str, ...]:
        """The superclasses' names as a person reads them."""
        return tuple(_title(name) for name in self.superclass_names)


def names_of(data_name: str) -> ClassNames:
    """The names of CIFAR-100, or of the demo set."""
    if data_name == DEMO:
        return ClassNames(demo_set.CLASS_NAMES, demo_set.SUPERCLASS_NAMES, demo_set.SUPERCLASS_OF)
    return ClassNames(
        PUBLISHED.class_names,
        PUBLISHED.superclass_names,
        np.array(PUBLISHED.superclass_of, dtype=np.uint8),
    )


def _title(name: str) -> str:
    """With blanks, and without the demo set's mark: views show it once, not a hundred times."""
    return name.removeprefix(demo_set.PREFIX).replace("_", " ")
