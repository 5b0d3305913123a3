"""A disk that loses power or is full at a chosen operation.

It stands between the program and the real disk while it is entered. Operations are counted in the
order in which they happen: each file that is written (which is cut off in its middle), each fsync,
each rename and each link.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

_KEPT = ".kept-by-the-test"


class PowerOffError(BaseException):
    """The machine went off. No program can catch that, so it is no Exception."""


class FailingDisk:
    """Counts the operations below a folder and fails from the one with a given number on.

    Parameters
    ----------
    folder : Path
    fails_at : int or None
        Number of the operation, from 0; None counts only.
    full : bool
        The operation fails with "no space left", and so do all later ones until `freed` is set.
        Otherwise the power goes: what was not yet safe on the disk is lost, as far as a file
        system may lose it. Files that were not fsynced are cut, and renames whose folder was not
        fsynced are undone.
    """

    def __init__(self, folder: Path, fails_at: int | None = None, *, full: bool = False) -> None:
        self.operations: list[str] = []
        self.freed = False
        self._folder = folder.resolve()
        self._fails_at = fails_at
        self._full = full
        self._sizes: dict[int, int] = {}
        self._unsafe_files: dict[Path, int] = {}
        self._unsafe_names: dict[Path, Path | None] = {}
        self._is_off = False
        self._stack = contextlib.ExitStack()

    def sizes_of(self, counted: FailingDisk) -> FailingDisk:
        """Take over how long each written file was, so that it can be cut in its middle."""
        self._sizes = counted._sizes
        return self

    def __enter__(self) -> FailingDisk:
        self._patch("fdopen", self._fdopen)
        self._patch("fsync", self._fsync)
        self._patch("replace", self._replace)
        self._patch("link", self._link)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stack.close()
        if kind is PowerOffError:
            self._lose_what_is_unsafe()
        for kept in filter(None, self._unsafe_names.values()):
            kept.unlink(missing_ok=True)

    def _patch(self, name: str, new: Callable[..., Any]) -> None:
        old = getattr(os, name)
        setattr(self, f"_real_{name}", old)
        setattr(os, name, new)
        self._stack.callback(setattr, os, name, old)

    def _count(self, what: str) -> int:
        self.operations.append(what)
        return len(self.operations) - 1

    def _fail(self) -> None:
        if self._full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._is_off = True
        raise PowerOffError

    def _check(self, number: int) -> None:
        if self._fails_at is None or (self._full and self.freed):
            return
        if self._is_off or number >= self._fails_at:
            self._fail()

    def _is_mine(self, path: Path) -> bool:
        return self._folder in path.resolve().parents or path.resolve() == self._folder

    def _fdopen(self, handle: int, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        file = self._real_fdopen(handle, mode, *arguments, **options)  # type: ignore[attr-defined]
        path = Path(f"/proc/self/fd/{handle}").readlink()
        if not self._is_mine(path) or mode == "rb":
            return file
        return _File(file, self, path, self._count(f"write {path.name}"))

    def _fsync(self, handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        if not self._is_mine(path):
            self._real_fsync(handle)  # type: ignore[attr-defined]
            return
        self._check(self._count(f"fsync {path.name}"))
        self._unsafe_files.pop(path, None)
        if path.is_dir():
            for name in [name for name in self._unsafe_names if name.parent == path]:
                kept = self._unsafe_names.pop(name)
                if kept is not None:
                    kept.unlink(missing_ok=True)

    def _replace(self, source: Any, target: Any) -> None:
        source, target = Path(source), Path(target)
        if self._is_mine(target):
            self._check(self._count(f"rename {target.name}"))
            self._remember(target)
            if source in self._unsafe_files:
                self._unsafe_files[target] = self._unsafe_files.pop(source)
        self._real_replace(source, target)  # type: ignore[attr-defined]

    def _link(self, source: Any, target: Any) -> None:
        if self._is_mine(Path(target)):
            self._check(self._count(f"link {Path(target).name}"))
        self._real_link(source, target)  # type: ignore[attr-defined]

    def _remember(self, name: Path) -> None:
        """Keep what stands at a name before it is replaced, to put it back if the power goes."""
        if name in self._unsafe_names:
            return
        kept = None
        if name.exists():
            kept = name.with_name(f"{name.name}{_KEPT}")
            self._real_link(name, kept)  # type: ignore[attr-defined]
        self._unsafe_names[name] = kept

    def _lose_what_is_unsafe(self) -> None:
        for path, size in self._unsafe_files.items():
            if path.exists():
                os.truncate(path, size)
        for name, kept in self._unsafe_names.items():
            if kept is None:
                name.unlink(missing_ok=True)
            else:
                self._real_replace(kept, name)  # type: ignore[attr-defined]


class _File(io.BufferedIOBase):
    """A file whose writes reach the disk until the power goes or the disk is full."""

    def __init__(self, file: io.BufferedIOBase, disk: FailingDisk, path: Path, number: int) -> None:
        self._file = file
        self._disk = disk
        self._path = path
        self._number = number
        self._written = 0
        disk._unsafe_files.setdefault(path, path.stat().st_size)

    def write(self, data: Any) -> int:
        disk, size = self._disk, len(memoryview(data).cast("B"))
        limit = disk._sizes.get(self._number, 0) // 2
        if self._number == disk._fails_at and self._written + size <= limit:
            pass  # its first half still reaches the disk
        else:
            disk._check(self._number)
        self._written += size
        if disk._fails_at is None:
            disk._sizes[self._number] = self._written
        return self._file.write(data)

    def flush(self) -> None:
        if not self._file.closed:
            self._file.flush()

    def close(self) -> None:
        self._file.close()
        super().close()

    def fileno(self) -> int:
        return self._file.fileno()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def read(self, size: int | None = -1) -> bytes:
        return self._file.read(size)

    def tell(self) -> int:
        return self._file.tell()

    def truncate(self, size: int | None = None) -> int:
        return self._file.truncate(size)
