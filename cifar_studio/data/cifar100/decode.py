"""From the bytes of published files to arrays.

A pickle is a program. Its sums are compared with the published ones before it is read; that it can
call nothing but what makes an array is the second gate.
"""

from __future__ import annotations

import codecs
import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifar_studio.data.cifar100.edition import BINARY_RECORD, BYTES_PER_PICTURE, Edition
from cifar_studio.data.cifar100.published_files import (
    BINARY_NAMES,
    OTHER_COPY,
    Contents,
    judge_members,
)
from cifar_studio.data.dataset import Dataset, Split, digest_of
from cifar_studio.errors import DataError

Bytes = NDArray[np.uint8]
# NumPy 2 has moved it, and warns under its old name.
_RECONSTRUCT = np.empty(0).__reduce__()[0]
_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): codecs.encode,
}


class UnsafePickleError(pickle.UnpicklingError):
    """The pickle asks for more than arrays, lists and names, or is torn."""


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


def load_pickle(data: bytes) -> dict[Any, Any]:
    """The names, lists and (N, ...) uint8 arrays that `data` holds; text of Python 2 as bytes.

    Arrays are read-only.

    Raises
    ------
    UnsafePickleError
        `data` is no pickle, is torn, or asks for anything else.
    """
    try:
        read = _ArrayUnpickler(io.BytesIO(data), encoding="bytes").load()
    except Exception as error:  # whatever a torn or hostile pickle leads the reader into
        raise UnsafePickleError(f"{type(error).__name__}: {error}") from error
    if type(read) is not dict:
        raise UnsafePickleError(f"it holds a {type(read).__name__}")
    for value in read.values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return read


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        try:
            return _ALLOWED[module_name, global_name]
        except KeyError:
            raise UnsafePickleError(
                f"it asks for {module_name}.{global_name}, which no array needs"
            ) from None


def _decode_python(
    files: Mapping[str, bytes], edition: Edition, source: Path
) -> tuple[Split, Split]:
    for check in judge_members(edition, files):
        if not check.whole:
            raise DataError(
                f"{check.name} in {source} is not the published file ({check.fault})", OTHER_COPY
            )
    try:
        names = load_pickle(files["meta"])
        _expect(_texts(names[b"fine_label_names"]) == edition.class_names)
        _expect(_texts(names[b"coarse_label_names"]) == edition.superclass_names)
        train = _split(load_pickle(files["train"]), edition.train_count, edition)
        test = _split(load_pickle(files["test"]), edition.test_count, edition)
    except (UnsafePickleError, LookupError, TypeError, ValueError) as error:
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
