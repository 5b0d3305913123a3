"""What a confusion matrix tells: scores of classes, superclasses, the most frequent mistakes.

Every matrix here is (K, K) of counts, rows the true class and columns the answer. Shares are
0 to 1; what is undefined is NaN in an array and None alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifar_studio.runs.folder.evaluation import Evaluation


@dataclass(frozen=True, eq=False)
class ClassScores:
    """How well each class is recognised.

    Attributes
    ----------
    precision : (K,) float64
        Share of the answers "this class" that are right; NaN for a class that is never said.
    recall : (K,) float64
        Share of the class's pictures that are recognised; NaN for a class that is never shown.
    f1 : (K,) float64
        Harmonic mean of both, 2 right / (shown + said); NaN for a class neither shown nor said.
    support : (K,) int64
        Pictures of the class.
    said : (K,) int64
        Answers with the class.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    support: NDArray[np.int64]
    said: NDArray[np.int64]


def class_scores(confusion: NDArray[np.int64]) -> ClassScores:
    """Precision, recall and F1 of each class of a (K, K) matrix."""
    right = np.diagonal(confusion)
    shown, said = confusion.sum(axis=1), confusion.sum(axis=0)
    return ClassScores(
        precision=_share(right, said),
        recall=_share(right, shown),
        f1=_share(2 * right, shown + said),
        support=shown,
        said=said,
    )


def to_superclasses(
    confusion: NDArray[np.int64], superclass_of: NDArray[np.uint8]
) -> NDArray[np.int64]:
    """The matrix of superclasses: counts of their classes added up.

    Parameters
    ----------
    confusion : (K, K) int64
    superclass_of : (K,) uint8
        Superclass number of each class; as many superclasses come out as the highest one asks.
    """
    superclasses = int(superclass_of.max()) + 1
    belongs = np.zeros((superclasses, len(superclass_of)), dtype=np.int64)
    belongs[superclass_of, np.arange(len(superclass_of))] = 1
    return belongs @ confusion @ belongs.T


def most_confused(confusion: NDArray[np.int64], n: int) -> list[tuple[int, int, int]]:
    """Up to `n` kinds of mistake that happened: (true class, answer, count).

    The most frequent first; of equal ones the lower true class, then the lower answer.
    """
    mistakes = confusion.copy()
    np.fill_diagonal(mistakes, 0)
    counts = mistakes.ravel()
    order = np.argsort(-counts, kind="stable")[: max(n, 0)]
    cells = [divmod(int(place), len(confusion)) for place in order if counts[place] > 0]
    return [(true, said, int(confusion[true, said])) for true, said in cells]


def share_inside_superclass(
    confusion: NDArray[np.int64], superclass_of: NDArray[np.uint8]
) -> float | None:
    """Share of the mistakes whose answer is of the true class's superclass; None without any."""
    mistakes = int(confusion.sum() - np.trace(confusion))
    if not mistakes:
        return None
    inside = int(np.trace(to_superclasses(confusion, superclass_of)) - np.trace(confusion))
    return inside / mistakes


def accuracy(confusion: NDArray[np.int64]) -> float | None:
    """Share of the pictures with the right answer; None without any picture."""
    shown = int(confusion.sum())
    return int(np.trace(confusion)) / shown if shown else None


def superclass_accuracy(
    confusion: NDArray[np.int64], superclass_of: NDArray[np.uint8]
) -> float | None:
    """Share of the pictures whose answer is of the right superclass; None without any picture."""
    return accuracy(to_superclasses(confusion, superclass_of))


def top_k(true: NDArray[np.uint8], top5: NDArray[np.uint8], k: int) -> float | None:
    """Share of the pictures whose class is among the `k` likeliest; None without any picture.

    Parameters
    ----------
    true : (N,) uint8
    top5 : (N, 5) uint8
        Likeliest first.
    k : int
        1 to 5; raises ValueError else.
    """
    if not 1 <= k <= top5.shape[1]:
        raise ValueError(f"k is 1 to {top5.shape[1]}, not {k}")
    if not len(true):
        return None
    return float((top5[:, :k] == true[:, None]).any(axis=1).mean())


def pictures_of_cell(
    evaluation: Evaluation, true: tuple[int, ...], said: tuple[int, ...]
) -> NDArray[np.int32]:
    """Test pictures of these classes that were answered with those, in their order."""
    chosen = np.isin(evaluation.true, true) & np.isin(evaluation.predicted, said)
    return evaluation.indices[chosen]


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    result = np.full(len(part), np.nan)
    np.divide(part, whole, out=result, where=whole > 0)
    return result
