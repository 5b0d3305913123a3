"""Reads files that anybody may have put there: ordinary files only, and never more than expected.

Opening a pipe waits for its other end for ever, a device has no end, and a file of gigabytes fills
the memory. Folders of runs come from other people too.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import zipfile
from pathlib import Path
from typing import BinaryIO

_MAX_ZIP_LIST_BYTES = 2**20


def open_file(path: Path) -> BinaryIO:
    """Open an ordinary file for reading.

    Raises
    ------
    OSError
        As `open` does; and where it is a pipe, a device or a socket, at once.
    """
    # Some devices do something when they are opened.
    _check_ordinary(path.stat())
    # It may be another by now; without O_NONBLOCK a pipe would wait for somebody who writes.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        _check_ordinary(os.fstat(handle))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_bytes(path: Path, limit: int) -> bytes:
    """The whole contents of an ordinary file.

    Raises
    ------
    OSError
        As `open_file`; or it is longer than `limit` bytes.
    """
    with open_file(path) as file:
        # Asked first, so that no room is made for what is refused.
        size = os.fstat(file.fileno()).st_size
        contents = file.read(limit + 1) if size <= limit else b""
    if max(size, len(contents)) > limit:
        raise OSError(errno.EFBIG, f"it is longer than {limit:,} bytes")
    return contents


def open_zip(file: BinaryIO) -> zipfile.ZipFile:
    """Open a zip whose own list of files, which is read whole, is short enough for the memory.

    Raises
    ------
    zipfile.BadZipFile
        It is no zip, damaged, or its list is far too long.
    OSError
    """
    bounded = _BoundedFile(file)
    archive = zipfile.ZipFile(bounded)
    bounded.most_bytes = sys.maxsize
    return archive


class _BoundedFile:
    """A file that refuses to hand out more than so many bytes at once."""

    def __init__(self, file: BinaryIO) -> None:
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable
        self.most_bytes = _MAX_ZIP_LIST_BYTES
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if size > self.most_bytes:
            raise zipfile.BadZipFile("its list of files is far too long")
        return self._file.read(size)


def _check_ordinary(facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise OSError(errno.EINVAL, "it is no ordinary file")
