"""Repeated pictures, found once and kept in the cache folder, for it takes a minute to find them.

The file is sealed and names the pictures and the method that it is of. One that is damaged or of
other pictures is as good as none: they are found again.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from dataclasses import fields
from pathlib import Path

import numpy as np

from cifar_studio import paths, sealed
from cifar_studio.data.dataset import Dataset
from cifar_studio.data.repeats.find_repeats import METHOD, Repeats, find_repeats
from cifar_studio.reading import open_file

_NAME_LENGTH = 16
_log = logging.getLogger("cifar_studio")


def kept_file(dataset: Dataset) -> Path:
    """Where the repeats of these pictures are kept, once they were found."""
    return paths.data_cache_folder() / f"repeats-{dataset.digest[:_NAME_LENGTH]}.npz"


def read_kept(dataset: Dataset) -> Repeats | None:
    """The repeats of these pictures as they were kept; None where no whole file is. Takes ms."""
    try:
        with open_file(kept_file(dataset)) as file:
            sealed.verify(file)
            with np.load(file, allow_pickle=False) as arrays:
                if arrays["made_of"] == _made_of(dataset):
                    return Repeats(**{field.name: arrays[field.name] for field in fields(Repeats)})
    except Exception:  # NumPy and zipfile raise many things at what is no such file
        pass
    return None


def keep(dataset: Dataset, repeats: Repeats) -> None:
    """Keep what was found in these pictures, in place of what was kept. Raises OSError."""
    path, made_of = kept_file(dataset), np.array(_made_of(dataset))
    path.parent.mkdir(parents=True, exist_ok=True)
    sealed.write(path, lambda file: np.savez(file, made_of=made_of, **vars(repeats)))


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


def _made_of(dataset: Dataset) -> str:
    return f"{dataset.digest} by method {METHOD}"
