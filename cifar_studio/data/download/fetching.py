"""One archive brought home from any of its sources: second tries, slow sources, sums.

What a request is stands in `transfer`, what is kept between tries in `partial`.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from cifar_studio.data.download.partial import Partial, sums_of
from cifar_studio.data.download.transfer import (
    POLL_S,
    Head,
    Transfer,
    TransferError,
    host_of,
    transfer,
)
from cifar_studio.errors import DownloadError

TRIES = 4  # of one source, in a row and without much progress
TRIES_UNANSWERED = 2  # of a source that has not answered once
PROGRESS_BYTES = 2**20  # what counts as progress: the tries begin anew
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
SLOW_BYTES_PER_SECOND = 200_000  # below this another source is asked, if there is one
SLOW_AFTER_S = 20.0
_SHOWN_SPEED_S = 5.0
_ANSWERS_THAT_PASS = (408, 425, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class DownloadProgress:
    """How far it is.

    Attributes
    ----------
    phase : str
        What is done now, for a person.
    done, total : int
        Bytes of the archive; total is 0 where they mean nothing.
    bytes_per_second : float
        Over the last seconds of a download, 0 otherwise.
    source : str
        Name of the server, where one is asked.
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


@dataclass(frozen=True)
class Manner:
    """How a fetch behaves; `download.fetch` says what each means."""

    room_bytes: int
    pause: Callable[[float], Iterator[None]]
    clock: Callable[[], float]
    timeout_s: float


