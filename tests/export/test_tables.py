"""Tables that leave the studio, read back by other hands."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cifar_studio.errors import BadInputError
from cifar_studio.export.tables.sheet import Cell
from cifar_studio.export.tables.write_tables import write_table

HEADER = ("class", "pictures", "recall %")


def read_back(path: Path) -> list[list[str]]:
    delimiter = "\t" if path.suffix == ".tsv" else ","
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".CSV"])
def test_that_what_was_written_is_read_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"classes of a run ü{suffix}"
    awkward = ['Müller, "Mo"', "two\nlines", "a\tb", ""]
    write_table(path, HEADER, [[text, 3, 0.1 + 0.2] for text in awkward])
    assert read_back(path) == [list(HEADER), *([text, "3", str(0.1 + 0.2)] for text in awkward)]
    assert [found for found in tmp_path.iterdir() if found.is_file()] == [path]


def test_that_excel_sees_utf8_and_lines_end_as_rfc_4180_says(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    write_table(path, ("ä", "b"), [("x", 1)])
    assert path.read_bytes() == b"\xef\xbb\xbf" + "ä,b\r\nx,1\r\n".encode()


def test_that_numpy_reads_the_numbers(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    values = np.random.default_rng(0).normal(size=(5, 3))
    write_table(path, HEADER, values.tolist())
    read = np.genfromtxt(path, delimiter="\t", skip_header=1, encoding="utf-8-sig")
    np.testing.assert_array_equal(read, values)


def test_that_what_is_not_known_is_an_empty_cell(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    write_table(path, HEADER, [(None, math.nan, np.float64("nan")), ("", np.int64(3), -0.5)])
    assert read_back(path)[1:] == [["", "", ""], ["", "3", "-0.5"]]


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "-", "＝1", "-inf"]
)
def test_that_no_text_becomes_a_formula(tmp_path: Path, text: str) -> None:
    path = tmp_path / "table.csv"
    write_table(path, [text], [[text]])
    assert read_back(path) == [["'" + text]] * 2


@pytest.mark.parametrize("cell", ["-3.5", "+2", -3.5, -7, "a=b", "CIFAR-100"])
def test_that_numbers_and_other_text_are_left_alone(tmp_path: Path, cell: Cell) -> None:
    path = tmp_path / "table.csv"
    write_table(path, ["x"], [[cell]])
    assert read_back(path)[1] == [str(cell)]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2))
def test_that_any_text_comes_back_but_for_the_apostrophe(
    tmp_path_factory: pytest.TempPathFactory, row: list[str]
) -> None:
    path = tmp_path_factory.mktemp("table") / "table.csv"
    write_table(path, ["a", "b"], [row])
    (read,) = read_back(path)[1:]
    assert [cell.removeprefix("'") for cell in read] == [cell.removeprefix("'") for cell in row]


def test_that_an_unknown_suffix_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"table\.xlsx.*End its name in \.csv or \.tsv"):
        write_table(tmp_path / "table.xlsx", HEADER, [])
    with pytest.raises(BadInputError, match="has no suffix"):
        write_table(tmp_path / "table", HEADER, [])


def test_that_a_place_that_cannot_be_written_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"none.table\.csv cannot be written"):
        write_table(tmp_path / "none" / "table.csv", HEADER, [])
    path = tmp_path / "table.csv"
    write_table(path, HEADER, [])
    with pytest.raises(ValueError, match="3 cells"):
        write_table(path, HEADER, [["too short"]])
    assert read_back(path) == [list(HEADER)]
