"""Evaluation arrays of a run: `evaluation.npz` (best epoch) and `evaluation_last.npz` (latest).

Read without pickles. The metrics of a confusion matrix belong here too.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifar_studio import atomic
from cifar_studio.errors import RunFolderError

CLASSES = 100


@dataclass(frozen=True)
class Evaluation:
    """What a network answered for N test pictures.

    Attributes
    ----------
    true, predicted : (N,) uint8
        Class numbers, 0 to 99; `predicted` is the first of the likeliest.
    top5 : (N, 5) uint8
        The five likeliest classes, likeliest first.
    probabilities : (N, 100) float16
    confusion : (100, 100) int64
        Rows are the true class.
    indices : (N,) int32
        Which test picture of the complete set each row is of.
    epoch : int
    """

    true: NDArray[np.uint8]
    predicted: NDArray[np.uint8]
    top5: NDArray[np.uint8]
    probabilities: NDArray[np.float16]
    confusion: NDArray[np.int64]
    indices: NDArray[np.int32]
    epoch: int


def confusion_matrix(true: NDArray[np.uint8], predicted: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(100, 100) counts; rows are the true class, columns the answer."""
    cells = true.astype(np.int64) * CLASSES + predicted
    return np.bincount(cells, minlength=CLASSES * CLASSES).reshape(CLASSES, CLASSES)


def save_evaluation(path: Path, evaluation: Evaluation) -> None:
    """Write atomically as .npz."""
    arrays: dict[str, Any] = {name: np.asarray(v) for name, v in vars(evaluation).items()}
    atomic.write_file(path, lambda file: np.savez(file, **arrays))


def load_evaluation(path: Path) -> Evaluation:
    """Read and check what `save_evaluation` wrote.

    Raises
    ------
    RunFolderError
        Missing, damaged, or of impossible shapes.
    """
    try:
        # Opened here: np.load leaves its own file open where the contents are damaged.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            evaluation = Evaluation(
                true=arrays["true"],
                predicted=arrays["predicted"],
                top5=arrays["top5"],
                probabilities=arrays["probabilities"],
                confusion=arrays["confusion"],
                indices=arrays["indices"],
                epoch=int(arrays["epoch"]),
            )
    except FileNotFoundError:
        raise RunFolderError(f"{path} is missing", "Evaluate the run first") from None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise RunFolderError(
            f"{path} is damaged ({str(error)[:100]})", "Evaluate the run again"
        ) from error
    n = len(evaluation.true)
    shapes = [(n,), (n,), (n, 5), (n, CLASSES), (CLASSES, CLASSES), (n,)]
    values = list(vars(evaluation).values())[:-1]
    if [value.shape for value in values] != shapes or evaluation.confusion.sum() != n:
        raise RunFolderError(f"{path} holds arrays of impossible shapes", "Evaluate the run again")
    return evaluation
