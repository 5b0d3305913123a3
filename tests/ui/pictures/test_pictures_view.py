"""The whole tab: tree, toolbar, grid and detail together."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.dataset import Dataset, Split
from cifar_studio.ui.pictures.data.answers import Answers
from cifar_studio.ui.pictures.data.picture_set import PictureSet
from cifar_studio.ui.pictures.data.query import PictureQuery, select
from cifar_studio.ui.pictures.view import OTHER_PICTURES, PicturesView
from cifar_studio.ui.widgets import theme
from pictures_support import make_answers


@pytest.fixture
def view(qtbot: QtBot, demo: Dataset) -> PicturesView:
    view = PicturesView()
    qtbot.addWidget(view)
    view.resize(960, 640)
    view.show_dataset(demo)
    view.show()
    qtbot.waitExposed(view)
    return view


def shown(view: PicturesView) -> list[int]:
    return view.grid.references.tolist()


def test_that_all_pictures_of_the_demo_set_are_shown_and_named_so(view: PicturesView) -> None:
    assert len(shown(view)) == 60_000
    assert view.controls.count.text() == "60,000 pictures"
    assert view.controls.demo.isVisible()
    assert not view.controls.answers.isEnabled()
    assert view.controls.answers.toolTip()


def test_that_split_classes_and_answers_narrow_the_grid(
    view: PicturesView, answers: Answers, pictures: PictureSet
) -> None:
    view.show_answers(answers, "ResNet18")
    view.controls.split.setCurrentText("Test")
    view.tree.choose(frozenset({5, 6}))
    assert view.controls.count.text() == "200 pictures"
    view.controls.answers.setCurrentText("Most confident mistakes")
    expected = select(
        pictures, PictureQuery("test", frozenset({5, 6}), frozenset(), "mistakes"), answers
    )
    assert shown(view) == expected.tolist()
    assert len(expected)
    confidences = answers.confidence[expected]
    assert (np.diff(confidences) <= 0).all()


def test_that_a_cell_of_the_matrix_opens_and_its_chip_goes(
    qtbot: QtBot, view: PicturesView, answers: Answers, pictures: PictureSet
) -> None:
    view.show_answers(answers, "ResNet18")
    wrong = next(r for r in range(50_000, 60_000) if answers.said(r) != pictures.label(r))
    true, said = pictures.label(wrong), int(answers.predicted[wrong])
    query = PictureQuery("test", frozenset({true}), frozenset({said}))
    view.show_query(query, "thin ring shown, moon said")
    assert view.query == query
    assert wrong in shown(view)
    assert view.controls.chip.text == "thin ring shown, moon said"
    qtbot.mouseClick(view.controls.chip.remove, Qt.MouseButton.LeftButton)
    assert view.query == PictureQuery("test")
    assert not view.controls.chip.isVisible()
    assert len(shown(view)) == 10_000


def test_that_a_chip_tells_no_lie_once_other_classes_are_chosen(
    view: PicturesView, answers: Answers, pictures: PictureSet
) -> None:
    view.show_answers(answers, "ResNet18")
    view.show_query(PictureQuery("test", frozenset({1}), frozenset({2})), "one shown, two said")
    view.tree.choose(frozenset({3}))
    assert view.controls.chip.text == f"said: {pictures.class_names[2]}"
    view.controls.chip.remove.click()
    assert view.query == PictureQuery("test", frozenset({3}))


def test_that_an_answer_filter_goes_with_the_answers(view: PicturesView, answers: Answers) -> None:
    view.show_answers(answers, "ResNet18")
    view.controls.answers.setCurrentText("Wrong")
    assert len(shown(view)) < 10_000
    view.show_answers(None, "VGG11")
    assert len(shown(view)) == 60_000
    assert view.controls.chosen_answers == "all"
    assert not view.controls.answers.isEnabled()


def test_that_a_split_without_answers_can_be_evaluated(
    qtbot: QtBot, view: PicturesView, answers: Answers
) -> None:
    view.show_answers(answers, "ResNet18")
    view.controls.split.setCurrentText("Training")
    assert view.controls.evaluate.isVisible()
    assert len(shown(view)) == 50_000
    view.controls.answers.setCurrentText("Right")
    assert shown(view) == []
    expected = "The training pictures are not evaluated with ResNet18."
    assert view.grid.accessibleDescription() == expected
    with qtbot.waitSignal(view.evaluate_requested) as asked:
        view.controls.evaluate.click()
    assert asked.args == ["training"]


def test_that_answers_of_other_pictures_are_not_used(
    view: PicturesView, answers: Answers, demo: Dataset
) -> None:
    labels = np.array(demo.test.labels_N)[::-1].copy()
    other = dataclasses.replace(demo, test=Split(demo.test.images_NCHW, labels))
    view.show_answers(make_answers(PictureSet(other)), "ResNet18")
    assert view.controls.answers.toolTip() == OTHER_PICTURES
    assert not view.controls.answers.isEnabled()
    view.show_dataset(other)
    assert view.controls.answers.isEnabled()


def test_that_the_chosen_picture_is_shown_large(
    qtbot: QtBot, view: PicturesView, pictures: PictureSet
) -> None:
    with qtbot.waitSignal(view.detail.augmented_requested) as requested:
        view.grid.set_current(50_001)
    assert requested.args == [50_001]
    assert view.detail.name.text() == pictures.class_name(50_001)
    view.controls.split.setCurrentText("Training")
    assert view.detail.reference == -1
    view.show_picture(50_002)
    assert (view.grid.current, view.detail.reference) == (50_002, 50_002)


def test_that_no_data_set_says_what_will_be_there(view: PicturesView) -> None:
    view.show_dataset(None)
    assert not view.grid.isVisible()
    assert view.pictures is None
    view.controls.answers.setCurrentIndex(1)


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_that_nothing_is_wider_than_its_room(
    view: PicturesView, answers: Answers, scale: float
) -> None:
    theme.manager().apply("dark", scale)
    view.show_answers(answers, "ResNet18")
    view.show_query(
        PictureQuery("both", frozenset({1}), frozenset({2})), "a very long origin in words " * 4
    )
    assert view.minimumSizeHint().width() <= 960


@pytest.mark.real_data
def test_that_cifar100_is_not_called_a_demo_set(view: PicturesView) -> None:
    view.show_dataset(load_dataset("auto"))
    assert not view.controls.demo.isVisible()
    view.grid.set_current(50_000)
    assert "demo" not in view.detail.place.text()
    assert len(shown(view)) == 60_000
