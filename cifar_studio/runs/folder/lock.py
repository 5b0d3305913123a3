"""Who works on a run folder: a lock that ends with its process, however that ends."""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import BinaryIO

import filelock

from cifar_studio.reading import open_file

WAIT_S = 0.5
"""Who only asks whether a lock is taken shares it for a moment: as long as that a taker waits."""


class LockTakenError(Exception):
    """Another process has the lock."""


def take(path: Path) -> filelock.BaseFileLock:
    """Lock a file, made where there is none, until `release` or the end of this process.

    Raises
    ------
    LockTakenError
    OSError
        It cannot be written, or the disk knows no locks.
    """
    lock = filelock.FileLock(path, timeout=WAIT_S)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise LockTakenError from None
    except NotImplementedError as error:
        raise OSError(errno.ENOLCK, "the disk knows no locks") from error
    return lock


def is_taken(path: Path) -> bool:
    """Whether a process has the lock now; False where nobody could say.

    Nothing is written, and two who ask at once do not take each other for the holder.
    """
    try:
        if path.is_symlink():
            return False
        with open_file(path) as file:
            answer = _is_locked(file)
    except OSError:
        return False
    return _cannot_be_taken(path) if answer is None else answer


if sys.platform == "win32":

    def _is_locked(file: BinaryIO) -> bool | None:
        return None

else:
    import fcntl

    def _is_locked(file: BinaryIO) -> bool | None:
        """None where it does not turn out this way."""
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            return True if error.errno in (errno.EAGAIN, errno.EACCES) else None
        return False


def _cannot_be_taken(path: Path) -> bool:
    lock = filelock.FileLock(path, timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        return True
    except (OSError, NotImplementedError):
        return False  # a folder that cannot be written is not being written
    lock.release()
    return False
