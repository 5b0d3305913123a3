"""Small JSON files of typed values, read with suspicion: a folder of runs may be a stranger's.

They hold every name that a file system allows, also one whose bytes are no text: Python carries
such bytes as lone surrogates, which JSON can escape and UTF-8 cannot hold.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import msgspec

from cifar_studio import atomic
from cifar_studio.reading import read_bytes

MAX_BYTES = 2**20
_T = TypeVar("_T", bound=msgspec.Struct)


class NotAsExpectedError(ValueError):
    """A file is no JSON, or not of the expected type; says why in a few words."""


def write(path: Path, value: msgspec.Struct) -> None:
    """Write atomically and indented, for people too; raises OSError."""
    atomic.write_bytes(path, encoded(msgspec.to_builtins(value)))


def encoded(value: Any) -> bytes:
    """Lists, dictionaries and plain values as the text of a file."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    # Only surrogates are no UTF-8, and Python's escape of them is JSON's.
    return text.encode("utf-8", "backslashreplace")


def read(path: Path, kind: type[_T]) -> _T:
    """Read what `write` wrote.

    Raises
    ------
    NotAsExpectedError
    OSError
        It is missing, no ordinary file, or longer than `MAX_BYTES`.
    """
    value = read_plain(path)
    try:
        return msgspec.convert(value, kind)
    except (OverflowError, msgspec.ValidationError) as error:
        raise NotAsExpectedError(_brief(error)) from error


def read_plain(path: Path) -> Any:
    """Read lists, dictionaries and plain values; raises as `read`."""
    data = read_bytes(path, MAX_BYTES)
    try:
        return json.loads(data.decode(), parse_float=_float, parse_constant=_refuse)
    except RecursionError:
        raise NotAsExpectedError("it is nested too deeply") from None
    except (ValueError, OverflowError) as error:
        raise NotAsExpectedError(_brief(error)) from error


def _brief(error: Exception) -> str:
    return str(error).partition("\n")[0][:100]


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        _refuse(text[:20])
    return value


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
