"""The panel of the chosen picture."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from cifar_studio.runs.answers import MixedClasses
from cifar_studio.ui.pictures.data.answers import Answers
from cifar_studio.ui.pictures.data.picture_set import PictureSet
from cifar_studio.ui.pictures.detail.large_picture import heated
from cifar_studio.ui.pictures.detail.picture_detail import SHEET_CAPTION, PictureDetail

REFERENCE = 50_123


@pytest.fixture
def detail(qtbot: QtBot, pictures: PictureSet) -> PictureDetail:
    detail = PictureDetail()
    qtbot.addWidget(detail)
    detail.resize(detail.width(), 800)
    detail.show_set(pictures)
    detail.show()
    qtbot.waitExposed(detail)
    return detail


def test_that_labels_split_index_and_set_are_named(
    detail: PictureDetail, pictures: PictureSet
) -> None:
    detail.show_picture(REFERENCE)
    assert detail.name.text() == pictures.class_name(REFERENCE)
    place = detail.place.text()
    assert place == f"{pictures.superclass_name(REFERENCE)} · test 123 · demo set"


def test_that_the_five_likeliest_stand_with_the_true_one_marked(
    detail: PictureDetail, pictures: PictureSet, answers: Answers
) -> None:
    label = pictures.label
    right = next(r for r in range(50_000, 60_000) if answers.said(r) == label(r))
    detail.show_answers(answers, "ResNet18")
    detail.show_picture(right)
    answer = answers.of(right)
    assert answer is not None
    lines = detail.answer.bars.lines
    assert len(lines) == 5
    first = f"✓ {pictures.class_name(right)} {100 * answer.probabilities[0]:.2f} %"
    assert lines[0] == first
    assert sum(line.startswith("✓") for line in lines) == 1
    assert detail.answer.verdict.text() == "✓ right"
    beyond = next(r for r in range(50_000, 60_000) if label(r) not in answers.of(r).classes)  # type: ignore[union-attr]
    detail.show_picture(beyond)
    assert detail.answer.verdict.text() == "✗ wrong"
    assert detail.answer.note.text() == "The true class is not among the five."


def test_that_without_an_evaluation_one_can_be_asked_for(
    qtbot: QtBot, detail: PictureDetail, answers: Answers
) -> None:
    detail.show_picture(7)
    assert not detail.answer.evaluate.isVisible()
    assert not detail.explain.isEnabled()
    detail.show_answers(answers, "ResNet18")
    assert detail.answer.evaluate.text() == "Evaluate all training pictures"
    with qtbot.waitSignal(detail.evaluate_requested) as asked:
        detail.answer.evaluate.click()
    assert asked.args == ["training"]
    assert detail.answer.evaluate.text() == "Evaluating…"
    with qtbot.assertNotEmitted(detail.evaluate_requested):
        detail.answer.evaluate.click()
    detail.show_answers(answers, "ResNet18")
    assert detail.answer.evaluate.text() == "Evaluate all training pictures"


def test_that_versions_are_requested_of_the_picture_that_stays(
    qtbot: QtBot, detail: PictureDetail, pictures: PictureSet
) -> None:
    heard: list[int] = []
    detail.augmented_requested.connect(heard.append)
    with qtbot.waitSignal(detail.augmented_requested):
        for reference in (1, 2, 3):
            detail.show_picture(reference)
    assert heard == [3]
    versions = [pictures.pixels(3)] * 8
    detail.show_augmented(versions, "late", 2)
    assert detail.sheet.count == 0
    detail.show_augmented(versions, "pad 4, crop, flip", 3)
    assert (detail.sheet.count, detail.sheet_caption.text()) == (8, "pad 4, crop, flip")
    detail.show_picture(4)
    assert (detail.sheet.count, detail.sheet_caption.text()) == (0, SHEET_CAPTION)


def test_that_below_mixed_versions_stand_both_classes_with_their_shares(
    detail: PictureDetail, pictures: PictureSet, qtbot: QtBot
) -> None:
    detail.show_picture(3)
    sheet, versions = detail.sheet, [pictures.pixels(3)] * 8
    mixed = [MixedClasses("apple", 0.625, "bear"), None, MixedClasses("apple", 0.0, "sea")] * 2
    detail.show_augmented(versions, "", 3)
    plain = sheet.height()
    assert sheet.said_of(0) == ""
    detail.show_augmented(versions, "", 3, [*mixed, None, None])
    assert sheet.height() > plain
    assert sheet.said_of(0) == "apple 62 %, bear 38 %"
    assert sheet.said_of(1) == sheet.said_of(7) == ""
    assert sheet.said_of(2) == "apple 0 %, sea 100 %"
    assert "version 3: apple 0 %, sea 100 %" in sheet.accessibleDescription()
    blank = sheet.grab().toImage()
    detail.show_augmented(versions, "", 3, [None] * 8)
    assert sheet.height() == plain
    assert sheet.grab().toImage() != blank
    for at, said in ((QPoint(70, 5), ""), (QPoint(5, sheet.height() - 5), "apple 62 %, bear 38 %")):
        detail.show_augmented(versions, "", 3, [None] * 4 + [mixed[0]] + [None] * 3)
        asked = QHelpEvent(QEvent.Type.ToolTip, at, sheet.mapToGlobal(at))
        QApplication.sendEvent(sheet, asked)
        qtbot.waitUntil(lambda said=said: QToolTip.text() == said)
    QToolTip.hideText()


def test_that_an_explanation_lies_over_the_picture_until_another_is_chosen(
    qtbot: QtBot, detail: PictureDetail, answers: Answers
) -> None:
    detail.show_answers(answers, "ResNet18")
    detail.show_picture(REFERENCE)
    assert not detail.heat.isVisible()
    plain = detail.picture.grab().toImage()
    with qtbot.waitSignal(detail.explain_requested) as asked:
        detail.explain.click()
    assert asked.args == [REFERENCE, None]
    assert detail.explain.text() == "Looking…"
    with qtbot.assertNotEmitted(detail.explain_requested):
        detail.explain.click()
    heat = np.linspace(0, 1, 1024, dtype=np.float32).reshape(32, 32)
    detail.show_explanation(heat, "late", 1)
    assert not detail.heat.isVisible()
    detail.show_explanation(heat, "Mostly the lower edge.", REFERENCE)
    assert detail.words.text() == "Mostly the lower edge."
    assert detail.explain.text() == "Why this class"
    assert detail.picture.grab().toImage() != plain
    detail.heat.click()
    assert detail.picture.grab().toImage() == plain
    detail.show_picture(REFERENCE + 1)
    assert not detail.heat.isVisible()
    assert not detail.words.isVisible()


def test_that_a_heat_map_may_hold_anything() -> None:
    pixels = np.full((32, 32, 3), 200, dtype=np.uint8)
    heat = np.zeros((32, 32), dtype=np.float32)
    heat[0, :3] = (np.nan, -5.0, 7.0)
    shown = heated(pixels, heat)
    assert (shown[0, 0] == shown[5, 5]).all()
    assert (shown[0, 1] == shown[5, 5]).all()
    assert int(shown[0, 2].sum()) > int(shown[5, 5].sum())
