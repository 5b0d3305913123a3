"""Zip files that show any damage: checkpoints of torch, arrays of NumPy.

A zip may end in a comment, which every reader skips. Here it holds a sha256 of all bytes before it.
torch reads flipped bits in a checkpoint without a word, and NumPy those in a zip's own fields.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

from cifar_studio import atomic

_MARK = b"cifar-studio sha256 "
_COMMENT_LENGTH = len(_MARK) + 64
_LENGTH_FIELD = 2  # a zip ends in the length of its comment, two bytes, and the comment


class BrokenSealError(ValueError):
    """A file is not, bit by bit, what was sealed."""


def write(
    path: Path, write_zip: Callable[[BinaryIO], None], *, keep_as: Path | None = None
) -> None:
    """Write a zip and its seal, at once or not at all.

    Parameters
    ----------
    write_zip : callable
        Writes a zip without a comment to the file that it is given, which cannot seek.
    keep_as : Path, optional
        What becomes of the old file, as `atomic.write_file` means it.

    Raises
    ------
    OSError
        As the disk said it, also where `write_zip` turned it into another error.
    """

    def seal(file: BinaryIO) -> None:
        hashing = _HashingFile(file)
        try:
            write_zip(cast(BinaryIO, hashing))
        finally:
            # torch answers a refused write with a RuntimeError about itself.
            if hashing.fault is not None:
                raise hashing.fault
        file.seek(-_LENGTH_FIELD, os.SEEK_END)
        file.write(_COMMENT_LENGTH.to_bytes(_LENGTH_FIELD, "little"))
        file.write(_MARK + hashing.digest.hexdigest().encode())

    atomic.write_file(path, seal, keep_as=keep_as)


def verify(file: BinaryIO) -> None:
    """Read a whole file against its seal, and stand at its start again.

    Raises
    ------
    BrokenSealError
        Any bit of it is another, something is missing or too much, or it never had a seal.
    OSError
    """
    remaining = file.seek(0, os.SEEK_END) - _COMMENT_LENGTH - _LENGTH_FIELD
    digest = hashlib.sha256()
    file.seek(0)
    while remaining > 0 and (block := file.read(min(atomic.BLOCK, remaining))):
        digest.update(block)
        remaining -= len(block)
    digest.update(bytes(_LENGTH_FIELD))  # what stood there when it was digested
    ending = _COMMENT_LENGTH.to_bytes(_LENGTH_FIELD, "little") + _MARK
    found = file.read(len(ending) + 2 * digest.digest_size + 1)
    if remaining < 0 or found != ending + digest.hexdigest().encode():
        raise BrokenSealError("its checksum does not match")
    file.seek(0)


class _HashingFile:
    """Passes writes on, digests them, and remembers why the disk refused."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.fault: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            written = self._file.write(data)
        except OSError as error:
            self.fault = error
            raise
        self.digest.update(data)
        return written

    def read(self, size: int = -1) -> bytes:
        """NumPy takes only what has this for a file, and never calls it."""
        raise io.UnsupportedOperation("this file is written")

    def flush(self) -> None:
        with contextlib.suppress(ValueError):  # closed: a writer that flushes at its own end
            self._file.flush()