def wait(seconds: float) -> Iterator[None]:
    """Let `seconds` pass, yielding often."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, POLL_S))
        yield


class Job:
    """One archive, to be put into a folder. OSError means the disk, never the network.

    Attributes
    ----------
    target : Path
        Where the archive is in the end.
    faults : list of str
        What was wrong with each source that failed.
    """

    def __init__(self, archive: Archive, folder: Path, manner: Manner) -> None:
        self.target = folder / archive.name
        self.faults: list[str] = []
        self._archive = archive
        self._part = Partial(self.target)
        self._manner = manner
        self._answered = False
        self._speed = _Speed(manner.clock)

    def carry_out(self) -> Generator[DownloadProgress, None, bool]:
        """Whether `target` is there in the end; otherwise `faults` says why.

        Slow sources are left for the others, and come back, the fastest first, where none of the
        others has the archive.
        """
        if self.target.exists() and (yield from self._is_whole(self.target)):
            return True
        self._check_room()
        waiting = deque((url, len(self._archive.urls) > 1) for url in self._archive.urls)
        slow: list[tuple[float, str]] = []
        while waiting or slow:
            if not waiting:
                waiting.extend((url, False) for _, url in sorted(slow, reverse=True))
                slow.clear()
            url, may_leave = waiting.popleft()
            try:
                yield from self._from_source(url, may_leave)
            except _TooSlowError:
                slow.append((self._speed.over(SLOW_AFTER_S), url))
            except TransferError as error:
                self.faults.append(f"{host_of(url)} {error.fault}")
            else:
                return True
        return False

    def _check_room(self) -> None:
        folder = self.target.parent
        missing = max(0, self._archive.bytes - self._part.size()) + self._manner.room_bytes
        free = shutil.disk_usage(folder).free
        if free < missing:
            raise DownloadError(
                f"The disk of {folder} has {free / 1e6:.0f} MB free and CIFAR-100 needs "
                f"{missing / 1e6:.0f} MB",
                "Make room there and try again",
            )

    def _from_source(self, url: str, may_leave: bool) -> Progress:
        """Bring the archive home from one source, with second tries."""
        if self._part.size() > self._archive.bytes:
            self._part.drop()
        self._answered = False
        tries, reached = 0, self._part.size()
        older_bytes = reached > 0  # from another day or source
        while True:
            try:
                offset = yield from self._receive(url, may_leave)
                older_bytes = older_bytes and offset > 0
                if (yield from self._is_whole(self._part.path)):
                    self._part.finish()
                    return
                self._part.drop()
                reached = 0
                # Where bytes from before may be at fault, this source deserves a clean try.
                raise TransferError("sent a file with another sum", again=older_bytes)
            except TransferError as error:
                here = self._part.size()
                older_bytes = older_bytes and here > 0
                if here >= reached + PROGRESS_BYTES:
                    tries, reached = 0, here
                tries += 1
                if not error.again or tries >= (TRIES if self._answered else TRIES_UNANSWERED):
                    raise
                seconds = min(max(FIRST_PAUSE_S * 2 ** (tries - 1), error.wait_s), LONGEST_PAUSE_S)
            yield self._progress("waiting to try again", url)
            for _ in self._manner.pause(seconds):
                yield self._progress("waiting to try again", url)

    def _receive(self, url: str, may_leave: bool) -> Generator[DownloadProgress, None, int]:
        """One request for what is missing; returns the offset from which its bytes stand."""
        offset = self._part.size()
        if offset == self._archive.bytes:
            return offset
        asked = {"Range": f"bytes={offset}-"} if offset else {}
        validator = self._part.validator_for(url) if offset else ""
        if validator:
            asked["If-Range"] = validator
        yield self._progress("connecting", url)
        with contextlib.closing(transfer(url, asked, self._manner.timeout_s)) as news:
            while (head := next(news)) is None:
                yield self._progress("connecting", url)
            assert isinstance(head, Head)
            self._answered = True
            offset = self._accept(head, offset)
            yield from self._write(news, url, head, offset, may_leave)
        return offset

    def _accept(self, head: Head, offset: int) -> int:
        """Where in the file the bytes of this answer belong; raises TransferError."""
        size = self._archive.bytes
        if head.status == 200:
            offered = head.number("Content-Length")
            if offered != size:
                what = "a file of unknown size" if offered is None else f"{offered:,} bytes"
                raise TransferError(f"offers {what} in place of {size:,} bytes", again=False)
            return 0
        if head.status == 206 and offset:
            if not head.continues(offset, size):
                raise TransferError("goes on with another file", again=False)
            return offset
        if head.status == 416 and offset:
            self._part.drop()
            raise TransferError("has nothing after the bytes that are here", again=True)
        raise TransferError(
            f"answered {head.status} {head.reason}".rstrip(),
            again=head.status in _ANSWERS_THAT_PASS,
            wait_s=float(head.number("Retry-After") or 0),
        )

    def _write(
        self, news: Transfer, url: str, head: Head, offset: int, may_leave: bool
    ) -> Progress:
        done, size = offset, self._archive.bytes
        self._speed = _Speed(self._manner.clock)
        with self._part.receive(offset, url, head) as file:
            while done < size:
                piece = next(news, b"")
                assert not isinstance(piece, Head)
                if piece == b"":
                    raise TransferError(f"broke off after {done / 1e6:.1f} MB", again=True)
                if piece is not None:
                    if done + len(piece) > size:
                        raise TransferError("sends more than the archive holds", again=False)
                    file.write(piece)
                    done += len(piece)
                self._speed.note(done - offset)
                if may_leave and self._speed.is_slow(size - done):
                    raise _TooSlowError
                yield self._progress("downloading", url, done)

    def _is_whole(self, path: Path) -> Generator[DownloadProgress, None, bool]:
        """Whether the file is the archive, byte for byte."""
        size = self._archive.bytes
        if path.stat().st_size != size:
            return False
        sums = yield from _told(sums_of(path), size)
        return sums == (self._archive.md5, self._archive.sha256)

    def _progress(self, phase: str, url: str, done: int | None = None) -> DownloadProgress:
        speed = 0.0 if done is None else self._speed.over(_SHOWN_SPEED_S)
        here = self._part.size() if done is None else done
        return DownloadProgress(phase, here, self._archive.bytes, speed, host_of(url))


class _TooSlowError(Exception):
    """A source is slow, and others have not been asked yet."""


class _Speed:
    """Bytes a second, over the last seconds of one request."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._marks: deque[tuple[float, int]] = deque()

    def note(self, received: int) -> None:
        """So many bytes have come by now."""
        now = self._clock()
        if len(self._marks) > 1 and now - self._marks[-2][0] < POLL_S:
            self._marks.pop()
        self._marks.append((now, received))
        while len(self._marks) > 1 and now - self._marks[1][0] >= SLOW_AFTER_S:
            self._marks.popleft()

    def over(self, seconds: float) -> float:
        """The mean over at least the last `seconds`, or over all there is where that is less."""
        if not self._marks:
            return 0.0
        end, received = self._marks[-1]
        older = (mark for mark in reversed(self._marks) if end - mark[0] >= seconds)
        start, before = next(older, self._marks[0])
        return (received - before) / (end - start) if end > start else 0.0

    def is_slow(self, left_bytes: int) -> bool:
        """Whether it has been slow for so long, and will be, that another source is worth it."""
        lasted_s = self._marks[-1][0] - self._marks[0][0] if self._marks else 0.0
        speed = self.over(SLOW_AFTER_S)
        return (
            lasted_s >= SLOW_AFTER_S
            and speed < SLOW_BYTES_PER_SECOND
            and left_bytes > speed * SLOW_AFTER_S
        )


def _told(
    counts: Generator[int, None, tuple[str, str]], total: int
) -> Generator[DownloadProgress, None, tuple[str, str]]:
    with contextlib.closing(counts):
        while True:
            try:
                done = next(counts)
            except StopIteration as end:
                sums: tuple[str, str] = end.value
                return sums
            yield DownloadProgress("checking", done, total)
