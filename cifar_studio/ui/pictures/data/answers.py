"""What a run's network answered, by picture reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cifar_studio.runs.folder.evaluation import Evaluation
from cifar_studio.ui.pictures.data.picture_set import (
    COUNT,
    PictureSet,
    SplitName,
    reference_of,
    split_of,
)

NO_ANSWER = -1


@dataclass(frozen=True)
class Answer:
    """The five likeliest classes for one picture, likeliest first.

    Attributes
    ----------
    classes : tuple of int
        The first one is the network's answer.
    probabilities : tuple of float
        0 to 1, of the same classes.
    """

    classes: tuple[int, ...]
    probabilities: tuple[float, ...]


class SomeAnswers(Protocol):
    """What was said of pictures by reference."""

    def said(self, reference: int) -> int | None:
        """The predicted class; None where the picture was not evaluated."""

    def of(self, reference: int) -> Answer | None:
        """The five likeliest classes; None where the picture was not evaluated."""


class Answers:
    """The evaluations of a run, of one or both splits.

    Parameters
    ----------
    test, training : Evaluation or None
        `indices` are positions in the complete split; None where a split was not evaluated.

    Attributes
    ----------
    predicted : (60,000) int16
        Predicted class of each reference; `NO_ANSWER` where it was not evaluated.
    confidence : (60,000) float32
        Probability of the predicted class; 0 where it was not evaluated.
    """

    def __init__(self, test: Evaluation | None, training: Evaluation | None = None) -> None:
        self._parts: dict[SplitName, Evaluation | None] = {"test": test, "training": training}
        self.predicted = np.full(COUNT, NO_ANSWER, dtype=np.int16)
        self.confidence = np.zeros(COUNT, dtype=np.float32)
        self._row = np.full(COUNT, -1, dtype=np.int32)
        for split, part in self._parts.items():
            if part is None:
                continue
            references = part.indices + reference_of(split, 0)
            rows = np.arange(len(references), dtype=np.int32)
            self.predicted[references] = part.predicted
            self.confidence[references] = part.probabilities[rows, part.predicted]
            self._row[references] = rows

    def has(self, split: SplitName) -> bool:
        """Whether any picture of a split was evaluated."""
        part = self._parts[split]
        return part is not None and len(part.indices) > 0

    def missing(self, split: str) -> str:
        """A split of "training", "test" or "both" that was not evaluated; "" for none."""
        asked = [one for one in self._parts if split in (one, "both")]
        return next((one for one in asked if not self.has(one)), "")

    def said(self, reference: int) -> int | None:
        """The predicted class of a picture; None where it was not evaluated."""
        predicted = int(self.predicted[reference])
        return None if predicted == NO_ANSWER else predicted

    def of(self, reference: int) -> Answer | None:
        """The five likeliest classes; None where the picture was not evaluated."""
        row = int(self._row[reference])
        part = self._parts[split_of(reference)]
        if row < 0 or part is None:
            return None
        classes = part.top5[row]
        probabilities = part.probabilities[row, classes].astype(np.float64)
        return Answer(tuple(map(int, classes)), tuple(map(float, probabilities)))

    def is_of(self, pictures: PictureSet) -> bool:
        """Whether the evaluated pictures have the same classes in `pictures`, at every index."""
        for split, part in self._parts.items():
            if part is None or not len(part.indices):
                continue
            known = pictures.references(split)
            references: NDArray[np.int32] = part.indices + np.int32(reference_of(split, 0))
            if references.max() > known[-1] or references.min() < known[0]:
                return False
            if not np.array_equal(pictures.labels(references), part.true):
                return False
        return True
