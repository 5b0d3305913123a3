"""Writes that a crash cannot tear: whole files by rename, lines by append and fsync.

Nothing here follows a link that stands where a file should be written: a folder that came from
somebody else must not lead a write to another place.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_SUFFIX = ".part"
_NAME_KEPT = 40
BLOCK = 4 * 2**20
# Windows refuses to put a file into the place of one that somebody reads at this moment.
_READERS_ARE_IN_THE_WAY = os.name == "nt"
_PATIENCE_S = 2.0


def write_file(
    path: Path,
    write: Callable[[BinaryIO], object],
    *,
    keep_as: Path | None = None,
    check: Callable[[Path], None] | None = None,
) -> None:
    """Give `path` new contents at once: temporary file, fsync, rename, fsync of the folder.

    Whoever reads sees the old contents or the new, whole. Raises OSError and leaves the old file
    as it was, and no temporary file, where anything fails.

    Parameters
    ----------
    keep_as : Path, optional
        In the same folder: the old contents, if there are any, get this name. A crash between the
        two renames leaves them there and nothing at `path`.
    check : callable, optional
        Looks at the whole file before it takes its place; what it raises leaves the old file.
    """
    # Part of the name, since a file system ends names at 255 bytes.
    prefix = f".{path.name[:_NAME_KEPT]}."
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=_SUFFIX)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        if check is not None:
            check(Path(name))
        Path(name).chmod(0o644)
        if keep_as is not None:
            with contextlib.suppress(FileNotFoundError):
                _replace(path, keep_as)
        _replace(Path(name), path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    sync_folder(path.parent)


def write_bytes(path: Path, data: bytes) -> None:
    """`write_file` for contents that are at hand."""
    write_file(path, lambda file: file.write(data))


def append_line(path: Path, line: str) -> None:
    """Append one line and fsync. A torn line left by a crash is cut off first. Raises OSError."""
    with open_to_append(path) as file:
        end = file.seek(0, os.SEEK_END)
        if end and not _ends_with_newline(file, end):
            file.truncate(_last_line_start(file, end))
            file.seek(0, os.SEEK_END)
        file.write(line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def open_to_append(path: Path) -> BinaryIO:
    """Open an ordinary file, made where there is none, to read and to append to.

    Raises
    ------
    OSError
        As `open` does; and where `path` is a link, a pipe or a device.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    handle = os.open(path, flags, 0o644)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is no ordinary file")
        return os.fdopen(handle, "ab+")
    except BaseException:
        os.close(handle)
        raise


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target` another name of `source`'s present contents, at once.

    A hard link costs nothing, and later writes replace `source` by rename and leave it alone; where
    the file system has no links it is a copy. Raises OSError.
    """
    name = target.with_name(f".{target.name[:_NAME_KEPT]}.{secrets.token_hex(8)}{_SUFFIX}")
    try:
        os.link(source, name)
    except FileNotFoundError:
        raise
    except OSError:
        write_file(target, lambda file: _copy(source, file))
        return
    try:
        _replace(name, target)
    finally:
        # Where both are already one file a rename does nothing, and the third name stays.
        with contextlib.suppress(OSError):
            name.unlink()
    sync_folder(target.parent)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of writes that a crash cut short. Raises OSError.

    Only for a folder in which no other process writes. Folders of such a name are not the
    studio's, and stay.
    """
    for path in folder.glob(f".*{_SUFFIX}"):
        if path.is_symlink() or not path.is_dir():
            path.unlink()


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` lasting. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _replace(source: Path, target: Path) -> None:
    """Rename over what is there, and wait a little for a reader to let go of it."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            source.replace(target)
            return
        except PermissionError:
            if not _READERS_ARE_IN_THE_WAY or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _copy(source: Path, target: BinaryIO) -> None:
    with source.open("rb") as file:
        shutil.copyfileobj(file, target, BLOCK)


def _ends_with_newline(file: BinaryIO, end: int) -> bool:
    file.seek(end - 1)
    return file.read(1) == b"\n"


def _last_line_start(file: BinaryIO, end: int) -> int:
    while end:
        window = min(end, 65536)
        file.seek(end - window)
        place = file.read(window).rfind(b"\n")
        if place >= 0:
            return end - window + place + 1
        end -= window
    return 0
