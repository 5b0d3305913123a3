"""What every table of the window does."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cifar_studio.ui.tables.figure_model import Column, Row
from cifar_studio.ui.tables.figure_table import FigureTable

COLUMNS = (Column("Name", "name"), Column("Count", "count", "{:,.0f}"), Column("%", "p", "{:.2f}"))
ROWS = [
    Row(("b", 1200.0, 33.333333), (0,)),
    Row(("a", 7.0, float("nan")), (1,)),
    Row(("c", 90.0, 0.5), (2,)),
]


@pytest.fixture
def table(qtbot: QtBot, light: None) -> FigureTable:
    table = FigureTable("Things", "Nothing yet")
    qtbot.addWidget(table)
    table.set_rows(COLUMNS, ROWS)
    table.show()
    return table


def titles(table: FigureTable) -> list[str]:
    model = table.model()
    return [str(model.headerData(i, Qt.Orientation.Horizontal)) for i in range(len(COLUMNS))]


def test_that_one_arrow_says_what_is_sorted_by(table: FigureTable) -> None:
    assert titles(table) == ["Name", "Count", "%"]
    table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    assert titles(table) == ["Name", "▾ Count", "%"]
    table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    assert titles(table) == ["Name ▴", "Count", "%"]
    assert not table.horizontalHeader().isSortIndicatorShown()  # it would be a second one


def test_that_what_is_kept_has_values_and_what_is_copied_has_words(table: FigureTable) -> None:
    table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    kept = table.as_table("things")
    assert kept.header == ("Name", "Count", "%")
    assert [row[:2] for row in map(tuple, kept.rows)] == [("a", 7), ("c", 90), ("b", 1200)]
    assert [type(row[1]) for row in kept.rows] == [int, int, int]
    assert kept.rows[2][2] == 33.333333
    table.copy()
    text = QApplication.clipboard().text()
    assert text == "Name\tCount\t%\na\t7\t\nc\t90\t0.50\nb\t1200\t33.33\n"


def test_that_ctrl_s_asks_to_keep_it(qtbot: QtBot, table: FigureTable) -> None:
    with qtbot.waitSignal(table.save_requested):
        qtbot.keyClick(table, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
