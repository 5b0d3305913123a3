"""`epochs.csv`: what is written is what is read, whatever a crash tore."""

from __future__ import annotations

import csv
import tracemalloc
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cifar_studio.runs.folder.epochs import (
    COLUMNS,
    EpochRow,
    append_row,
    best_row,
    read_rows,
    read_table,
)

finite = st.floats(0, 1e6)
losses = st.none() | finite
rows_strategy = st.builds(
    EpochRow,
    epoch=st.integers(1, 10**5),
    learning_rate=finite,
    train_loss=losses,
    train_top1=finite,
    test_loss=losses,
    test_top1=losses,
    test_top5=losses,
    train_seconds=finite,
    eval_seconds=finite,
    images_per_second=finite,
    peak_memory_mib=finite,
    val_loss=losses,
    val_top1=losses,
    val_top5=losses,
)


def make_row(epoch: int, top1: float = 10.0, val_top1: float | None = None) -> EpochRow:
    return EpochRow(
        epoch=epoch,
        learning_rate=0.01,
        train_loss=4.0,
        train_top1=5.0,
        test_loss=3.5,
        test_top1=top1,
        test_top5=30.0,
        train_seconds=2.0,
        eval_seconds=0.5,
        images_per_second=100.0,
        peak_memory_mib=300.0,
        val_top1=val_top1,
    )


def test_that_a_torn_header_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "epochs.csv"
    path.write_bytes(b"epoch,learning_ra")
    append_row(path, make_row(1))
    append_row(path, make_row(2))
    assert [row.epoch for row in read_rows(path)] == [1, 2]


def test_that_the_columns_are_the_contract(tmp_path: Path) -> None:
    append_row(tmp_path / "epochs.csv", make_row(1))
    header = (tmp_path / "epochs.csv").read_text().splitlines()[0]
    assert header == (
        "epoch,learning_rate,train_loss,train_top1,test_loss,test_top1,test_top5,train_seconds,"
        "eval_seconds,images_per_second,peak_memory_mib,val_loss,val_top1,val_top5"
    )


@given(rows=st.lists(rows_strategy, max_size=5))
def test_that_rows_survive_digit_by_digit(
    tmp_path_factory: pytest.TempPathFactory, rows: list[EpochRow]
) -> None:
    path = tmp_path_factory.mktemp("rows") / "epochs.csv"
    for row in rows:
        append_row(path, row)
    assert read_rows(path) == rows


def test_that_pythons_own_csv_reader_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "epochs.csv"
    append_row(path, make_row(1, 12.345678901234567))
    with path.open(newline="") as file:
        (record,) = csv.DictReader(file)
    assert float(record["test_top1"]) == 12.345678901234567
    assert record["val_loss"] == ""


@pytest.mark.parametrize("kept", range(1, 50, 7))
def test_that_a_torn_last_line_is_dropped_and_written_over(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "epochs.csv"
    append_row(path, make_row(1))
    whole = path.read_bytes()
    append_row(path, make_row(2))
    path.write_bytes(path.read_bytes()[: len(whole) + kept])
    assert read_rows(path) == [make_row(1)]
    append_row(path, make_row(2, 20.0))
    assert read_rows(path) == [make_row(1), make_row(2, 20.0)]


def test_that_later_columns_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "epochs.csv"
    append_row(path, make_row(1))
    header, line = path.read_text().splitlines()
    path.write_text(f"{header},later\n{line},7\n")
    assert read_rows(path) == [make_row(1)]


@pytest.mark.parametrize("text", [bytes(500) + b"\n", b"\n", b"epoch,test_top1\n", b"1,2,3\n"])
def test_that_a_header_that_is_none_counts_as_a_line_left_out(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "epochs.csv"
    assert read_table(path).lines_left_out == 0
    path.write_bytes(text)
    table = read_table(path)
    assert (table.rows, table.lines_left_out) == ([], 1)


@given(st.binary(max_size=400))
def test_that_any_bytes_are_read_without_an_error(
    tmp_path_factory: pytest.TempPathFactory, text: bytes
) -> None:
    path = tmp_path_factory.mktemp("bytes") / "epochs.csv"
    path.write_bytes((",".join(COLUMNS) + "\n").encode() + text)
    assert all(isinstance(row, EpochRow) for row in read_rows(path))


def test_that_the_earliest_best_epoch_wins_by_test_then_by_validation() -> None:
    assert best_row([]) is None
    assert best_row([make_row(1, 5), make_row(2, 9), make_row(3, 9)]) == make_row(2, 9)
    validated = [make_row(1, 9, 3.0), make_row(2, 5, 8.0), make_row(3, 7, 8.0)]
    assert best_row(validated) == validated[1]


def test_that_a_row_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        make_row(1).epoch = 2  # type: ignore[misc]
    assert msgspec.structs.replace(make_row(1), epoch=2) == make_row(2)


def test_that_a_line_of_nothing_but_commas_is_left_out_unread(tmp_path: Path) -> None:
    path = tmp_path / "epochs.csv"
    append_row(path, make_row(1))
    with path.open("ab") as file:
        file.write(b"," * 20_000_000 + b"\n")
    append_row(path, make_row(2))
    tracemalloc.start()
    table = read_table(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [row.epoch for row in table.rows] == [1, 2]
    assert table.lines_left_out == 1
    assert peak < 100e6
