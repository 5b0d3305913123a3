"""Rows of `epochs.csv`: one an epoch, appended and fsynced; a torn last line is dropped."""

from __future__ import annotations

import contextlib
import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path

import msgspec

from cifar_studio.atomic import append_line


class EpochRow(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one finished epoch.

    Accuracies in percent, losses are mean cross-entropy in nats (None where not finite), times in
    seconds, memory in MiB. Training figures are means over the epoch while the network learned,
    with augmentation and dropout; test figures are of the network at the epoch's end.
    """

    epoch: int
    learning_rate: float
    train_loss: float | None
    train_top1: float
    test_loss: float | None
    test_top1: float
    test_top5: float
    train_seconds: float
    eval_seconds: float
    images_per_second: float
    peak_memory_mib: float
    val_loss: float | None = None
    val_top1: float | None = None
    val_top5: float | None = None


COLUMNS: tuple[str, ...] = EpochRow.__struct_fields__


def append_row(path: Path, row: EpochRow) -> None:
    """Append a row (after the header, where the file is new) and fsync before returning."""
    if not path.exists() or path.stat().st_size == 0:
        append_line(path, ",".join(COLUMNS))
    append_line(path, _to_line(row))


def rewrite_rows(rows: Sequence[EpochRow]) -> bytes:
    """The whole file as bytes, for a resume that cuts off rows after its checkpoint."""
    return "".join(f"{line}\n" for line in (",".join(COLUMNS), *map(_to_line, rows))).encode()


def read_rows(path: Path) -> list[EpochRow]:
    """Rows in file order; [] where the file is missing.

    Unknown columns are left out, and so is every line that is not whole: a crash can tear the
    last one.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    complete = text[: text.rfind("\n") + 1]
    rows = []
    with contextlib.suppress(csv.Error):  # a field of a size that no figure has
        for record in csv.DictReader(io.StringIO(complete)):
            row = _from_record(record)
            if row is not None:
                rows.append(row)
    return rows


def best_row(rows: Sequence[EpochRow]) -> EpochRow | None:
    """Highest `val_top1` where there is a validation split, else highest `test_top1`.

    The earliest wins a tie. None where there is no row.
    """
    if not rows:
        return None
    validated = all(row.val_top1 is not None for row in rows)
    return max(
        rows, key=lambda row: ((row.val_top1 or 0.0) if validated else row.test_top1, -row.epoch)
    )


def _to_line(row: EpochRow) -> str:
    values = (getattr(row, column) for column in COLUMNS)
    return ",".join("" if value is None else repr(value) for value in values)


def _from_record(record: dict[str, str]) -> EpochRow | None:
    values: dict[str, int | float | None] = {}
    try:
        for column in COLUMNS:
            text = record.get(column) or ""
            if column == "epoch":
                values[column] = int(text)
            elif text:
                number = float(text)
                values[column] = number if math.isfinite(number) else None
            else:
                values[column] = None
        return msgspec.convert(values, EpochRow)
    except (ValueError, msgspec.ValidationError):
        return None
