"""One archive from any of its addresses: resumed where it broke off, and verified by its sums."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import time
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import requests
from urllib3 import Retry
from urllib3.exceptions import InvalidHeader, ProtocolError

from cifar_studio import atomic
from cifar_studio.data.cifar100.archives import is_web_page
from cifar_studio.data.download.http_request import TransferError, get, host_of
from cifar_studio.errors import DownloadError

ARRAYS_BYTES = 370_000_000  # 184 MB of pictures, kept; and room to read and replace them
TIMEOUT_S = 15.0
RETRIES, RETRIES_UNANSWERED = 3, 1  # of one address, in a row and without much progress
PROGRESS_BYTES = 2**20  # what counts as progress: the tries begin anew
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
RETRY = Retry(backoff_factor=1, status_forcelist=(408, 425, 429, 500, 502, 503, 504))
SLOW_BYTES_PER_SECOND = 200_000  # below this another address is asked, if there is one
SPEED_WINDOW_S = 20.0
WEB_PAGE = "answered, but what it sent is a web page, not the archive"
_CHUNK_BYTES, _HASHED_AT_ONCE_BYTES, _START_BYTES = 64 * 1024, 4 * 2**20, 1024
clock = time.monotonic


@dataclass(frozen=True)
class DownloadProgress:
    """How far it is: what is done now, for a person, and how much of how many bytes.

    `total` is 0 where they mean nothing. `bytes_per_second` is over the last seconds of a
    download, 0 otherwise; `source` names the server, where one is asked.
    """

    phase: str
    done: int = 0
    total: int = 0
    bytes_per_second: float = 0.0
    source: str = ""


Progress = Generator[DownloadProgress, None, None]


@dataclass(frozen=True)
class Archive:
    """A file to be had at any of `urls`, its size, and its sums in hexadecimal digits."""

    urls: tuple[str, ...]
    bytes: int
    md5: str
    sha256: str
    name: str = "cifar-100-python.tar.gz"


def wait(seconds: float, progress: DownloadProgress) -> Progress:
    """Let `seconds` pass, telling `progress` often, for each time is a chance to give up."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        yield progress
        time.sleep(min(left, 0.1))


