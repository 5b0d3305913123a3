"""From the bytes of published files to arrays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cifar_studio.data.cifar100 import safe_pickle
from cifar_studio.data.cifar100.checksums import judge_members
from cifar_studio.data.cifar100.edition import BINARY_RECORD, BYTES_PER_PICTURE, Edition
from cifar_studio.data.cifar100.published_files import BINARY_NAMES, OTHER_COPY, Contents
from cifar_studio.data.dataset import Dataset, Split, digest_of
from cifar_studio.errors import DataError

Bytes = NDArray[np.uint8]


def decode(contents: Contents, edition: Edition, source: Path) -> Dataset:
    """Judge the files of a python or binary version, then read them.

    The arrays share the memory of the files and are read-only.

    Raises
    ------
    DataError
        They are not the published ones.
    """
    make = _decode_binary if contents.layout.is_binary else _decode_python
    train, test = make(contents.files, edition, source)
    return dataset_of(train, test, edition, source)


def dataset_of(train: Split, test: Split, edition: Edition, source: Path) -> Dataset:
    """The data set that verified arrays of `edition` make."""
    return Dataset(
        name=edition.name,
        source=str(source),
        digest=edition.digest,
        train=train,
        test=test,
        class_names=edition.class_names,
        superclass_names=edition.superclass_names,
        superclass_of=np.array(edition.superclass_of, dtype=np.uint8),
    )


def _decode_python(
    files: Mapping[str, bytes], edition: Edition, source: Path
) -> tuple[Split, Split]:
    for check in judge_members(edition, files):
        if not check.whole:
            raise DataError(
                f"{check.name} in {source} is not the published file ({check.fault})", OTHER_COPY
            )
    try:
        names = safe_pickle.load(files["meta"])
        _expect(_texts(names[b"fine_label_names"]) == edition.class_names)
        _expect(_texts(names[b"coarse_label_names"]) == edition.superclass_names)
        train = _split(safe_pickle.load(files["train"]), edition.train_count, edition)
        test = _split(safe_pickle.load(files["test"]), edition.test_count, edition)
    except (safe_pickle.UnsafePickleError, LookupError, TypeError, ValueError) as error:
        raise DataError(f"{source} cannot be read as CIFAR-100 ({error})", OTHER_COPY) from None
    return train, test


def _split(read: dict[bytes, object], count: int, edition: Edition) -> Split:
    pixels, labels_N = read[b"data"], _labels(read[b"fine_labels"])
    _expect(isinstance(pixels, np.ndarray) and pixels.shape == (count, BYTES_PER_PICTURE))
    assert isinstance(pixels, np.ndarray)
    _expect(len(labels_N) == count)
    _expect_superclasses(labels_N, _labels(read[b"coarse_labels"]), edition)
    return Split(pixels.reshape(count, 3, 32, 32), labels_N)


def _decode_binary(
    files: Mapping[str, bytes], edition: Edition, source: Path
) -> tuple[Split, Split]:
    """The publisher gives no sums of these files: the digest of what they hold decides."""
    known = (edition.class_names, edition.superclass_names)
    try:
        for name, names in zip(BINARY_NAMES, known, strict=True):
            _expect(tuple(files[name].decode("ascii").split()) == names)
        train = _binary_split(files["train.bin"], edition.train_count, edition)
        test = _binary_split(files["test.bin"], edition.test_count, edition)
    except ValueError:
        raise DataError(f"{source} is not the binary version of CIFAR-100", OTHER_COPY) from None
    if digest_of(train, test) != edition.digest:
        raise DataError(f"{source} does not hold the published pictures and labels", OTHER_COPY)
    return train, test


def _binary_split(data: bytes, count: int, edition: Edition) -> Split:
    _expect(len(data) == count * BINARY_RECORD)
    records = np.frombuffer(data, dtype=np.uint8).reshape(count, BINARY_RECORD)
    labels_N = _frozen(records[:, 1].copy())
    _expect_superclasses(labels_N, records[:, 0], edition)
    return Split(_frozen(records[:, 2:].copy()).reshape(count, 3, 32, 32), labels_N)


def _labels(numbers: object) -> Bytes:
    _expect(isinstance(numbers, list) and all(type(n) is int and 0 <= n < 256 for n in numbers))
    return _frozen(np.array(numbers, dtype=np.uint8))


def _texts(names: object) -> tuple[str, ...]:
    _expect(isinstance(names, list) and all(isinstance(name, (bytes, str)) for name in names))
    assert isinstance(names, list)
    return tuple(n.decode("ascii") if isinstance(n, bytes) else n for n in names)


def _expect_superclasses(labels_N: Bytes, superclasses_N: Bytes, edition: Edition) -> None:
    _expect(len(labels_N) == 0 or int(labels_N.max()) < len(edition.class_names))
    superclass_of = np.array(edition.superclass_of, dtype=np.uint8)
    _expect(bool(np.array_equal(superclass_of[labels_N], superclasses_N)))


def _frozen(array: Bytes) -> Bytes:
    array.flags.writeable = False
    return array


def _expect(true: bool) -> None:
    if not true:
        raise ValueError("its contents do not fit together")
