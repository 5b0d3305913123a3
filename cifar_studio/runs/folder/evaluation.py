"""Evaluation arrays of a run: `evaluation.npz` (best epoch) and `evaluation_last.npz` (latest).

They are of test pictures; `evaluation_train.npz` is of the training pictures, at the best epoch.

Read without pickles. The metrics of a confusion matrix belong here too.
"""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cifar_studio import sealed
from cifar_studio.data.dataset import CLASSES
from cifar_studio.errors import RunFolderError
from cifar_studio.reading import open_file

TEST_PICTURES = 10_000
TRAINING_PICTURES = 50_000
_BYTES_A_PICTURE = 400  # nearly twice what its answers take
_OTHER_BYTES = 2**18
_KINDS: dict[str, tuple[type, tuple[int | None, ...]]] = {
    "true": (np.uint8, (None,)),
    "predicted": (np.uint8, (None,)),
    "top5": (np.uint8, (None, 5)),
    "probabilities": (np.float16, (None, CLASSES)),
    "confusion": (np.int64, (CLASSES, CLASSES)),
    "indices": (np.int32, (None,)),
    "epoch": (np.int64, ()),
}
"""Type and shape of each array; None is the number of pictures."""


@dataclass(frozen=True)
class Evaluation:
    """What a network answered for N pictures of a split.

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
        Which picture of the complete split each row is of.
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
    """Write atomically as a sealed .npz; raises OSError."""
    # Plain numbers are not of the same type on every system.
    arrays: dict[str, Any] = {
        name: np.asarray(getattr(evaluation, name), dtype=kind, order="C")
        for name, (kind, _) in _KINDS.items()
    }
    sealed.write(path, lambda file: np.savez(file, **arrays))


def load_evaluation(path: Path, pictures: int = TEST_PICTURES) -> Evaluation:
    """Read and check what `save_evaluation` wrote, of a split of so many pictures.

    Raises
    ------
    RunFolderError
        Missing, damaged in any bit, or of impossible types, shapes or classes.
    """
    try:
        with open_file(path) as file:
            if file.seek(0, os.SEEK_END) > pictures * _BYTES_A_PICTURE + _OTHER_BYTES:
                raise ValueError("it is longer than any evaluation")
            sealed.verify(file)
            arrays = _read_arrays(file, pictures)
    except FileNotFoundError:
        raise RunFolderError(f"{path} is missing", "Evaluate the run first") from None
    except Exception as error:  # NumPy and zipfile raise many things at what a stranger made
        reason = str(error).partition("\n")[0][:100]
        raise RunFolderError(f"{path} is damaged ({reason})", "Evaluate the run again") from error
    return Evaluation(**{**arrays, "epoch": int(arrays["epoch"])})  # type: ignore[arg-type]


def _read_arrays(file: BinaryIO, pictures: int) -> dict[str, NDArray[Any]]:
    """The arrays of an evaluation; raises ValueError and others where they are not such ones."""
    with zipfile.ZipFile(file) as archive:
        # Stored, so that they take no more memory than the file has bytes.
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
            raise ValueError("it is compressed")
        _check_headers(archive, pictures)
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        found = {name: arrays[name] for name in _KINDS}
    labels = [found[name] for name in ("true", "predicted", "top5")]
    if any(label.size and label.max() >= CLASSES for label in labels):
        raise ValueError("there is no such class")
    indices = found["indices"]
    if indices.size and not 0 <= indices.min() <= indices.max() < pictures:
        raise ValueError("there is no such picture")
    if not np.array_equal(found["confusion"], confusion_matrix(*labels[:2])):
        raise ValueError("the confusion matrix is of other answers")
    return found


def _check_headers(archive: zipfile.ZipFile, pictures: int) -> None:
    """Raise ValueError unless types and shapes are an evaluation's, before NumPy makes room."""
    n: int | None = None
    for name, (kind, sizes) in _KINDS.items():
        with archive.open(f"{name}.npy") as member:
            if np.lib.format.read_magic(member) != (1, 0):
                raise ValueError(f"{name} is no array of an evaluation")
            shape, _, dtype = np.lib.format.read_array_header_1_0(member)
        if n is None:
            n = shape[0] if len(shape) == 1 and 0 <= shape[0] <= pictures else 0
        if dtype != kind or shape != tuple(n if size is None else size for size in sizes):
            raise ValueError(f"{name} is no array of an evaluation")
