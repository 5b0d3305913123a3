"""Rows of `epochs.csv`: one an epoch, appended and fsynced; a torn last line is dropped."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from cifar_studio.atomic import append_line, write_bytes
from cifar_studio.config.settings import bounds_of
from cifar_studio.reading import open_file, read_bytes

MAX_ROWS = int(bounds_of("epochs").high)
MAX_BYTES = 64 * 2**20  # more than that many rows take
MAX_LINE = 4096
"""Bytes of the longest line that is read; a row has some 300."""
LARGEST = 1e39
"""No figure is larger, be it of single precision that overflowed; plots can reckon with it."""


class EpochRow(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one finished epoch.

    Accuracies in percent, losses are mean cross-entropy in nats (None where not finite), times in
    seconds, memory in MiB. Training figures are means over the epoch while the network learned,
    with augmentation and dropout; test and validation figures are of the network at the epoch's
    end. Where the test set is locked, no row has test figures until the run ends, and then the row
    of the best epoch alone, or without validation of the last one; where it stays locked no row
    ever has.
    """

    epoch: int
    learning_rate: float
    train_loss: float | None
    train_top1: float
    test_loss: float | None
    test_top1: float | None
    test_top5: float | None
    train_seconds: float
    eval_seconds: float
    images_per_second: float
    peak_memory_mib: float
    val_loss: float | None = None
    val_top1: float | None = None
    val_top5: float | None = None


COLUMNS: tuple[str, ...] = EpochRow.__struct_fields__
_REQUIRED = frozenset(COLUMNS[: -len(EpochRow.__struct_defaults__)])


def append_row(path: Path, row: EpochRow) -> None:
    """Append a row (after the header, where the file is new) and fsync before returning."""
    if not _has_a_line(path):  # new, or a crash tore the header
        write_bytes(path, (",".join(COLUMNS) + "\n").encode())
    append_line(path, _to_line(row))


def rewrite_rows(rows: Sequence[EpochRow]) -> bytes:
    """The whole file as bytes, for a resume that cuts off rows after its checkpoint."""
    return "".join(f"{line}\n" for line in (",".join(COLUMNS), *map(_to_line, rows))).encode()


def read_rows(path: Path) -> list[EpochRow]:
    """Rows in file order; [] where the file is missing, no ordinary file or far too long.

    Unknown columns are left out, and so is every line that is not whole: a crash can tear the
    last one.
    """
    return read_table(path).rows


def read_table(path: Path) -> RowReader:
    """`read_rows`, together with what was left out."""
    reader = RowReader()
    try:
        text = read_bytes(path, MAX_BYTES).decode("utf-8", errors="replace")
    except FileNotFoundError:
        return reader
    except OSError:
        reader.lines_left_out += 1
        return reader
    # Empty lines of so many bytes would fill the memory.
    reader.feed(text.split("\n", MAX_ROWS + 1)[:-1])
    reader.lines_left_out += text.count("\n") > MAX_ROWS + 1
    return reader


class RowReader:
    """Turns the lines of an `epochs.csv` into rows, also of one that grows."""

    def __init__(self) -> None:
        self.rows: list[EpochRow] = []
        self.lines_left_out = 0  # lines that are no rows
        self._places: dict[str, int] | None = None

    def feed(self, lines: Iterable[str]) -> None:
        """Take in whole lines, the header first of all; `MAX_ROWS` at most."""
        for line in lines:
            if len(self.rows) + self.lines_left_out > MAX_ROWS:
                break
            words = _words(line)
            if self._places is None:
                self._places = {word: place for place, word in enumerate(words) if word in COLUMNS}
                self.lines_left_out += not _REQUIRED.issubset(self._places)
            elif (row := _row(words, self._places)) is not None:
                self.rows.append(row)
            else:
                self.lines_left_out += 1


def best_row(rows: Sequence[EpochRow]) -> EpochRow | None:
    """Highest `val_top1` where every row has it, else highest `test_top1`.

    The earliest wins a tie. None where there is no row, or none with such a figure.
    """
    if not rows:
        return None
    by = "val_top1" if all(row.val_top1 is not None for row in rows) else "test_top1"
    known = [row for row in rows if getattr(row, by) is not None]
    return max(known, key=lambda row: (getattr(row, by), -row.epoch), default=None)


def lacks_tests(rows: Sequence[EpochRow]) -> bool:
    """Whether the test set was not looked at after each epoch.

    Where it was not, maxima, minima and curves over test figures have no meaning.
    """
    return any(row.test_top1 is None for row in rows)


def is_tested_at_end(rows: Sequence[EpochRow]) -> bool:
    """Whether the last epoch alone was tested, and nothing validated: then nothing chose it."""
    if not rows or rows[-1].test_top1 is None or rows[-1].val_top1 is not None:
        return False
    return all(row.test_top1 is None and row.val_top1 is None for row in rows[:-1])


def _to_line(row: EpochRow) -> str:
    values = (getattr(row, column) for column in COLUMNS)
    return ",".join("" if value is None else repr(value) for value in values)


def _has_a_line(path: Path) -> bool:
    try:
        with open_file(path) as file:
            return file.readline(MAX_LINE).endswith(b"\n")
    except FileNotFoundError:
        return False


def _words(line: str) -> list[str]:
    if len(line) > MAX_LINE:  # of nothing but commas it would become millions of words
        return []
    try:
        return next(csv.reader([line]), [])
    except csv.Error:  # a carriage return in the middle of it
        return []


def _row(words: list[str], places: dict[str, int]) -> EpochRow | None:
    values: dict[str, int | float | None] = {}
    try:
        for column, place in places.items():
            text = words[place] if place < len(words) else ""
            if column == "epoch":
                values[column] = int(text)
            else:
                number = float(text) if text else math.nan
                values[column] = number if abs(number) < LARGEST else None
        row = msgspec.convert(values, EpochRow)
        return row if 1 <= row.epoch <= MAX_ROWS else None
    except (ValueError, msgspec.ValidationError):
        return None
