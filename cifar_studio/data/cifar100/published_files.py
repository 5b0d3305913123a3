"""Getting the files of CIFAR-100 out of a folder or an archive, by name and in bounded memory.

Nothing is ever unpacked to disk. Whether the files are the published ones, by size, md5 and sha256,
is judged before anything reads them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cifar_studio.data.cifar100.archives import Entry, entries
from cifar_studio.data.cifar100.edition import (
    BINARY_FOLDER,
    BINARY_RECORD,
    PYTHON_FOLDER,
    Edition,
    Member,
)
from cifar_studio.errors import DataError

OTHER_COPY = "Take another copy, or fetch one with `cifar-studio data fetch`"
BINARY_NAMES = ("fine_label_names.txt", "coarse_label_names.txt")
_MAX_NAMES_BYTES = 16_384
_STRAY_BYTES = 2**26  # headers, padding and files that do not belong to the data set


@dataclass(frozen=True)
class Layout:
    """One way in which the data set is published: its folder, and the most bytes of each file."""

    folder: str
    limits: Mapping[str, int]

    @property
    def is_binary(self) -> bool:
        return self.folder == BINARY_FOLDER


@dataclass(frozen=True)
class Contents:
    """What was found of a layout. A file longer than its limit is cut one byte after it."""

    layout: Layout
    files: dict[str, bytes]

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(name for name in self.layout.limits if name not in self.files)


@dataclass(frozen=True)
class MemberCheck:
    """What became of one file.

    The size is None where it is missing. A file that is too long is not read to its end: the size
    is then only known to be more than the published one. The others are None where there is nothing
    to compare: the publisher gives no sums of the binary version.
    """

    name: str
    size_bytes: int | None
    size_ok: bool | None
    md5_ok: bool | None
    sha256_ok: bool | None

    @property
    def whole(self) -> bool:
        return self.size_bytes is not None and False not in (
            self.size_ok,
            self.md5_ok,
            self.sha256_ok,
        )

    @property
    def fault(self) -> str:
        """What is wrong in a few words; empty where nothing is."""
        if self.whole:
            return ""
        if self.size_bytes is None:
            return "missing"
        return "wrong sum" if self.size_ok else "wrong size"


def layouts(edition: Edition) -> tuple[Layout, Layout]:
    """The python version and the binary version of `edition`."""
    python = {member.name: member.size_bytes for member in edition.members}
    binary = {
        "train.bin": edition.train_count * BINARY_RECORD,
        "test.bin": edition.test_count * BINARY_RECORD,
        **dict.fromkeys(BINARY_NAMES, _MAX_NAMES_BYTES),
    }
    return Layout(PYTHON_FOLDER, python), Layout(BINARY_FOLDER, binary)


def read_contents(path: Path, edition: Edition) -> Contents:
    """The files of one layout, all of them, from an archive or the folder that holds them.

    Raises
    ------
    DataError
        A file is missing, the archive is damaged or hostile, or the disk cannot be read.
    """
    try:
        contents = (_from_folder if path.is_dir() else _from_archive)(path, edition)
    except DataError:
        raise
    except MemoryError:
        raise DataError(f"{path} needs more memory than there is", "Close programs") from None
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise DataError(f"{path} cannot be read ({reason})", OTHER_COPY) from None
    except EOFError:
        raise DataError(f"{path} is damaged (it ends too early)", OTHER_COPY) from None
    except Exception as error:  # Python's readers of archives raise many kinds where one is torn
        raise DataError(f"{path} is damaged ({type(error).__name__})", OTHER_COPY) from None
    if not contents.files:
        raise DataError(f"{path} holds no CIFAR-100", OTHER_COPY)
    if contents.missing:
        missing = ", ".join(contents.missing)
        raise DataError(f"{path} is incomplete: it has no {missing}", OTHER_COPY)
    return contents


def judge_members(edition: Edition, files: Mapping[str, bytes]) -> tuple[MemberCheck, ...]:
    """Compare the three files of the python version with the published sums."""
    with ThreadPoolExecutor() as pool:  # hashing lets go of the interpreter's lock
        return tuple(pool.map(lambda member: _judge(member, files, pool), edition.members))


def _from_folder(path: Path, edition: Edition) -> Contents:
    found = []
    for layout in layouts(edition):
        # is_file also keeps a pipe from being opened, which would wait for ever
        present = [name for name in layout.limits if (path / name).is_file()]
        if len(present) == len(layout.limits):
            return Contents(layout, {n: _read(path / n, most) for n, most in layout.limits.items()})
        found.append(Contents(layout, dict.fromkeys(present, b"")))
    return max(found, key=lambda contents: len(contents.files))


def _read(path: Path, most_bytes: int) -> bytes:
    with path.open("rb") as file:
        return file.read(most_bytes + 1)


def _from_archive(path: Path, edition: Edition) -> Contents:
    """One pass; it ends as soon as one layout is complete, so that what follows is never read."""
    found = [Contents(layout, {}) for layout in layouts(edition)]
    most_bytes = sum(sum(contents.layout.limits.values()) for contents in found) + _STRAY_BYTES
    for entry in entries(path, most_bytes):
        for contents in found:
            name = _file_of(entry, contents.layout, path)
            if name is None or name in contents.files:
                continue
            contents.files[name] = entry.read(contents.layout.limits[name] + 1)
            if not contents.missing:
                return contents
    return max(found, key=lambda contents: len(contents.files))


def _file_of(entry: Entry, layout: Layout, archive: Path) -> str | None:
    """The file of `layout` that `entry` is: in the layout's folder, or at the top."""
    spelled = PurePosixPath(entry.name)
    name = spelled.name
    if name not in layout.limits or (len(spelled.parts) > 1 and spelled.parts[-2] != layout.folder):
        return None
    if spelled.is_absolute() or ".." in spelled.parts or not entry.is_file:
        raise DataError(
            f"{archive} is not to be trusted: its {name} is a link or leads outside", OTHER_COPY
        )
    return name


def _judge(member: Member, files: Mapping[str, bytes], pool: ThreadPoolExecutor) -> MemberCheck:
    data = files.get(member.name)
    if data is None:
        return MemberCheck(member.name, None, None, None, None)
    if len(data) != member.size_bytes:
        return MemberCheck(member.name, len(data), False, False, False)
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest() == member.md5
    sha256 = hashlib.sha256(data).hexdigest() == member.sha256
    return MemberCheck(member.name, len(data), True, md5, sha256)
