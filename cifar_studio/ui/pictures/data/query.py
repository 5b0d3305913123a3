"""Which pictures are asked for, and finding them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cifar_studio.data.dataset import CLASSES
from cifar_studio.ui.pictures.data.answers import NO_ANSWER, Answers
from cifar_studio.ui.pictures.data.picture_set import PictureSet

WhichSplit = Literal["training", "test", "both"]
WhichAnswers = Literal["all", "right", "wrong", "mistakes"]


@dataclass(frozen=True)
class PictureQuery:
    """A choice of pictures.

    Attributes
    ----------
    split : "training", "test" or "both"
    classes : frozenset of int
        True classes; empty means all.
    said : frozenset of int
        Predicted classes; empty means all, and pictures that were not evaluated too.
    answers : "all", "right", "wrong" or "mistakes"
        "mistakes" are the wrong ones, the most confident first.
    among : frozenset of int or None
        The only references that come into question; None for all.
    """

    split: WhichSplit = "training"
    classes: frozenset[int] = frozenset()
    said: frozenset[int] = frozenset()
    answers: WhichAnswers = "all"
    among: frozenset[int] | None = None

    @property
    def needs_answers(self) -> bool:
        """Whether only evaluated pictures can match."""
        return bool(self.said) or self.answers != "all"


def select(pictures: PictureSet, query: PictureQuery, answers: Answers | None) -> NDArray[np.int32]:
    """(M,) references that match, in the order of the set; mistakes by falling confidence.

    Equal confidences keep the order of the set. Without `answers` a query that needs them finds
    nothing.
    """
    found = pictures.references(query.split)
    if query.among is not None:
        found = found[np.isin(found, list(query.among))]
    if query.classes:
        found = found[_members(query.classes)[pictures.labels(found)]]
    if not query.needs_answers:
        return found
    if answers is None:
        return found[:0]
    found = found[answers.predicted[found] != NO_ANSWER]
    if query.said:
        found = found[_members(query.said)[answers.predicted[found]]]
    if query.answers == "all":
        return found
    is_right = answers.predicted[found] == pictures.labels(found)
    found = found[is_right if query.answers == "right" else ~is_right]
    if query.answers == "mistakes":
        found = found[np.argsort(-answers.confidence[found], kind="stable")]
    return found


def count_by_class(
    pictures: PictureSet, query: PictureQuery, answers: Answers | None
) -> NDArray[np.int64]:
    """(100,) how many pictures of each class match whatever else is asked for."""
    every_class = dataclasses.replace(query, classes=frozenset())
    labels = pictures.labels(select(pictures, every_class, answers))
    return np.bincount(labels, minlength=CLASSES)


def _members(classes: frozenset[int]) -> NDArray[np.bool_]:
    members = np.zeros(CLASSES, dtype=np.bool_)
    members[list(classes)] = True
    return members
