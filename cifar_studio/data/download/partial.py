"""A file that is being downloaded, `NAME.part`, and what is remembered of it for a later try."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO

import msgspec

from cifar_studio import atomic
from cifar_studio.data.download.transfer import Head

HASHED_AT_ONCE_BYTES = 4 * 2**20


class _Notes(msgspec.Struct, frozen=True):
    """Where the bytes come from, and the server's name for that version of the file."""

    url: str = ""
    validator: str = ""


class Partial:
    """The bytes of one archive that are here so far. Its methods raise OSError."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(f"{target.name}.part")
        self._notes = target.with_name(f"{target.name}.part.json")

    def size(self) -> int:
        """Bytes that are here; 0 where there are none."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def validator_for(self, url: str) -> str:
        """What `If-Range` needs so that `url` goes on only with the same file; may be empty."""
        try:
            notes = msgspec.json.decode(self._notes.read_bytes(), type=_Notes)
        except (FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError):
            return ""
        return notes.validator if notes.url == url and _is_plain(notes.validator) else ""

    @contextlib.contextmanager
    def receive(self, offset: int, url: str, head: Head) -> Generator[BinaryIO, None, None]:
        """The file, cut to `offset`, to write what `url` sends; lasting when left without error."""
        with self.path.open("r+b" if offset else "wb", buffering=0) as file:
            file.truncate(offset)
            file.seek(offset)
            notes = _Notes(url, _validator_in(head))
            atomic.write_bytes(self._notes, msgspec.json.encode(notes))
            yield file
            os.fsync(file.fileno())

    def drop(self) -> None:
        """Forget all that is here."""
        self.path.unlink(missing_ok=True)
        self._notes.unlink(missing_ok=True)

    def finish(self) -> None:
        """Give the whole file its name, at once."""
        with self.path.open("r+b") as file:
            os.fsync(file.fileno())
        self.path.replace(self.target)
        self._notes.unlink(missing_ok=True)
        atomic.sync_folder(self.target.parent)


def sums_of(path: Path) -> Generator[int, None, tuple[str, str]]:
    """md5 and sha256 of a file in hexadecimal digits; yields how many bytes are done."""
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    done = 0
    with path.open("rb") as file:
        while piece := file.read(HASHED_AT_ONCE_BYTES):
            md5.update(piece)
            sha256.update(piece)
            done += len(piece)
            yield done
    return md5.hexdigest(), sha256.hexdigest()


def _validator_in(head: Head) -> str:
    etag = head.headers.get("ETag", "")
    # RFC 9110, 13.1.5: a weak tag may not stand in If-Range.
    return head.headers.get("Last-Modified", "") if not etag or etag.startswith("W/") else etag


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()
