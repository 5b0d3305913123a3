"""The tables of classes and of the most frequent mistakes."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot
from sklearn.metrics import precision_recall_fscore_support

from cifar_studio.runs.folder.evaluation import confusion_matrix
from cifar_studio.ui.confusion.explanations import EXPLANATIONS
from cifar_studio.ui.confusion.tables import ClassTable, MistakeTable
from cifar_studio.ui.tables.figure_table import FigureTable
from ui.confusion.answers import make_answers, make_names

NAMES = make_names()
ANSWERS = make_answers(NAMES)
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


@pytest.fixture
def classes(light: None, qtbot: QtBot) -> ClassTable:
    table = ClassTable()
    qtbot.addWidget(table)
    table.resize(520, 400)
    table.show_matrix(ANSWERS.confusion, NAMES)
    table.show()
    qtbot.waitExposed(table)
    return table


@pytest.fixture
def confused(light: None, qtbot: QtBot) -> MistakeTable:
    table = MistakeTable()
    qtbot.addWidget(table)
    table.resize(520, 400)
    table.show_matrix(ANSWERS.confusion, NAMES)
    table.show()
    qtbot.waitExposed(table)
    return table


def column(table: FigureTable, place: int, role: int = Qt.ItemDataRole.DisplayRole) -> list:
    proxy = table.proxy
    return [proxy.index(row, place).data(role) for row in range(proxy.rowCount())]


def sort_by(table: FigureTable, place: int, order: Qt.SortOrder) -> None:
    table.horizontalHeader().setSortIndicator(place, order)


def test_that_the_figures_are_those_of_scikit_learn(classes: ClassTable) -> None:
    precision, recall, f1, support = precision_recall_fscore_support(
        ANSWERS.true, ANSWERS.predicted, zero_division=np.nan
    )
    for place, figures in ((2, precision), (3, recall), (4, f1)):
        assert column(classes.table, place) == [f"{figure:.2f}" for figure in figures]
    assert column(classes.table, 5) == [str(count) for count in support]
    assert column(classes.table, 1)[:2] == ["kind 0", "kind 7"]


def test_that_superclasses_are_a_click_away(classes: ClassTable, qtbot: QtBot) -> None:
    qtbot.mouseClick(classes.level.buttons["superclasses"], Qt.MouseButton.LeftButton)
    assert column(classes.table, 0) == [f"kind {number}" for number in range(20)]
    of = NAMES.superclass_of
    recall = precision_recall_fscore_support(of[ANSWERS.true], of[ANSWERS.predicted])[1]
    assert column(classes.table, 2) == [f"{figure:.2f}" for figure in recall]
    assert classes.table.subject_of(7) == NAMES.classes_in(7)


def test_that_undefined_figures_are_a_dash_that_says_why(classes: ClassTable) -> None:
    true = np.array([0, 0, 1], dtype=np.uint8)
    classes.show_matrix(confusion_matrix(true, np.array([0, 2, 0], dtype=np.uint8)), NAMES)
    assert [column(classes.table, place)[1] for place in (2, 3, 4)] == ["—", "0.00", "0.00"]
    assert [column(classes.table, place)[2] for place in (2, 3, 4)] == ["0.00", "—", "0.00"]
    assert [column(classes.table, place)[3] for place in (2, 3, 4)] == ["—", "—", "—"]
    tips = [column(classes.table, place, Qt.ItemDataRole.ToolTipRole)[3] for place in (2, 3, 4)]
    assert tips[0].startswith("It was never said")
    assert tips[1].startswith("None of its pictures was shown")
    assert tips[2].startswith("It was neither shown nor said")
    lines = classes.table.copy().splitlines()
    assert lines[4] == "class 3\tkind 1\t\t\t\t0"


def test_that_figures_stand_right_and_sort_as_numbers(classes: ClassTable) -> None:
    alignments = column(classes.table, 2, Qt.ItemDataRole.TextAlignmentRole)
    assert set(alignments) == {RIGHT}
    sort_by(classes.table, 3, Qt.SortOrder.DescendingOrder)
    recalls = [float(text) for text in column(classes.table, 3)]
    assert recalls == sorted(recalls, reverse=True)
    heading = classes.table.proxy.headerData(3, Qt.Orientation.Horizontal)
    assert heading == "▾ Recall"


def test_that_undefined_sorts_below_everything(classes: ClassTable) -> None:
    true = np.array([0, 0, 1], dtype=np.uint8)
    classes.show_matrix(confusion_matrix(true, np.array([0, 2, 0], dtype=np.uint8)), NAMES)
    sort_by(classes.table, 2, Qt.SortOrder.DescendingOrder)
    assert column(classes.table, 2)[:3] == ["0.50", "0.00", "—"]


def test_that_search_finds_part_of_a_name(classes: ClassTable) -> None:
    classes.table.search(" CLASS 1")
    assert column(classes.table, 0) == ["class 1"] + [f"class {n}" for n in range(10, 20)]
    classes.table.search("kind 19")
    assert len(column(classes.table, 0)) == 5
    classes.table.search("no such")
    assert column(classes.table, 0) == []
    classes.table.grab()
    classes.table.search("")
    assert len(column(classes.table, 0)) == 100


def test_that_chosen_rows_or_all_are_copied_in_the_order_shown(
    classes: ClassTable, qtbot: QtBot
) -> None:
    table = classes.table
    sort_by(table, 0, Qt.SortOrder.DescendingOrder)
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QApplication.clipboard().text().splitlines()
    assert lines[0] == "Class\tSuperclass\tPrecision\tRecall\tF1\tn"
    assert len(lines) == 101
    assert lines[1].split("\t")[0] == "class 99"
    table.selectRow(1)
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert [line.split("\t")[0] for line in QApplication.clipboard().text().splitlines()] == [
        "Class",
        "class 98",
    ]


def test_that_the_most_frequent_mistake_comes_first(confused: MistakeTable) -> None:
    mistakes = ANSWERS.confusion.copy()
    np.fill_diagonal(mistakes, 0)
    true, said = divmod(int(mistakes.argmax()), 100)
    assert column(confused, 0)[0] == f"class {true} → class {said}"
    assert column(confused, 1)[0] == str(mistakes.max())
    assert column(confused, 2)[0] == "20"
    assert column(confused, 3)[0] == f"{100 * mistakes.max() / 20:.2f}"
    assert confused.subject_of(0) == (true, said)


def test_that_a_row_is_chosen_by_key_and_opened_by_enter(
    confused: MistakeTable, qtbot: QtBot
) -> None:
    confused.setFocus()
    confused.selectRow(0)
    with qtbot.waitSignal(confused.row_chosen) as reported:
        qtbot.keyClick(confused, Qt.Key.Key_Down)
    assert reported.args == [confused.subject_of(1)]
    with qtbot.waitSignal(confused.row_opened) as reported:
        qtbot.keyClick(confused, Qt.Key.Key_Return)
    assert reported.args == [confused.subject_of(1)]


def test_that_a_difference_lists_what_changed_most_with_its_sign(
    classes: ClassTable, confused: MistakeTable
) -> None:
    other = make_answers(NAMES, seed=4)
    a, b = ANSWERS.confusion, other.confusion
    confused.show_difference(a, b, NAMES)
    difference = a - b
    np.fill_diagonal(difference, 0)
    shown = [int(text.replace("−", "-")) for text in column(confused, 1)]
    assert abs(shown[0]) == np.abs(difference).max()
    for row in range(5):
        true, said = confused.subject_of(row)
        assert shown[row] == difference[true, said]
        assert column(confused, 2)[row] == str(a[true, said])
        assert column(confused, 3)[row] == str(b[true, said])
    classes.show_matrix(a, NAMES, minus=b)
    gains = [float(text.replace("−", "-")) for text in column(classes.table, 3)]
    recalls = [np.diagonal(matrix) / matrix.sum(axis=1) for matrix in (a, b)]
    np.testing.assert_allclose(gains, recalls[0] - recalls[1], atol=0.005)
    assert "−" in "".join(column(classes.table, 3))
    assert "−" not in classes.table.copy()


def test_that_new_figures_choose_no_row(confused: MistakeTable, qtbot: QtBot) -> None:
    confused.selectRow(3)
    with qtbot.assertNotEmitted(confused.row_chosen):
        confused.show_matrix(make_answers(NAMES, seed=4).confusion, NAMES)
        confused.search("class 3")
        confused.search("")


def test_that_each_column_can_be_asked_how_it_is_computed(
    classes: ClassTable, qtbot: QtBot
) -> None:
    table = classes.table
    for place, figures in enumerate(table.figures.columns):
        rect = table.visualRect(table.proxy.index(0, place))
        table.customContextMenuRequested.emit(rect.center())
        menu = table.findChildren(QMenu)[-1]
        with qtbot.waitSignal(table.explanation_requested) as reported:
            menu.actions()[-1].trigger()
        assert reported.args[0] == figures.key
        assert figures.key in EXPLANATIONS
        menu.close()
    assert table.indexAt(QPoint(0, 0)).isValid()
