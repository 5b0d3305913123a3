"""Two evaluations compared, picture by picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifar_studio.errors import BadInputError
from cifar_studio.runs.folder.evaluation import Evaluation, confusion_matrix


@dataclass(frozen=True, eq=False)
class Comparison:
    """Where A and B agree about the pictures that both were tested on.

    Attributes
    ----------
    a_only, b_only, both_right, both_wrong : (n,) int32
        Test pictures, ascending, that only A, only B, both, or neither answered rightly.
        Together they are every picture that both have, each once.
    a, b : (100, 100) int64
        Confusion matrices over these pictures.
    """

    a_only: NDArray[np.int32]
    b_only: NDArray[np.int32]
    both_right: NDArray[np.int32]
    both_wrong: NDArray[np.int32]
    a: NDArray[np.int64]
    b: NDArray[np.int64]

    @property
    def pictures(self) -> int:
        """How many pictures both have."""
        parts = (self.a_only, self.b_only, self.both_right, self.both_wrong)
        return sum(len(part) for part in parts)


def compare(a: Evaluation, b: Evaluation) -> Comparison:
    """Match two evaluations by the pictures' places in the complete test set.

    Raises
    ------
    BadInputError
        A picture is of another class in one than in the other: they are of different data.
    """
    indices, in_a, in_b = np.intersect1d(a.indices, b.indices, return_indices=True)
    true = a.true[in_a]
    if not np.array_equal(true, b.true[in_b]):
        raise BadInputError(
            "The two runs were tested on different data", "Choose a run on the same data"
        )
    said_by_a, said_by_b = a.predicted[in_a], b.predicted[in_b]
    a_right, b_right = said_by_a == true, said_by_b == true
    return Comparison(
        a_only=indices[a_right & ~b_right],
        b_only=indices[~a_right & b_right],
        both_right=indices[a_right & b_right],
        both_wrong=indices[~a_right & ~b_right],
        a=confusion_matrix(true, said_by_a),
        b=confusion_matrix(true, said_by_b),
    )
