"""Made-up answers that fail as a network's do: most mistakes stay in the superclass."""

from __future__ import annotations

from typing import get_args

import numpy as np
from numpy.typing import NDArray

from cifar_studio.data.names import ClassNames
from cifar_studio.runs.analysis.confusion_cells import Cells, Level, cells_of
from cifar_studio.runs.folder.evaluation import Evaluation, confusion_matrix

_CLASSES = 100


def make_names() -> ClassNames:
    """Names whose superclasses do not lie in the order of the class numbers."""
    superclass_of = (np.arange(_CLASSES) * 7 % 20).astype(np.uint8)
    return ClassNames(
        class_names=tuple(f"class_{number}" for number in range(_CLASSES)),
        superclass_names=tuple(f"kind_{number}" for number in range(20)),
        superclass_of=superclass_of,
    )


def make_answers(names: ClassNames, seed: int = 0, n: int = 2_000, epoch: int = 7) -> Evaluation:
    """Answers about the first `n` test pictures, each class as often as any other."""
    true = (np.arange(n) * 37 % _CLASSES).astype(np.uint8)
    generator = np.random.default_rng(seed)
    kin = names.superclass_of[true][:, None] == names.superclass_of[None, :]
    logits = generator.gumbel(0.0, 1.0, (n, _CLASSES)) + 1.9 * kin
    favourites = generator.normal(0.0, 0.8, (_CLASSES, _CLASSES))
    logits += favourites[true]
    logits[np.arange(n), true] += 3.6
    powers = np.exp(0.9 * (logits - logits.max(axis=1, keepdims=True)))
    probabilities = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float16)
    top5 = np.argsort(-probabilities, axis=1, kind="stable")[:, :5].astype(np.uint8)
    return Evaluation(
        true=true,
        predicted=top5[:, 0],
        top5=top5,
        probabilities=probabilities,
        confusion=confusion_matrix(true, top5[:, 0]),
        indices=np.arange(n, dtype=np.int32),
        epoch=epoch,
    )


def cells_by_level(
    confusion: NDArray[np.int64], names: ClassNames, minus: NDArray[np.int64] | None = None
) -> dict[Level, Cells]:
    """A matrix at both levels, less another one if given."""
    return {level: cells_of(confusion, names, level, minus) for level in get_args(Level)}
