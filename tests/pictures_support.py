"""Made-up answers of a network, for the tests and measurements of the pictures."""

from __future__ import annotations

import numpy as np

from cifar_studio.runs.folder.evaluation import Evaluation, confusion_matrix
from cifar_studio.ui.pictures.data.answers import Answers
from cifar_studio.ui.pictures.data.picture_set import PictureSet, SplitName


def make_evaluation_of(
    pictures: PictureSet, split: SplitName = "test", count: int = 10_000, seed: int = 0
) -> Evaluation:
    """An evaluation of `count` pictures of a split; about half of the answers are right."""
    random = np.random.default_rng(seed)
    references = pictures.references(split)
    chosen = np.sort(random.choice(len(references), min(count, len(references)), replace=False))
    true = pictures.labels(references[chosen])
    logits = random.normal(size=(len(chosen), 100))
    logits[np.arange(len(chosen)), true] += 2.5
    weights = np.exp(logits)
    probabilities = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float16)
    top5 = np.argsort(-probabilities, axis=1, kind="stable")[:, :5].astype(np.uint8)
    return Evaluation(
        true=true,
        predicted=top5[:, 0],
        top5=top5,
        probabilities=probabilities,
        confusion=confusion_matrix(true, top5[:, 0]),
        indices=chosen.astype(np.int32),
        epoch=3,
    )


def make_answers(pictures: PictureSet, count: int = 10_000) -> Answers:
    """Answers for `count` test pictures."""
    return Answers(make_evaluation_of(pictures, count=count))
