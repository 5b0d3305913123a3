"""What the Confusion tab can show: a run's evaluations, and another run's beside them. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cifar_studio.data.names import ClassNames
from cifar_studio.errors import StudioError
from cifar_studio.runs.analysis.comparison import Comparison, compare
from cifar_studio.runs.analysis.confusion_cells import Cells, cells_of
from cifar_studio.runs.folder.evaluation import Evaluation

Epoch = Literal["best", "last"]
Side = Literal["a", "b", "difference"]
_Both = tuple[Cells, Cells]


@dataclass(frozen=True, eq=False)
class Material:
    """A run's evaluations.

    Attributes
    ----------
    best, last : Evaluation or None
        Of the best epoch and of the latest one.
    names : ClassNames
    title : str
        The run's.
    chosen_by : str
        What made the best epoch the best: "best on test (selected)".
    beside : Evaluation or None
        Of run B.
    beside_title : str
    """

    best: Evaluation | None
    last: Evaluation | None
    names: ClassNames
    title: str
    chosen_by: str
    beside: Evaluation | None = None
    beside_title: str = ""

    def evaluation(self, epoch: Epoch) -> Evaluation | None:
        """Run A's at this epoch."""
        return self.best if epoch == "best" else self.last

    def origin(self, epoch: Epoch) -> str:
        """What an evaluation is of: "best on test (selected), epoch 7, 2,000 test pictures"."""
        shown = self.evaluation(epoch)
        if shown is None:
            return ""
        words = self.chosen_by if epoch == "best" else "latest epoch evaluated"
        return f"{words}, epoch {shown.epoch}, {_pictures(shown)}"

    def beside_origin(self) -> str:
        """What run B's evaluation is of."""
        if self.beside is None:
            return ""
        return f"{self.beside_title}, epoch {self.beside.epoch}, {_pictures(self.beside)}"

    def comparison(self, epoch: Epoch) -> Comparison | None:
        """A at this epoch against B; raises StudioError where they are of different data."""
        shown = self.evaluation(epoch)
        return None if shown is None or self.beside is None else compare(shown, self.beside)


@dataclass(frozen=True, eq=False)
class Sheet:
    """What one setting of the switches shows.

    Attributes
    ----------
    cells : (Cells, Cells)
        By superclass and by class.
    scaled_with : (Cells, Cells) or None
        The other run's, where both are to share a scale.
    evaluation : Evaluation
        Whose figures stand beside the matrix; A's for the difference.
    comparison : Comparison or None
    fault : str
        Why there is no comparison although there is a run B.
    """

    cells: _Both
    scaled_with: _Both | None
    evaluation: Evaluation
    comparison: Comparison | None
    fault: str


def make_sheet(material: Material, epoch: Epoch, side: Side) -> Sheet | None:
    """None where the run was not evaluated at that epoch.

    The difference is over the pictures that both runs were tested on; where there is none to
    show, it is A's own matrix.
    """
    a, b, names = material.evaluation(epoch), material.beside, material.names
    if a is None:
        return None
    comparison, fault = None, ""
    try:
        comparison = material.comparison(epoch)
    except StudioError as error:
        fault = str(error)
    if comparison is not None and not comparison.pictures:
        comparison, fault = None, "The two runs were tested on different pictures."
    if side == "difference" and comparison is not None:
        cells = _both(comparison.a, names, comparison.b)
        return Sheet(cells, None, a, comparison, fault)
    shown, other = (b, a) if side == "b" and b is not None else (a, b)
    scaled_with = _both(other.confusion, names) if other is not None else None
    cells = _both(shown.confusion, names)
    return Sheet(cells, scaled_with, shown, comparison, fault)


def _both(
    confusion: NDArray[np.int64], names: ClassNames, minus: NDArray[np.int64] | None = None
) -> _Both:
    by_superclass = cells_of(confusion, names, "superclasses", minus)
    return by_superclass, cells_of(confusion, names, "classes", minus)


def _pictures(evaluation: Evaluation) -> str:
    count = len(evaluation.true)
    return f"{count:,} test {'picture' if count == 1 else 'pictures'}"
