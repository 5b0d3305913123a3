"""The list of repeated pictures: what it says, shows, sorts and hands on."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cifar_studio.data.repeats.find_repeats import Repeats
from cifar_studio.ui.pictures.data.picture_set import TEST_START, PictureSet
from cifar_studio.ui.pictures.repeats.repeats_dialog import RepeatsDialog
from cifar_studio.ui.pictures.repeats.repeats_model import COLUMNS

Key = Qt.Key
PAIRS = [(3, 9), (10, TEST_START + 4), (TEST_START + 7, TEST_START + 80), (5, 40_000)]


@pytest.fixture
def dialog(qtbot: QtBot, pictures: PictureSet) -> RepeatsDialog:
    """Four pairs: identical, mirrored, and two that are nearly the same."""
    dialog = RepeatsDialog()
    qtbot.addWidget(dialog)
    dialog.begin(pictures)
    dialog.show_repeats(
        Repeats(
            pairs_P2=np.array(PAIRS, dtype=np.int32),
            likeness_P=np.array([1.0, 0.98, 0.91, 0.75], dtype=np.float32),
            mirrored_P=np.array([False, True, False, False]),
            identical_P=np.array([True, False, False, False]),
        )
    )
    dialog.show()
    qtbot.waitExposed(dialog)
    return dialog


def column(title: str) -> int:
    return [one.title for one in COLUMNS].index(title)


def shown(dialog: RepeatsDialog) -> list[tuple[int, int]]:
    table = dialog.table
    rows = [table.source_row(row) for row in range(table.proxy.rowCount())]
    return [(table.repeats.pairs[row].first, table.repeats.pairs[row].second) for row in rows]


def test_that_the_summary_counts_each_kind_and_what_crosses_the_splits(
    dialog: RepeatsDialog,
) -> None:
    text = dialog.summary.text()
    assert text.startswith("4 pairs: 1 identical, 1 mirrored, 2 nearly the same. 1 have")
    assert dialog.count.text() == "4 pairs"


@pytest.mark.parametrize(
    ("kind", "splits", "expected"),
    [
        ("All pairs", "Any split", PAIRS),
        ("Identical", "Any split", PAIRS[:1]),
        ("Mirrored", "Across the splits", PAIRS[1:2]),
        ("Near", "Inside test", PAIRS[2:3]),
        ("Near", "Inside training", PAIRS[3:]),
        ("Identical", "Inside test", []),
    ],
)
def test_that_pairs_are_chosen_by_kind_and_place(
    dialog: RepeatsDialog, kind: str, splits: str, expected: list[tuple[int, int]]
) -> None:
    dialog.kind.setCurrentText(kind)
    dialog.splits.setCurrentText(splits)
    assert shown(dialog) == expected
    number = len(expected)
    assert dialog.count.text() == ("1 pair" if number == 1 else f"{number} pairs")


def test_that_a_click_on_a_heading_sorts(dialog: RepeatsDialog) -> None:
    dialog.table.sortByColumn(column("Likeness"), Qt.SortOrder.AscendingOrder)
    assert shown(dialog) == PAIRS[::-1]
    dialog.table.sortByColumn(column("Places"), Qt.SortOrder.AscendingOrder)
    assert [first for first, _ in shown(dialog)] == [3, 5, 10, TEST_START + 7]


def test_that_enter_opens_the_pair_of_the_row(qtbot: QtBot, dialog: RepeatsDialog) -> None:
    dialog.table.setFocus()
    qtbot.keyClick(dialog.table, Key.Key_Down)
    qtbot.keyClick(dialog.table, Key.Key_Down)
    with qtbot.waitSignal(dialog.table.pair_opened) as opened:
        qtbot.keyClick(dialog.table, Key.Key_Return)
    assert tuple(opened.args) in PAIRS[:3]


def test_that_both_pictures_are_painted(dialog: RepeatsDialog, pictures: PictureSet) -> None:
    table = dialog.table
    place = table.visualRect(table.proxy.index(0, 0)).center()
    image = table.viewport().grab().toImage()
    ratio = image.devicePixelRatio()
    seen = image.pixelColor(round(place.x() * ratio) - 12, round(place.y() * ratio))
    colours = {tuple(colour) for colour in pictures.pixels(3).reshape(-1, 3).tolist()}
    assert (seen.red(), seen.green(), seen.blue()) in colours


def test_that_the_list_is_copied_and_kept_in_plain_words(
    qtbot: QtBot, dialog: RepeatsDialog, pictures: PictureSet
) -> None:
    dialog.splits.setCurrentText("Across the splits")
    qtbot.keyClick(dialog.table, Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    header, line = QApplication.clipboard().text().splitlines()
    assert header.split("\t")[:3] == ["kind", "likeness", "first"]
    names = [pictures.class_name(reference) for reference in PAIRS[1]]
    assert line.split("\t") == ["mirrored", "0.9800", "training 10", names[0], "test 4", names[1]]
    with qtbot.waitSignal(dialog.table_requested) as requested:
        dialog.save.click()
    assert [row[0] for row in requested.args[0].rows] == ["mirrored"]


def test_that_a_failure_can_be_tried_again_and_closing_gives_up(
    qtbot: QtBot, dialog: RepeatsDialog, pictures: PictureSet
) -> None:
    dialog.begin(pictures)
    assert dialog.progress.isVisible()
    dialog.show_progress(30, 120)
    assert (dialog.progress.value(), dialog.progress.maximum()) == (30, 120)
    dialog.show_failure("There is no room.")
    assert dialog.words.text() == "There is no room."
    with qtbot.waitSignal(dialog.find_requested):
        dialog.again.click()
    with qtbot.waitSignal(dialog.rejected):
        dialog.close()


def test_that_no_pair_is_said_too(dialog: RepeatsDialog, pictures: PictureSet) -> None:
    nothing = np.empty(0, dtype=bool)
    dialog.begin(pictures)
    dialog.show_repeats(
        Repeats(np.empty((0, 2), np.int32), np.empty(0, np.float32), nothing, nothing)
    )
    assert dialog.summary.text() == "No picture occurs twice."
