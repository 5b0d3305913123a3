"""What the Confusion tab can show: a run's evaluations, perhaps with a second run's. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cifar_studio.data.names import ClassNames
from cifar_studio.errors import StudioError
from cifar_studio.runs.analysis.comparison import Comparison, compare
from cifar_studio.runs.analysis.confusion_cells import Cells, Level, cells_of
from cifar_studio.runs.folder.evaluation import Evaluation

Epoch = Literal["best", "last"]
Side = Literal["a", "b", "difference"]
CellsByLevel = Mapping[Level, Cells]


@dataclass(frozen=True)
class Switches:
    """How the matrix is shown; a figure of it is drawn likewise."""

    epoch: Epoch
    side: Side
    level: Level
    percent: bool
    logarithmic: bool


@dataclass(frozen=True, eq=False)
class Evaluations:
    """Run A's evaluations, and run B's where there is a second run.

    Attributes
    ----------
    best, last : Evaluation or None
        Of the best epoch and of the latest one.
    names : ClassNames
    title : str
        Run A's.
    chosen_by : str
        What made the best epoch the best: "best on test (selected)" or "chosen on validation".
    second : Evaluation or None
        Run B's.
    second_title : str
    """

    best: Evaluation | None
    last: Evaluation | None
    names: ClassNames
    title: str
    chosen_by: str
    second: Evaluation | None = None
    second_title: str = ""

    def at(self, epoch: Epoch) -> Evaluation | None:
        """Run A's at this epoch."""
        return self.best if epoch == "best" else self.last

    def origin(self, epoch: Epoch, *, of_second: bool) -> str:
        """What an evaluation is of: "VGG11 · best on test (selected), epoch 7, 90 test pictures".

        With a second run the letter A or B comes first.
        """
        if of_second:
            return "" if self.second is None else f"B: {self.second_title}, {_size(self.second)}"
        shown = self.at(epoch)
        words = self.chosen_by if epoch == "best" else "latest epoch evaluated"
        letter = "A: " if self.second is not None else ""
        return "" if shown is None else f"{letter}{self.title} · {words}, {_size(shown)}"


@dataclass(frozen=True, eq=False)
class Contents:
    """What one setting of the switches shows.

    Attributes
    ----------
    cells : Cells by level
    scaled_with : Cells by level, or None
        The other run's, where both are to share a scale.
    evaluation : Evaluation
        Whose figures stand beside the matrix; A's for the difference.
    comparison : Comparison or None
    fault : str
        Why there is no comparison although there is a run B.
    """

    cells: CellsByLevel
    scaled_with: CellsByLevel | None
    evaluation: Evaluation
    comparison: Comparison | None
    fault: str


def contents_of(evaluations: Evaluations, epoch: Epoch, side: Side) -> Contents | None:
    """None where the run was not evaluated at that epoch.

    The difference is over the pictures that both runs were tested on; where there is none to
    show, it is A's own matrix.
    """
    a, b, names = evaluations.at(epoch), evaluations.second, evaluations.names
    if a is None:
        return None
    comparison, fault = None, ""
    try:
        comparison = None if b is None else compare(a, b)
    except StudioError as error:
        fault = str(error)
    if comparison is not None and not comparison.pictures:
        comparison, fault = None, "The two runs were tested on different pictures."
    if side == "difference" and comparison is not None:
        cells = _by_level(comparison.a, names, minus=comparison.b)
        return Contents(cells, None, a, comparison, fault)
    shown, other = (b, a) if side == "b" and b is not None else (a, b)
    scaled_with = _by_level(other.confusion, names) if other is not None else None
    return Contents(_by_level(shown.confusion, names), scaled_with, shown, comparison, fault)


def _by_level(
    confusion: NDArray[np.int64], names: ClassNames, minus: NDArray[np.int64] | None = None
) -> CellsByLevel:
    return {level: cells_of(confusion, names, level, minus) for level in get_args(Level)}


def _size(evaluation: Evaluation) -> str:
    count = len(evaluation.true)
    noun = "picture" if count == 1 else "pictures"
    return f"epoch {evaluation.epoch}, {count:,} test {noun}"
