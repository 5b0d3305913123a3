"""Looking through tar and zip archives in one pass, with bounds that a bomb cannot pass.

Bounded are the members looked at, the bytes that come out of the decompressor, and the size of a
zip's own list. Nothing is written, and links are reported, never followed.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from cifar_studio.errors import DataError
from cifar_studio.reading import open_zip

MAX_MEMBERS = 1000  # the published archives hold five
_BLOCK_BYTES = 2**20
_START_BYTES = 1024
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")  # with files, and without any


@dataclass(frozen=True)
class Entry:
    """One member of an archive.

    `read` gives at most so many bytes from its start. It is called once at most, and before the
    next entry is asked for.
    """

    name: str  # as the archive spells it; may be hostile
    is_file: bool  # a plain file: no folder, link, device or file with holes
    read: Callable[[int], bytes]


def is_web_page(start: bytes) -> bool:
    """Whether the first bytes of a file, about 1000 of them, are those of an HTML page."""
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return text.startswith(b"<") and any(tag in text for tag in (b"<!doctype html", b"<html"))


def entries(path: Path, most_bytes: int) -> Iterator[Entry]:
    """The members of a tar (plain, gzip, bzip2 or xz) or zip archive, in their order.

    Raises
    ------
    DataError
        It is no such archive, or more than `most_bytes` come out of it, or too many members.
    Exception
        Whatever a damaged archive leads Python's readers into.
    """
    with path.open("rb") as file:
        start = file.read(_START_BYTES)
        file.seek(0)
        if is_web_page(start):
            raise DataError(
                f"{path} is a web page, not the archive",
                "Delete it; log in where the page asks for it and save the archive itself, or "
                "fetch it with `cifar-studio data fetch`",
            )
        if start.startswith(_ZIP_STARTS):
            yield from _zip_entries(file, path)
            return
        with _unpacked(file, start) as stream:
            yield from _tar_entries(_Bounded(stream, most_bytes, path), path)


def _unpacked(file: IO[bytes], start: bytes) -> IO[bytes]:
    """`file`, decompressed where its first bytes say that it is compressed."""
    if start.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.GzipFile(fileobj=file))
    if start.startswith(b"BZh"):
        return cast(IO[bytes], bz2.BZ2File(file))
    if start.startswith(b"\xfd7zXZ\0"):
        return cast(IO[bytes], lzma.LZMAFile(file))
    return file


def _tar_entries(stream: _Bounded, path: Path) -> Iterator[Entry]:
    # as a stream: tarfile's own seeking and unpacking know no bounds
    bounded = cast(IO[bytes], stream)
    try:
        tar = tarfile.open(fileobj=bounded, mode="r|", bufsize=_BLOCK_BYTES)  # noqa: SIM115
    except tarfile.ReadError:
        raise DataError(
            f"{path} is no archive, or a damaged one", "Give a .tar.gz, .tar or .zip of CIFAR-100"
        ) from None
    with tar:
        for count, member in enumerate(tar):
            _judge_count(count, path)
            plain = member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.issparse()

            def read(limit: int, member: tarfile.TarInfo = member) -> bytes:
                file = tar.extractfile(member)
                return file.read(limit) if file is not None else b""

            yield Entry(member.name, plain and member.size >= 0, read)


def _zip_entries(file: BinaryIO, path: Path) -> Iterator[Entry]:
    try:
        archive = open_zip(file)
    except zipfile.BadZipFile:
        raise DataError(
            f"{path} is a damaged zip or one of another kind", "Give a .tar.gz or .zip of CIFAR-100"
        ) from None
    with archive:
        for count, member in enumerate(archive.infolist()):
            _judge_count(count, path)
            mode = member.external_attr >> 16
            plain = not member.is_dir() and stat.S_IFMT(mode) in (0, stat.S_IFREG)

            def read(limit: int, member: zipfile.ZipInfo = member) -> bytes:
                with archive.open(member) as opened:
                    return opened.read(limit)

            yield Entry(member.filename, plain, read)


def _judge_count(count: int, path: Path) -> None:
    if count >= MAX_MEMBERS:
        raise DataError(
            f"{path} holds more than {MAX_MEMBERS} files", "Give the archive of CIFAR-100 itself"
        )


class _Bounded:
    """A stream that refuses to give more than so many bytes in all."""

    def __init__(self, stream: IO[bytes], most_bytes: int, path: Path) -> None:
        self._stream, self._left, self._path = stream, most_bytes, path

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise DataError(
                f"{self._path} unpacks to far more than CIFAR-100",
                "Do not use it; fetch the data with `cifar-studio data fetch`",
            )
        return data
