"""Reads files that anybody may have put there: ordinary files only, and never more than expected.

Opening a pipe waits for its other end for ever, a device has no end, and a file of gigabytes fills
the memory. Folders of runs come from other people too.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


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


def _check_ordinary(facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise OSError(errno.EINVAL, "it is no ordinary file")
