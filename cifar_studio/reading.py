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
    # Without it, opening a pipe waits for somebody who writes.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is no ordinary file")
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
        contents = file.read(limit + 1)
    if len(contents) > limit:
        raise OSError(errno.EFBIG, f"it is longer than {limit:,} bytes")
    return contents