class Download:
    """One archive, to be put at `target`; until it is whole, its bytes are in `target`.part.

    `faults` says what was wrong with each address that failed. The methods raise OSError for
    faults of the disk, never for those of the network.
    """

    def __init__(self, archive: Archive, folder: Path) -> None:
        self.target = folder / archive.name
        self.faults: list[str] = []
        self._archive, self._answered = archive, False
        self._part = folder / f"{archive.name}.part"
        # The address that the bytes are from, and the server's name for that version of the file.
        self._origin = folder / f"{archive.name}.part.origin"

    def carry_out(self) -> Generator[DownloadProgress, None, bool]:
        """Whether `target` is there in the end; raises DownloadError where there is no room.

        Slow addresses are left for the others, and come back, the fastest first, where none of
        the others has the archive.
        """
        if self.target.exists() and (yield from self._is_whole(self.target)):
            return True
        self._check_room()
        slow: list[tuple[float, str]] = []
        ahead = deque((url, len(self._archive.urls) > 1) for url in self._archive.urls)
        while ahead:
            url, may_leave = ahead.popleft()
            try:
                yield from self._from(url, may_leave)
                return True
            except _TooSlowError as error:
                slow.append((error.args[0], url))
            except TransferError as error:
                self.faults.append(f"{host_of(url)} {error.fault}")
            if not ahead:
                ahead.extend((url, False) for _, url in sorted(slow, reverse=True))
                slow.clear()
        return False

    def drop_part(self) -> None:
        """Forget what came so far."""
        self._part.unlink(missing_ok=True)
        self._origin.unlink(missing_ok=True)

    def _size(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _check_room(self) -> None:
        folder = self.target.parent
        missing = max(0, self._archive.bytes - self._size()) + ARRAYS_BYTES
        free = shutil.disk_usage(folder).free
        if free < missing:
            raise DownloadError(
                f"The disk of {folder} has {free / 1e6:.0f} MB free and CIFAR-100 needs "
                f"{missing / 1e6:.0f} MB",
                "Make room there and try again",
            )

    def _from(self, url: str, may_leave: bool) -> Progress:
        """Bring the archive home from one address, with second tries."""
        if self._size() > self._archive.bytes:
            self.drop_part()
        retry, reached = RETRY, self._size()
        may_be_mixed = reached > 0  # with bytes from another day or address
        self._answered = False
        while True:
            try:
                offset = yield from self._request(url, may_leave)
                if (yield from self._is_whole(self._part)):
                    break
                self.drop_part()
                if offset == 0 or not may_be_mixed:
                    raise TransferError("sent a file with another sum")
                may_be_mixed, reached = False, 0  # the address deserves a clean try
                continue
            except TransferError as error:
                if self._size() >= reached + PROGRESS_BYTES:
                    retry, reached = RETRY, self._size()
                limit = RETRIES if self._answered else RETRIES_UNANSWERED
                if not error.again or len(retry.history) >= limit:
                    raise
                retry = retry.increment("GET", url, error=error)
                pause_s = max(FIRST_PAUSE_S, retry.get_backoff_time(), error.wait_s)
            waiting = self._progress("waiting to try again", url)
            yield from wait(min(pause_s, LONGEST_PAUSE_S), waiting)
        self._part.replace(self.target)
        self._origin.unlink(missing_ok=True)
        atomic.sync_folder(self.target.parent)

    def _request(self, url: str, may_leave: bool) -> Generator[DownloadProgress, None, int]:
        """Ask for what is missing and write it; returns the offset from which its bytes stand."""
        offset, size = self._size(), self._archive.bytes
        if offset == size:
            return offset
        progress = self._progress("connecting", url)
        yield progress
        with get(url, self._headers(url, offset), TIMEOUT_S) as response:
            self._answered = True
            yield progress
            offset = self._accept(response, offset)
            with self._part.open("r+b" if offset else "wb") as file:
                file.truncate(offset)
                done = file.seek(offset)
                self._origin.write_text(f"{url}\n{_validator(response)}", encoding="utf-8")
                laps: deque[tuple[float, int]] = deque(maxlen=2)
                while done < size:
                    piece = b""
                    with contextlib.suppress(ProtocolError):
                        piece = response.raw.read1(_CHUNK_BYTES, decode_content=False)
                    if not piece:
                        raise TransferError(f"broke off after {done / 1e6:.1f} MB", again=True)
                    if done + len(piece) > size:
                        raise TransferError("sends more than the archive holds")
                    yield progress  # after the wait for the network: a chance to end unwritten
                    done += file.write(piece)
                    file.flush()  # what came is there, whatever happens to this process
                    now = clock()
                    start, before = laps[0] if laps else (now, done)
                    speed = (done - before) / (now - start) if now > start else 0.0
                    is_slow = now - start >= SPEED_WINDOW_S and speed < SLOW_BYTES_PER_SECOND
                    if may_leave and is_slow and size - done > speed * SPEED_WINDOW_S:
                        raise _TooSlowError(speed)
                    if not laps or now - laps[-1][0] >= SPEED_WINDOW_S / 2:
                        laps.append((now, done))
                    progress = DownloadProgress("downloading", done, size, speed, host_of(url))
                    yield progress
                os.fsync(file.fileno())
        return offset

    def _headers(self, url: str, offset: int) -> dict[str, str]:
        """What makes `url` send the rest, and only if it is the rest of the same file."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        if offset and self._origin.exists():
            text = self._origin.read_text(encoding="utf-8", errors="replace")
            origin, _, validator = text.partition("\n")
            if origin == url and validator and validator.isascii() and validator.isprintable():
                headers["If-Range"] = validator
        return headers

    def _accept(self, response: requests.Response, offset: int) -> int:
        """Where in the file the bytes of this answer belong; raises TransferError."""
        size, status = self._archive.bytes, response.status_code
        if status == 200:
            offered = response.headers.get("Content-Length", "")
            if offered == str(size):
                return 0
            if is_web_page(response.raw.read(_START_BYTES, decode_content=False)):
                raise TransferError(WEB_PAGE)
            what = f"{int(offered):,} bytes" if offered.isdecimal() else "a file of unknown size"
            raise TransferError(f"offers {what} in place of {size:,} bytes")
        if status == 206 and offset:
            said = response.headers.get("Content-Range", "")
            if re.fullmatch(rf"bytes +{offset}-\d+/({size}|\*)", said, re.IGNORECASE):
                return offset
            raise TransferError("goes on with another file")
        if status == 416 and offset:
            self.drop_part()
            raise TransferError("has nothing after the bytes that are here", again=True)
        wait_s = None
        with contextlib.suppress(InvalidHeader):
            wait_s = RETRY.get_retry_after(response.raw)
        raise TransferError(
            f"answered {status} {response.reason}".rstrip(),
            again=RETRY.is_retry("GET", status),
            wait_s=wait_s or 0.0,
        )

    def _is_whole(self, path: Path) -> Generator[DownloadProgress, None, bool]:
        """Whether the file is the archive, byte for byte."""
        size = self._archive.bytes
        if path.stat().st_size != size:
            return False
        md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
        with path.open("rb") as file:
            while piece := file.read(_HASHED_AT_ONCE_BYTES):
                md5.update(piece)
                sha256.update(piece)
                yield DownloadProgress("checking", file.tell(), size)
        return (md5.hexdigest(), sha256.hexdigest()) == (self._archive.md5, self._archive.sha256)

    def _progress(self, phase: str, url: str) -> DownloadProgress:
        return DownloadProgress(phase, self._size(), self._archive.bytes, source=host_of(url))


class _TooSlowError(Exception):
    """An address sends so many bytes a second only, and others have not been asked yet."""


def _validator(response: requests.Response) -> str:
    """What `If-Range` may name; a weak tag may not stand there (RFC 9110, 13.1.5)."""
    etag = response.headers.get("ETag", "W/")
    return response.headers.get("Last-Modified", "") if etag.startswith("W/") else etag
