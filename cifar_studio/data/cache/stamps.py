"""How a file or folder looked when it was read, so that unchanged data need no second reading."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Stamp:
    """A source and the state of its files.

    Attributes
    ----------
    path : str
        Absolute.
    files : tuple of (name, size in bytes, time of last change in ns)
    """

    path: str
    files: tuple[tuple[str, int, int], ...]


def stamp_of(path: Path, names: tuple[str, ...] = ()) -> Stamp:
    """The stamp of the archive at `path`, or of the files `names` in the folder at `path`.

    Files that are not there are left out. Raises OSError where one cannot be looked at.
    """
    files = []
    for file in [path / name for name in names] or [path]:
        if file.is_file():
            state = file.stat()
            files.append((file.name, state.st_size, state.st_mtime_ns))
    return Stamp(str(path), tuple(files))
