"""Decoded pictures, kept once as .npy files and mapped into memory at every later start.

A kept set is a folder that appears whole or not at all: it is filled under another name, synced,
and renamed. Beside the arrays stands `manifest.json`, with the digest of what they hold and stamps
of the sources that were verified to hold the same.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import filelock
import numpy as np
from numpy.typing import NDArray

from cifar_studio import atomic
from cifar_studio.data.cache.manifest import MANIFEST, Manifest, Stamp, read_manifest
from cifar_studio.data.dataset import Dataset, Split

_LOCK_WAIT_S = 60  # another process writes 184 MB meanwhile
_MOST_SOURCES = 32


def open_kept(folder: Path, source: str) -> Dataset | None:
    """The set kept in `folder`, its images mapped from disk; None where none is kept whole.

    What is looked at is sizes, shapes and types, not every byte: this takes milliseconds.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        return None
    try:
        arrays = {name: _mapped(folder, name, manifest) for name in manifest.shapes}
    except Exception:  # NumPy's reader of headers raises errors of many kinds
        return None
    train = Split(arrays["train_images"], arrays["train_labels"])
    test = Split(arrays["test_images"], arrays["test_labels"])
    for split in (train, test):
        if len(split) and int(split.labels_N.max()) >= len(manifest.class_names):
            return None
    return Dataset(
        name=manifest.name,
        source=source,
        digest=manifest.digest,
        train=train,
        test=test,
        class_names=manifest.class_names,
        superclass_names=manifest.superclass_names,
        superclass_of=np.array(manifest.superclass_of, dtype=np.uint8),
    )


def keep(folder: Path, dataset: Dataset, stamp: Stamp) -> None:
    """Keep `dataset` in `folder`, and that the source of `stamp` holds the same.

    Where a whole set of the same digest is kept already, the stamp alone is added. Two processes
    may do this at once. Raises OSError, and leaves nothing half made, where it cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        kept = read_manifest(folder)
        same = kept is not None and kept.digest == dataset.digest
        if kept is not None and same and open_kept(folder, "") is not None:
            others = tuple(known for known in kept.sources if known.path != stamp.path)
            kept = dataclasses.replace(kept, sources=(*others, stamp)[-_MOST_SOURCES:])
            atomic.write_bytes(folder / MANIFEST, kept.to_json())
        else:
            _write(folder, dataset, stamp)


def is_kept(folder: Path, stamp: Stamp) -> bool:
    """Whether the source of `stamp` was read, in this very state, and found to be what is kept."""
    manifest = read_manifest(folder)
    return manifest is not None and stamp in manifest.sources


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        with filelock.FileLock(folder.with_name(f".{folder.name}.lock"), timeout=_LOCK_WAIT_S):
            yield
    except NotImplementedError as error:  # a file system without locks
        raise OSError(str(error)) from error


def _write(folder: Path, dataset: Dataset, stamp: Stamp) -> None:
    for left in folder.parent.glob(f".{folder.name}.*.making"):  # of a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    making = _new_folder_beside(folder)
    try:
        arrays = {
            "train_images": dataset.train.images_NCHW,
            "train_labels": dataset.train.labels_N,
            "test_images": dataset.test.images_NCHW,
            "test_labels": dataset.test.labels_N,
        }
        for name, array in arrays.items():
            with (making / f"{name}.npy").open("wb") as file:
                np.save(file, array, allow_pickle=False)
                file.flush()
                os.fsync(file.fileno())
        sizes = {name: (making / f"{name}.npy").stat().st_size for name in arrays}
        shapes = {name: array.shape for name, array in arrays.items()}
        manifest = Manifest.of(dataset, shapes, sizes, (stamp,))
        atomic.write_bytes(making / MANIFEST, manifest.to_json())
        if folder.exists():  # damaged, or of other pictures
            aside = _new_folder_beside(folder)
            folder.rename(aside / "replaced")
            shutil.rmtree(aside, ignore_errors=True)
        making.chmod(0o755)
        making.rename(folder)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    atomic.sync_folder(folder.parent)


def _new_folder_beside(folder: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=".making"))


def _mapped(folder: Path, name: str, manifest: Manifest) -> NDArray[np.uint8]:
    # np.load would take a damaged file for a zip, and leave it open.
    array = np.lib.format.open_memmap(folder / f"{name}.npy", mode="r")
    right = (manifest.shapes[name], np.dtype(np.uint8), True)
    if (array.shape, array.dtype, array.flags.c_contiguous) != right:
        raise ValueError(f"{name} is not what the manifest says")
    return np.asarray(array)  # the same memory without np.memmap's slower indexing
