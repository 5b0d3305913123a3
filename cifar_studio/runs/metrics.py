"""Figures of a confusion matrix, of the classes and of what is confused with what.

Letters in names: K classes, S superclasses. Rows are the true class, columns the answer. A figure
that has no meaning, such as the precision of a class that was never answered, is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ClassScores:
    """Figures of each class.

    Attributes
    ----------
    precision_K, recall_K, f1_K : (K,) float64
        0 to 1. Precision is NaN where the class was never answered, recall where none was shown,
        F1 where neither was.
    support_K : (K,) int64
        Pictures of the class.
    """

    precision_K: NDArray[np.float64]
    recall_K: NDArray[np.float64]
    f1_K: NDArray[np.float64]
    support_K: NDArray[np.int64]


@dataclass(frozen=True)
class Confusion:
    """So many pictures of one class were taken for another one."""

    true: int
    answer: int
    count: int
    support: int


def class_scores(confusion_KK: NDArray[np.int64]) -> ClassScores:
    """Precision, recall and F1, their harmonic mean, of each class."""
    right_K = np.diag(confusion_KK)
    shown_K, answered_K = confusion_KK.sum(axis=1), confusion_KK.sum(axis=0)
    return ClassScores(
        precision_K=_share(right_K, answered_K),
        recall_K=_share(right_K, shown_K),
        f1_K=_share(2 * right_K, shown_K + answered_K),
        support_K=shown_K,
    )


def to_superclasses(
    confusion_KK: NDArray[np.int64], superclass_of_K: NDArray[np.uint8]
) -> NDArray[np.int64]:
    """(S, S) counts: true superclass, superclass of the answer."""
    count = int(superclass_of_K.max()) + 1
    summed = np.zeros((count, count), dtype=np.int64)
    np.add.at(summed, (superclass_of_K[:, None], superclass_of_K[None, :]), confusion_KK)
    return summed


def accuracy(confusion_KK: NDArray[np.int64]) -> float:
    """Share of right answers, 0 to 1; NaN where there is no picture."""
    return float(_share(np.trace(confusion_KK), confusion_KK.sum()))


def share_inside_superclass(
    confusion_KK: NDArray[np.int64], superclass_of_K: NDArray[np.uint8]
) -> float:
    """Share of the mistakes that name a class of the right superclass; NaN without a mistake."""
    mistakes = confusion_KK.sum() - np.trace(confusion_KK)
    superclasses_SS = to_superclasses(confusion_KK, superclass_of_K)
    inside = np.trace(superclasses_SS) - np.trace(confusion_KK)
    return float(_share(inside, mistakes))


def most_confused(confusion_KK: NDArray[np.int64], count: int) -> list[Confusion]:
    """The most frequent mistakes, most pictures first; of equals the lower class numbers."""
    mistakes_KK = confusion_KK.copy()
    np.fill_diagonal(mistakes_KK, 0)
    places = np.argsort(-mistakes_KK, axis=None, kind="stable")[:count]
    support_K = confusion_KK.sum(axis=1)
    found = []
    for true, answer in zip(*np.unravel_index(places, mistakes_KK.shape), strict=True):
        if mistakes_KK[true, answer]:
            pictures = int(mistakes_KK[true, answer])
            found.append(Confusion(int(true), int(answer), pictures, int(support_K[true])))
    return found


def _share(
    part: NDArray[np.int64] | np.int64, whole: NDArray[np.int64] | np.int64
) -> NDArray[np.float64]:
    """Part by whole, NaN where there is nothing."""
    wholes = np.asarray(whole, dtype=np.float64)
    shares: NDArray[np.float64] = np.full(wholes.shape, np.nan)
    np.divide(np.asarray(part, dtype=np.float64), wholes, out=shares, where=wholes > 0)
    return shares
