"""Reads what was appended to the text files of a run, each line once and a slice at a time.

A run of 10,000 epochs has an `epochs.csv` of a megabyte and a `trace.csv` of twenty: read whole
at every look, they would hold the window up.
"""

from __future__ import annotations

import os
from pathlib import Path

from cifar_studio.reading import open_file
from cifar_studio.runs.folder.epochs import RowReader
from cifar_studio.runs.folder.trace import Trace, points_of

SLICE_BYTES = 64 * 1024
MEMORY_BYTES = 200


class GrowingFile:
    """Lines that are appended to a file, perhaps by another process; it need not exist."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.bytes_read = 0  # so far, what was read twice counted twice
        self.is_behind = False  # whether the last slice ended before the file did
        self._inode: int | None = None
        self._offset = 0
        self._last = b""

    def read(self) -> tuple[bool, list[str]]:
        """The next whole lines, and whether they begin a file anew, as `read_bytes` says."""
        anew, whole = self.read_bytes()
        return anew, whole.decode("utf-8", errors="replace").splitlines()

    def read_bytes(self) -> tuple[bool, bytes]:
        """The bytes of the next whole lines, and whether they begin a file anew.

        That is so where the file is another one than before, shorter, or no longer holds the line
        that was read last; a torn last line waits until it is whole.
        """
        data = self._read_on()
        anew = data is None
        if data is None:
            self._forget()
            data = self._read_on() or b""
        whole = data[: data.rfind(b"\n") + 1]
        if not whole and self.is_behind:
            whole = data  # no figures make a line of this length: let it pass by in pieces
        self._offset += len(whole)
        self._last = (self._last + whole)[-MEMORY_BYTES:]
        return anew, whole

    def _forget(self) -> None:
        self.is_behind = False
        self._inode, self._offset, self._last = None, 0, b""

    def _read_on(self) -> bytes | None:
        """Bytes after those that are known; None where these are no longer there."""
        try:
            with open_file(self._path) as file:
                inode = os.fstat(file.fileno()).st_ino
                if self._inode not in (None, inode):
                    return None
                self._inode = inode
                file.seek(self._offset - len(self._last))
                data = file.read(len(self._last) + SLICE_BYTES)
        except OSError:
            self.is_behind = False
            return None if self._offset else b""
        self.bytes_read += len(data)
        if not data.startswith(self._last):
            return None
        self.is_behind = len(data) == len(self._last) + SLICE_BYTES
        return data[len(self._last) :]


class EpochsFile:
    """The rows of an `epochs.csv` that grows.

    Rows that were read once stay the same objects, so that comparing them costs nothing.
    """

    def __init__(self, path: Path) -> None:
        self.file = GrowingFile(path)
        self.table = RowReader()

    def read(self) -> bool:
        """Take in the next slice; False where more is to be read."""
        anew, lines = self.file.read()
        if anew:
            self.table = RowReader()
        self.table.feed(lines)
        return not self.file.is_behind


class TraceFile:
    """The points of a `trace.csv` that grows."""

    def __init__(self, path: Path) -> None:
        self.file = GrowingFile(path)

    def read(self) -> tuple[bool, Trace]:
        """The next slice of points, and whether they begin anew, as `GrowingFile.read` says."""
        anew, lines = self.file.read()
        return anew, points_of(lines)
