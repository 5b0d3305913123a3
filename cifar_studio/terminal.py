"""Standard output and standard error of the command line, which may go away at any time.

Results go to standard output and must arrive. Everything else goes to standard error, one line a
fact, and is let go where nobody can read it: a closed terminal must end no training.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable
from typing import TextIO

import msgspec
from typing_extensions import override

from cifar_studio.errors import StudioError
from cifar_studio.plain_text import printable

_SHOW_CURSOR = b"\x1b[?25h"


def open_streams() -> None:
    """Make the standard streams safe to write to; the first thing that the command line does.

    A closed stream gets the null device: the next file that is opened would take its number, and
    what a library writes there by number would go into that file.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an old code page lacks many letters


def close_streams() -> None:
    """Write what is still held back, so that the interpreter has nothing to complain of."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except (OSError, ValueError):
                _silence(stream)


def print_result(text: str) -> None:
    """Print what was asked for, and see that it arrives.

    Raises
    ------
    BrokenPipeError
        Nobody reads any more.
    StudioError
        It cannot be written for another reason.
    """
    if sys.stdout is None:
        raise StudioError("standard output is closed", "Send it to a file or a program")
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except OSError as error:
        _silence(sys.stdout)
        if isinstance(error, BrokenPipeError):
            raise
        raise StudioError(
            f"standard output cannot be written ({error.strerror or error})",
            "Send it to another place, or free space there",
        ) from error


def tell(text: str) -> None:
    """Print one line on standard error, whatever is in it; never fails."""
    with contextlib.suppress(OSError, ValueError):
        if sys.stderr is not None:
            sys.stderr.write(printable(text) + "\n")
            sys.stderr.flush()


def tell_at_once(text: str) -> None:
    """`tell` for a signal handler, which may run in the midst of another writing.

    It also shows the cursor, which a progress bar hides until it ends.
    """
    with contextlib.suppress(OSError):
        if os.isatty(2):
            os.write(2, _SHOW_CURSOR + b"\n")  # behind the bar and the ^C
        os.write(2, printable(text).encode(errors="backslashreplace") + b"\n")


def as_json(value: object, *, indent: int | None = None) -> str:
    """JSON of plain values and structs, in ASCII: true to every letter on every terminal."""
    return json.dumps(json.loads(msgspec.json.encode(value)), indent=indent)


class LastingStderr(io.TextIOBase):
    """Standard error for progress: once it cannot be written, it takes everything silently."""

    def __init__(self) -> None:
        super().__init__()
        self._stream: TextIO | None = sys.stderr
        self.is_gone = self._stream is None  # or a write has failed

    @property
    @override
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding if self._stream is not None else "utf-8"

    @override
    def fileno(self) -> int:
        return self._stream.fileno() if self._stream is not None else 2

    @override
    def isatty(self) -> bool:
        return self._stream is not None and self._stream.isatty()

    @override
    def writable(self) -> bool:
        return True

    @override
    def write(self, text: str, /) -> int:
        self._attempt(lambda stream: stream.write(text))
        return len(text)

    @override
    def flush(self) -> None:
        self._attempt(lambda stream: stream.flush())

    def _attempt(self, work: Callable[[TextIO], object]) -> None:
        if self._stream is not None and not self.is_gone:
            try:
                work(self._stream)
            except (OSError, ValueError):
                self.is_gone = True
                _silence(self._stream)


def _silence(stream: TextIO) -> None:
    """Lead a stream that fails to the null device: what it holds back is tried again at exit."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, stream.fileno())
        finally:
            os.close(null)
