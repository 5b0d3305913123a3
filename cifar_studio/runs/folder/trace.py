"""`trace.csv`: how training moves inside epochs, for the live curves and for later looks.

At most some fifty lines an epoch. It is a picture of the way, not a result: nothing is computed
from it, lines are not fsynced one by one, and a run without it is whole.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from cifar_studio import atomic
from cifar_studio.reading import read_bytes
from cifar_studio.runs.folder.epochs import LARGEST, MAX_ROWS

MAX_LINES = 1_000_000
MAX_BYTES = 64 * 2**20  # as many lines at their longest
POINTS_PER_EPOCH = 50
_HEADER = "position,train_loss,train_top1,test_loss,test_top1,test_top5"


class Trace(msgspec.Struct, frozen=True):
    """Points inside epochs.

    Attributes
    ----------
    batches : (N, 3) float array
        Position in epochs, training loss, training top-1 (percent).
    quick_tests : (M, 4) float array
        Position in epochs, test loss, top-1, top-5 of a fixed part of the test pictures.
    """

    batches: np.ndarray
    quick_tests: np.ndarray


class TraceWriter:
    """Appends to a trace; made anew for a resumed run, whose lines after `until` are cut off."""

    def __init__(self, path: Path, until: float = 0.0) -> None:
        self._file: BinaryIO | None = None
        kept = [line for line in _lines(path) if (_numbers(line) or [math.inf])[0] <= until]
        self._lines_left = MAX_LINES - len(kept)
        # A picture of the way is no reason to stop a training: where it cannot be written, it ends.
        with contextlib.suppress(OSError):
            atomic.write_bytes(path, ("\n".join([_HEADER, *kept]) + "\n").encode())
            self._file = atomic.open_to_append(path)

    def batches(self, position: float, loss: float | None, top1: float) -> None:
        self._write(position, loss, top1, None, None, None)

    def quick_test(self, position: float, loss: float | None, top1: float, top5: float) -> None:
        self._write(position, None, None, loss, top1, top5)

    def close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def _write(self, *values: float | None) -> None:
        if self._file is None or self._lines_left == 0:
            return
        self._lines_left -= 1
        line = ",".join("" if v is None else f"{v:.6g}" for v in values) + "\n"
        try:
            self._file.write(line.encode())
            self._file.flush()
        except OSError:
            self.close()


def read_trace(path: Path) -> Trace:
    """The trace of a run; an empty one where there is none."""
    return points_of(_lines(path))


def points_of(lines: Iterable[str]) -> Trace:
    """The points that lines of a trace tell; lines that are no points are left out."""
    batches, quick_tests = [], []
    for numbers in filter(None, map(_numbers, lines)):
        position, *values = numbers
        if math.isfinite(values[1]):
            batches.append([position, *values[:2]])
        elif math.isfinite(values[3]):
            quick_tests.append([position, *values[2:]])
    return Trace(np.array(batches).reshape(-1, 3), np.array(quick_tests).reshape(-1, 4))


def _lines(path: Path) -> list[str]:
    """The lines that are whole; a crash can tear the last one."""
    try:
        text = read_bytes(path, MAX_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return []
    # Empty lines of so many bytes would fill the memory.
    return text.split("\n", MAX_LINES + 1)[:-1]


def _numbers(line: str) -> list[float]:
    """Six numbers, NaN where a field is empty; [] where the line is no point."""
    try:
        numbers = [float(word or "nan") for word in line.rstrip("\r").split(",", 6)]
    except ValueError:
        return []
    is_point = len(numbers) == 6 and 0 <= numbers[0] <= MAX_ROWS
    return [n if abs(n) < LARGEST else math.nan for n in numbers] if is_point else []
