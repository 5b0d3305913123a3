"""What all exports share: the suffix says the format, and a file is there whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import BinaryIO

from cifar_studio import atomic
from cifar_studio.disk_space import unwritable_file
from cifar_studio.errors import BadInputError


def suffix_of(path: Path, known: Collection[str]) -> str:
    """The suffix of a file in small letters, with its dot.

    Raises
    ------
    BadInputError
        It is none of the known ones, which the remedy names.
    """
    suffix = path.suffix.lower()
    if suffix in known:
        return suffix
    *others, last = sorted(known)
    names = f"{', '.join(others)} or {last}" if others else last
    what = f"does not say a format ({suffix})" if suffix else "has no suffix that says its format"
    raise BadInputError(f"{path.name} {what}", f"End its name in {names}")


def write_export(
    path: Path, write: Callable[[BinaryIO], object], check: Callable[[Path], None] | None = None
) -> None:
    """Write a file that a person asked for, atomically; a file of that name is replaced.

    Parameters
    ----------
    path : Path
    write : callable
    check : callable, optional
        As `atomic.write_file` means it.

    Raises
    ------
    BadInputError
        The place cannot be written. What was there is left as it was.
    """
    try:
        atomic.write_file(path, write, check=check)
    except OSError as error:
        raise unwritable_file(path, error) from error
