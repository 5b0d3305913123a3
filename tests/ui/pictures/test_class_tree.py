"""The tree of superclasses and classes."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from cifar_studio.ui.pictures.classes.class_tree import COUNT, NAME, ClassModel, ClassTree
from cifar_studio.ui.pictures.data.picture_set import PictureSet

Control = Qt.KeyboardModifier.ControlModifier
Left = Qt.MouseButton.LeftButton


@pytest.fixture
def tree(qtbot: QtBot, pictures: PictureSet) -> ClassTree:
    tree = ClassTree()
    qtbot.addWidget(tree)
    tree.resize(240, 700)
    tree.show_set(pictures)
    tree.show()
    qtbot.waitExposed(tree)
    return tree


def superclass(tree: ClassTree, row: int) -> QModelIndex:
    return tree.tree.model().index(row, NAME)


def members(pictures: PictureSet, name: str) -> frozenset[int]:
    number = pictures.superclass_names.index(name)
    return frozenset(np.flatnonzero(pictures.superclass_of == number).tolist())


def click(qtbot: QtBot, tree: ClassTree, index: QModelIndex, keys: object = None) -> None:
    middle = tree.tree.visualRect(index).center()
    modifier = keys or Qt.KeyboardModifier.NoModifier
    qtbot.mouseClick(tree.tree.viewport(), Left, modifier, middle)


def test_that_the_model_is_a_sound_tree(qtbot: QtBot, pictures: PictureSet) -> None:
    model = ClassModel()
    tester = QAbstractItemModelTester(
        model, QAbstractItemModelTester.FailureReportingMode.Fatal, model
    )
    model.show_set(pictures)
    assert tester.model() is model
    names = [model.index(row, NAME).data() for row in range(model.rowCount())]
    assert names == sorted(pictures.superclass_names)
    below = [
        model.index(i, NAME, model.index(row, NAME)).data()
        for row in range(20)
        for i in range(model.rowCount(model.index(row, NAME)))
    ]
    assert sorted(below) == sorted(pictures.class_names)


def test_that_a_superclass_stands_for_its_five(
    qtbot: QtBot, tree: ClassTree, pictures: PictureSet
) -> None:
    index = superclass(tree, 3)
    with qtbot.waitSignal(tree.classes_chosen) as chosen:
        click(qtbot, tree, index)
    assert chosen.args == [members(pictures, index.data())]
    other = superclass(tree, 7)
    with qtbot.waitSignal(tree.classes_chosen) as chosen:
        click(qtbot, tree, other, Control)
    assert chosen.args == [members(pictures, index.data()) | members(pictures, other.data())]
    with qtbot.waitSignal(tree.classes_chosen) as chosen:
        qtbot.keyClick(tree.tree, Qt.Key.Key_Escape)
    assert chosen.args == [frozenset()]


def test_that_choosing_by_program_is_heard_once(tree: ClassTree) -> None:
    heard: list[object] = []
    tree.classes_chosen.connect(heard.append)
    expected = frozenset({0, 1, 2, 3, 4, 50, 99})
    tree.choose(expected)
    tree.choose(expected)
    assert heard == [expected]
    assert tree.chosen == expected
    tree.choose(frozenset())
    assert heard == [expected, frozenset()]


def test_that_a_search_hides_and_keeps_what_is_chosen(
    qtbot: QtBot, tree: ClassTree, pictures: PictureSet
) -> None:
    name = pictures.class_names[42]
    tree.choose(frozenset({0}))
    qtbot.keyClicks(tree.search, name.upper())
    shown = [
        child.data()
        for row in range(20)
        if not tree.tree.isRowHidden(row, QModelIndex())
        for i in range(5)
        if not tree.tree.isRowHidden(i, superclass(tree, row))
        for child in [tree.tree.model().index(i, NAME, superclass(tree, row))]
    ]
    assert name in shown
    assert all(name in other for other in shown)
    assert tree.chosen == frozenset({0})
    qtbot.keyClick(tree.search, Qt.Key.Key_Escape)
    assert tree.search.text() == ""
    assert not any(tree.tree.isRowHidden(row, QModelIndex()) for row in range(20))


def test_that_counts_add_up(tree: ClassTree) -> None:
    counts = np.arange(100) * 20
    tree.show_counts(counts)
    model = tree.tree.model()
    totals = [model.index(row, COUNT).data() for row in range(20)]
    assert sum(int(total.replace(",", "")) for total in totals) == counts.sum()
    assert any("," in total for total in totals)
