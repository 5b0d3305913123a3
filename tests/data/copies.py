"""A tiny edition of the data set, and copies of it in every form it may come in."""

from __future__ import annotations

import hashlib
import io
import pickle
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cifar_studio.data.cifar100.edition import Edition, Member
from cifar_studio.data.dataset import CIFAR100, Split, digest_of

CLASSES = ("apple", "bear", "rose", "wolf")
SUPERCLASSES = ("animals", "plants")
SUPERCLASS_OF = (1, 0, 1, 0)
TRAIN, TEST = 24, 8


def _split(count: int, seed: int) -> Split:
    images = np.random.default_rng(seed).integers(0, 256, (count, 3, 32, 32), dtype=np.uint8)
    return Split(images, np.arange(count, dtype=np.uint8) % len(CLASSES))


SPLITS = {"train": _split(TRAIN, 1), "test": _split(TEST, 2)}


def python_files(splits: Mapping[str, Split] = SPLITS) -> dict[str, bytes]:
    """The three pickles, as Python 3 writes what Python 2 wrote for the publisher."""
    meta = {
        b"fine_label_names": [name.encode() for name in CLASSES],
        b"coarse_label_names": [name.encode() for name in SUPERCLASSES],
    }
    files = {
        name: {
            b"filenames": [b"x.png"] * len(split),
            b"batch_label": name.encode(),
            b"fine_labels": split.labels_N.tolist(),
            b"coarse_labels": [SUPERCLASS_OF[label] for label in split.labels_N],
            b"data": split.images_NCHW.reshape(len(split), 3072),
        }
        for name, split in splits.items()
    }
    return {name: pickle.dumps(value, 2) for name, value in {**files, "meta": meta}.items()}


def binary_files(
    splits: Mapping[str, Split] = SPLITS,
    superclass_of: tuple[int, ...] = SUPERCLASS_OF,
    classes: tuple[str, ...] = CLASSES,
    superclasses: tuple[str, ...] = SUPERCLASSES,
) -> dict[str, bytes]:
    """Records of superclass, class and pixels, and two lists of names."""
    files = {}
    for name, split in splits.items():
        labels = np.asarray(split.labels_N)[:, None]
        coarse = np.array(superclass_of, dtype=np.uint8)[labels]
        pixels = np.asarray(split.images_NCHW).reshape(len(split), 3072)
        files[f"{name}.bin"] = np.hstack([coarse, labels, pixels]).tobytes()
    files["fine_label_names.txt"] = "".join(f"{name}\n" for name in classes).encode()
    files["coarse_label_names.txt"] = "".join(f"{name}\n" for name in superclasses).encode()
    return files


def edition_of(files: Mapping[str, bytes]) -> Edition:
    """The edition whose published files these are."""
    members = tuple(
        Member(name, len(data), hashlib.md5(data).hexdigest(), hashlib.sha256(data).hexdigest())
        for name, data in files.items()
    )
    return Edition(
        name=CIFAR100,
        members=members,
        archive=Member("cifar-100-python.tar.gz", 1, "", ""),
        train_count=TRAIN,
        test_count=TEST,
        digest=digest_of(SPLITS["train"], SPLITS["test"]),
        class_names=CLASSES,
        superclass_names=SUPERCLASSES,
        superclass_of=SUPERCLASS_OF,
    )


PYTHON_FILES = python_files()
BINARY_FILES = binary_files()
TINY = edition_of(PYTHON_FILES)


def write_folder(
    holder: Path, files: Mapping[str, bytes] = PYTHON_FILES, name: str = "cifar-100-python"
) -> Path:
    folder = holder / name
    folder.mkdir(parents=True, exist_ok=True)
    for file, data in files.items():
        (folder / file).write_bytes(data)
    return folder


def write_tar(
    path: Path,
    files: Mapping[str, bytes] = PYTHON_FILES,
    folder: str = "cifar-100-python/",
    mode: str = "w:gz",
) -> Path:
    with tarfile.open(path, mode) as tar:
        write_members(tar, files, folder)
    return path


def write_members(
    tar: tarfile.TarFile, files: Mapping[str, bytes], folder: str = "cifar-100-python/"
) -> None:
    for name, data in files.items():
        add(tar, folder + name, data)


def add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def write_zip(
    path: Path, files: Mapping[str, bytes] = PYTHON_FILES, folder: str = "cifar-100-python/"
) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(folder + name, data)
    return path


def files_under(folder: Path) -> set[str]:
    """All that stands in `folder`, but for locks, which hold nothing."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix != ".lock"}
