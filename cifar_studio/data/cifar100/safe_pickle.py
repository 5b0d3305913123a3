"""Reading the values of a pickle without running what it says.

CIFAR-100 is published as pickles, and a pickle is a program. Two gates stand before it: an
allow-list of opcodes, and an allow-list of globals, each of which yields a stand-in of ours. No
function or class that a file names is ever called. The sums of a file are judged before it comes
here at all; see `members`.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

_OPCODE_NAMES = """
    PROTO FRAME STOP MARK NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 LONG1
    BINSTRING SHORT_BINSTRING BINBYTES SHORT_BINBYTES BINUNICODE SHORT_BINUNICODE
    EMPTY_DICT EMPTY_LIST EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 APPEND APPENDS SETITEM SETITEMS
    BINPUT LONG_BINPUT MEMOIZE BINGET LONG_BINGET GLOBAL STACK_GLOBAL REDUCE BUILD
"""
_OPCODES = frozenset(_OPCODE_NAMES.split())
_MEMO_PUTS = frozenset({"BINPUT", "LONG_BINPUT"})
_MAX_MEMO = 1_000_000  # the unpickler keeps a table as long as the largest number
_BYTE_TYPES = ("u1", b"u1")


class UnsafePickleError(pickle.UnpicklingError):
    """The pickle asks for more than arrays, lists and names, or is torn."""


def load(data: bytes) -> Any:
    """The dict, list, text or (N, ...) uint8 array that `data` holds; text of Python 2 as bytes.

    Arrays share the memory of the pickle and are read-only.

    Raises
    ------
    UnsafePickleError
        `data` is no pickle, is torn, or asks for anything else.
    """
    try:
        _judge_opcodes(data)
        return _bare(_Reader(io.BytesIO(data), encoding="bytes").load())
    except UnsafePickleError:
        raise
    except Exception as error:  # whatever a torn or hostile pickle leads the reader into
        raise UnsafePickleError(f"{type(error).__name__}: {error}") from error


def _judge_opcodes(data: bytes) -> None:
    for opcode, argument, _ in pickletools.genops(data):
        if opcode.name not in _OPCODES:
            raise UnsafePickleError(f"the opcode {opcode.name} is not needed for arrays")
        if opcode.name in _MEMO_PUTS and int(argument or 0) > _MAX_MEMO:
            raise UnsafePickleError("a memo number is out of all proportion")


class _Array:
    """Stands for numpy.ndarray: takes its state, and checks it, in place of NumPy's own code."""

    array: NDArray[np.uint8]

    def __setstate__(self, state: object) -> None:
        match state:
            case (int(), tuple(shape), _ByteType(), False | 0, bytes(raw)) if all(
                type(length) is int and length >= 0 for length in shape
            ):
                self.array = np.frombuffer(raw, dtype=np.uint8).reshape(shape)
            case _:
                raise UnsafePickleError("an array is not made of bytes in C order")


class _ByteType:
    """Stands for numpy.dtype, and only for that of unsigned bytes."""

    def __setstate__(self, state: object) -> None:
        pass  # byte order and alignment, which bytes do not have


class _Name:
    """Stands for a global that is only named. A pickle cannot change it, as it could a function."""

    __slots__ = ()

    def __setstate__(self, state: object) -> NoReturn:
        raise UnsafePickleError("it would change what it names")


class _Function(_Name):
    """Stands for a global that is called."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[..., object]) -> None:
        self._call = call

    def __call__(self, *arguments: object) -> object:
        return self._call(*arguments)


_NDARRAY = _Name()


def _reconstruct(subtype: object, shape: object, typecode: object) -> _Array:
    if subtype is not _NDARRAY or shape != (0,) or typecode not in (b"b", "b"):
        raise UnsafePickleError("an array is made in an unusual way")
    return _Array()


def _dtype(name: object, *_: object) -> _ByteType:
    if name not in _BYTE_TYPES:
        raise UnsafePickleError("an array is not made of unsigned bytes")
    return _ByteType()


def _encode(text: object, encoding: object) -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", b"latin1"):
        raise UnsafePickleError("text is encoded in an unusual way")
    return text.encode("latin1")


_STAND_INS: dict[tuple[str, str], _Name] = {
    ("numpy.core.multiarray", "_reconstruct"): _Function(_reconstruct),
    ("numpy._core.multiarray", "_reconstruct"): _Function(_reconstruct),
    ("numpy", "ndarray"): _NDARRAY,
    ("numpy", "dtype"): _Function(_dtype),
    ("_codecs", "encode"): _Function(_encode),
}


class _Reader(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        try:
            return _STAND_INS[module_name, global_name]
        except KeyError:
            raise UnsafePickleError(
                f"it asks for {module_name}.{global_name}, which no array needs"
            ) from None

    def persistent_load(self, pid: Any) -> NoReturn:
        raise UnsafePickleError("it refers to an object outside itself")


def _bare(value: object) -> object:
    """`value` with the arrays of a dict taken out of their stand-ins; strange objects refused."""
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items()}
    if isinstance(value, _Array):
        if not hasattr(value, "array"):
            raise UnsafePickleError("an array has no contents")
        return value.array
    if isinstance(value, (list, str, bytes, int, tuple)) or value is None:
        return value
    raise UnsafePickleError(f"it holds a {type(value).__name__}")
