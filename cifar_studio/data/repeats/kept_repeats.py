"""Repeated pictures, found once and kept in the cache folder, for it takes a minute to find them.

The file is sealed and names the pictures and the method that it is of. One that is damaged, or of
other pictures, or says what cannot be, is as good as none: they are found again.
"""

from __future__ import annotations

import logging
import os
import zipfile
from collections.abc import Generator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cifar_studio import paths, sealed
from cifar_studio.data.dataset import Dataset
from cifar_studio.data.repeats.find_repeats import ALIKE_IN_DETAIL, METHOD, Repeats, find_repeats
from cifar_studio.reading import open_file

_MOST_BYTES = 32 * 2**20  # two million pairs
_NAME_LENGTH = 16
_DIGEST_LENGTH = 64
_KINDS: dict[str, tuple[type, tuple[int | None, ...]]] = {
    "pairs_P2": (np.int32, (None, 2)),
    "likeness_P": (np.float32, (None,)),
    "mirrored_P": (np.bool_, (None,)),
    "identical_P": (np.bool_, (None,)),
    "digest": (np.uint8, (_DIGEST_LENGTH,)),
    "method": (np.int64, ()),
}
"""Type and shape of each array; None is the number of pairs."""

_log = logging.getLogger("cifar_studio")


def kept_file(dataset: Dataset) -> Path:
    """Where the repeats of these pictures are kept, once they were found."""
    return paths.data_cache_folder() / f"repeats-{dataset.digest[:_NAME_LENGTH]}.npz"


def read_kept(dataset: Dataset) -> Repeats | None:
    """The repeats of these pictures as they were kept; None where no whole file is. Takes ms."""
    try:
        with open_file(kept_file(dataset)) as file:
            if file.seek(0, os.SEEK_END) > _MOST_BYTES:
                return None
            sealed.verify(file)
            arrays = _read_arrays(file)
        _check(arrays, dataset)
    except Exception:  # NumPy and zipfile raise many things at what a stranger made
        return None
    return Repeats(**{name: arrays[name] for name in Repeats.__dataclass_fields__})


def keep(dataset: Dataset, repeats: Repeats) -> None:
    """Keep what was found in these pictures, in place of what was kept. Raises OSError."""
    arrays: dict[str, Any] = {
        **{name: getattr(repeats, name) for name in Repeats.__dataclass_fields__},
        "digest": _as_array(dataset.digest),
        "method": METHOD,
    }
    # Plain numbers are not of the same type on every system.
    arrays = {name: np.asarray(arrays[name], dtype=kind) for name, (kind, _) in _KINDS.items()}
    path = kept_file(dataset)
    path.parent.mkdir(parents=True, exist_ok=True)
    sealed.write(path, lambda file: np.savez(file, **arrays))


def repeats_of(dataset: Dataset) -> Generator[tuple[int, int], None, Repeats]:
    """The repeats of these pictures: as they were kept, else found and kept from now on.

    Where they cannot be kept, a warning says so.

    Yields
    ------
    (int, int)
        As `find_repeats`; nothing where they were kept.
    """
    kept = read_kept(dataset)
    if kept is not None:
        return kept
    found = yield from find_repeats(dataset)
    try:
        keep(dataset, found)
    except OSError as error:
        path, reason = kept_file(dataset), error.strerror or error
        _log.warning("%s cannot be written (%s); it is found anew each time", path, reason)
    return found


def _read_arrays(file: BinaryIO) -> dict[str, NDArray[Any]]:
    """The arrays of a kept file; raises ValueError and others where they are not such ones."""
    with zipfile.ZipFile(file) as archive:
        # Stored, so that they take no more memory than the file has bytes.
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
            raise ValueError("it is compressed")
        _check_headers(archive)
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in _KINDS}


def _check_headers(archive: zipfile.ZipFile) -> None:
    """Raise ValueError unless types and shapes are right, before NumPy makes room."""
    pairs: int | None = None
    for name, (kind, wanted) in _KINDS.items():
        with archive.open(f"{name}.npy") as member:
            if np.lib.format.read_magic(member) != (1, 0):
                raise ValueError(f"{name} is no array of repeats")
            shape, _, dtype = np.lib.format.read_array_header_1_0(member)
        if pairs is None:
            pairs = shape[0] if shape and 0 <= shape[0] <= _MOST_BYTES else 0
        if dtype != kind or shape != tuple(pairs if size is None else size for size in wanted):
            raise ValueError(f"{name} is no array of repeats")


def _check(arrays: dict[str, NDArray[Any]], dataset: Dataset) -> None:
    """Raise ValueError where the arrays are of other pictures or say what cannot be."""
    if arrays["method"] != METHOD or not np.array_equal(
        arrays["digest"], _as_array(dataset.digest)
    ):
        raise ValueError("it is of other pictures, or found in another way")
    first, second = arrays["pairs_P2"].T
    likeness = arrays["likeness_P"]
    total = len(dataset.train) + len(dataset.test)
    if not ((first >= 0) & (first < second) & (second < total)).all():
        raise ValueError("there is no such picture")
    if not ((likeness >= ALIKE_IN_DETAIL) & (likeness <= 1)).all():
        raise ValueError("there is no such likeness")
    if (np.diff(likeness) > 0).any():
        raise ValueError("the most alike do not come first")
    if (arrays["identical_P"] & (arrays["mirrored_P"] | (likeness != 1))).any():
        raise ValueError("a pair is of two kinds")


def _as_array(digest: str) -> NDArray[np.uint8]:
    return np.frombuffer(digest.encode(), dtype=np.uint8)
