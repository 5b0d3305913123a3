"""Reading the pickles of CIFAR-100, which can call nothing but what makes an array.

A pickle is a program. Its sums are compared with the published ones before it comes here (see
`checksums`); that nothing else can be named is the second gate.
"""

from __future__ import annotations

import codecs
import io
import pickle
from typing import Any

import numpy as np

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


def load(data: bytes) -> dict[Any, Any]:
    """The names, lists and (N, ...) uint8 arrays that `data` holds; text of Python 2 as bytes.

    Arrays are read-only.

    Raises
    ------
    UnsafePickleError
        `data` is no pickle, is torn, or asks for anything else.
    """
    try:
        read = _Reader(io.BytesIO(data), encoding="bytes").load()
    except Exception as error:  # whatever a torn or hostile pickle leads the reader into
        raise UnsafePickleError(f"{type(error).__name__}: {error}") from error
    if type(read) is not dict:
        raise UnsafePickleError(f"it holds a {type(read).__name__}")
    for value in read.values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return read


class _Reader(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        try:
            return _ALLOWED[module_name, global_name]
        except KeyError:
            raise UnsafePickleError(
                f"it asks for {module_name}.{global_name}, which no array needs"
            ) from None
