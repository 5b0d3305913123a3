"""The Confusion tab as a whole, with a run alone and compared with a second one."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QLabel, QMenu
from pytestqt.qtbot import QtBot
from sklearn.metrics import accuracy_score, top_k_accuracy_score

from cifar_studio.ui.confusion.evaluations import Evaluations
from cifar_studio.ui.confusion.explanations import EXPLANATIONS
from cifar_studio.ui.confusion.view import ConfusionView
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.explanation import ExplanationPopup
from ui.confusion.answers import make_answers, make_names

NAMES = make_names()
BEST, LAST = make_answers(NAMES), make_answers(NAMES, seed=5, epoch=10)
SECOND = make_answers(NAMES, seed=3, epoch=4)
LEFT = Qt.MouseButton.LeftButton


def press(view: ConfusionView, qtbot: QtBot, switch: str, key: str) -> None:
    qtbot.mouseClick(getattr(view.toolbar, switch).buttons[key], LEFT)


def centre(view: ConfusionView, row: int, column: int):
    return view.matrix.cell_rect(row, column).center().toPoint()


def test_that_the_summary_says_what_is_shown(view: ConfusionView) -> None:
    texts = {key: label.text() for key, label in view.summary.figures.items()}
    probabilities = BEST.probabilities.astype(np.float64)
    top5 = top_k_accuracy_score(BEST.true, probabilities, k=5, labels=np.arange(100))
    of = NAMES.superclass_of
    superclass = accuracy_score(of[BEST.true], of[BEST.predicted])
    assert texts == {
        "top1": f"{100 * accuracy_score(BEST.true, BEST.predicted):.2f} %",
        "top5": f"{100 * top5:.2f} %",
        "superclass": f"{100 * superclass:.2f} %",
    }
    wrong = BEST.true != BEST.predicted
    inside = 100 * np.mean(of[BEST.true[wrong]] == of[BEST.predicted[wrong]])
    assert view.summary.inside.text() == f"{inside:.0f} % of mistakes stay in the superclass"
    assert view.summary.origin.text() == (
        "ResNet18 · best on test (selected), epoch 7, 2,000 test pictures"
    )


def test_that_the_latest_epoch_is_a_click_away(view: ConfusionView, qtbot: QtBot) -> None:
    press(view, qtbot, "epoch", "last")
    assert view.evaluation is not None
    assert view.evaluation.epoch == LAST.epoch
    assert "latest epoch evaluated, epoch 10" in view.summary.origin.text()
    assert view.matrix.position.cells is not None
    assert np.trace(view.matrix.position.cells.counts) == accuracy_count(LAST)


def accuracy_count(answers) -> int:
    of = NAMES.superclass_of
    return int((of[answers.true] == of[answers.predicted]).sum())


def test_that_level_and_unit_are_switched(view: ConfusionView, qtbot: QtBot) -> None:
    press(view, qtbot, "level", "classes")
    assert view.matrix.position.cells is not None
    assert len(view.matrix.position.cells) == 100
    press(view, qtbot, "unit", "percent")
    assert "100.00" not in view.matrix.copy().splitlines()[0]
    assert "." in view.matrix.copy().splitlines()[1]
    press(view, qtbot, "scale", "linear")
    qtbot.keyClick(view.matrix, Qt.Key.Key_Escape)
    assert view.toolbar.level.key == "superclasses"


def test_that_a_selected_cell_is_reported(view: ConfusionView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.cell_selected) as reported:
        qtbot.mouseClick(view.matrix, LEFT, pos=centre(view, 2, 9))
    assert reported.args == [NAMES.classes_in(2), NAMES.classes_in(9)]
    with qtbot.waitSignal(view.matrix.cell_opened) as reported:
        qtbot.keyClick(view.matrix, Qt.Key.Key_Return)
    assert reported.args == [NAMES.classes_in(2), NAMES.classes_in(9)]
    assert view.heading.text().startswith("kind 2 → kind 9: ")
    assert view.readout.text().startswith("kind 2 shown, kind 9 said: ")
    qtbot.mouseMove(view.matrix, centre(view, 4, 4))
    assert view.readout.text().startswith("kind 4 shown and said: ")
    assert view.heading.text().startswith("kind 2 → kind 9: ")


def test_that_back_leads_out_of_a_block(view: ConfusionView, qtbot: QtBot) -> None:
    assert view.back.isHidden()
    qtbot.mouseDClick(view.matrix, LEFT, pos=centre(view, 2, 9))
    assert view.toolbar.level.key == "classes"
    qtbot.mouseClick(view.back, LEFT)
    assert view.toolbar.level.key == "superclasses"
    assert view.back.isHidden()


def test_that_a_frequent_mistake_selects_and_opens_its_cell(
    view: ConfusionView, qtbot: QtBot
) -> None:
    view.tabs.setCurrentWidget(view.mistakes)
    view.mistakes.setFocus()
    view.mistakes.selectRow(0)
    with qtbot.waitSignal(view.cell_selected) as reported:
        qtbot.keyClick(view.mistakes, Qt.Key.Key_Down)
    true, said = view.mistakes.subject_of(1)
    assert reported.args == [(true,), (said,)]
    assert view.toolbar.level.key == "classes"
    with qtbot.waitSignal(view.matrix.cell_opened) as reported:
        qtbot.keyClick(view.mistakes, Qt.Key.Key_Return)
    assert reported.args == [(true,), (said,)]


def test_that_a_class_selects_its_own_cell(view: ConfusionView, qtbot: QtBot) -> None:
    view.classes.table.selectRow(30)
    assert view.matrix.position.chosen_classes() == ((30,), (30,))
    qtbot.mouseClick(view.classes.level.buttons["superclasses"], LEFT)
    view.classes.table.selectRow(6)
    assert view.matrix.position.chosen_classes() == (NAMES.classes_in(6),) * 2
    assert view.toolbar.level.key == "superclasses"


def test_that_slash_finds_a_class_everywhere(view: ConfusionView, qtbot: QtBot) -> None:
    view.activateWindow()
    qtbot.waitUntil(view.isActiveWindow)
    view.matrix.setFocus()
    qtbot.keyClicks(view.matrix, "/")
    field = view.toolbar.find_field
    assert field.hasFocus()
    qtbot.keyClicks(field, "kind 1")
    assert view.classes.table.proxy.rowCount() == 55
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert view.matrix.position.current == (1, 1)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert view.matrix.position.current == (10, 10)
    view.grab()
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == ""
    assert view.matrix.hasFocus()
    assert view.classes.table.proxy.rowCount() == 100


def test_that_a_run_without_answers_offers_to_evaluate(view: ConfusionView, qtbot: QtBot) -> None:
    view.show_evaluations(Evaluations(None, None, NAMES, "ResNet18", "best on test (selected)"))
    assert view.empty.isVisible()
    assert not view.matrix.isVisible()
    with qtbot.waitSignal(view.evaluate_requested):
        qtbot.mouseClick(view.evaluate_button, LEFT)
    view.clear()
    assert not view.evaluate_button.isVisible()
    assert "Select a run" in view.empty.body.text()
    view.show_evaluations(Evaluations(BEST, None, NAMES, "ResNet18", "best on test (selected)"))
    assert view.matrix.isVisible()


def test_that_the_epoch_that_is_there_is_shown(view: ConfusionView) -> None:
    view.show_evaluations(Evaluations(None, LAST, NAMES, "ResNet18", "best on test (selected)"))
    assert view.evaluation is not None
    assert view.evaluation.epoch == LAST.epoch
    assert not view.toolbar.epoch.buttons["best"].isEnabled()
    view.show_evaluations(Evaluations(BEST, None, NAMES, "ResNet18", "best on test (selected)"))
    assert view.evaluation is not None
    assert view.evaluation.epoch == BEST.epoch
    assert not view.toolbar.epoch.buttons["last"].isEnabled()


def test_that_an_update_keeps_the_place(view: ConfusionView) -> None:
    view.matrix.set_level("classes")
    view.matrix.select_classes(30, 31)
    view.show_evaluations(Evaluations(LAST, LAST, NAMES, "ResNet18", "best on test (selected)"))
    assert view.matrix.position.chosen_classes() == ((30,), (31,))


def test_that_a_second_run_can_be_chosen_and_taken_away(view: ConfusionView, qtbot: QtBot) -> None:
    assert view.toolbar.side.isHidden()
    view.toolbar.offer_runs([("VGG11", "one"), ("MobileNetV2", "two")])
    actions = {action.text(): action for action in view.toolbar.second_run.menu().actions()}
    with qtbot.waitSignal(view.toolbar.second_run_chosen) as reported:
        actions["MobileNetV2"].trigger()
    assert reported.args == ["two"]
    view.show_second_run(SECOND, "MobileNetV2")
    assert "MobileNetV2" in view.toolbar.second_run.text()
    assert view.toolbar.side.isVisible()
    actions = {action.text(): action for action in view.toolbar.second_run.menu().actions()}
    assert actions["MobileNetV2"].isChecked()
    with qtbot.waitSignal(view.toolbar.second_run_chosen) as reported:
        actions["None"].trigger()
    assert reported.args == [None]
    view.show_second_run(None)
    assert view.toolbar.side.isHidden()
    assert view.disagreements.isHidden()


def test_that_b_and_the_difference_are_shown(view: ConfusionView, qtbot: QtBot) -> None:
    view.show_second_run(SECOND, "VGG11")
    press(view, qtbot, "side", "b")
    assert view.evaluation is SECOND
    assert view.summary.origin.text() == "B: VGG11, epoch 4, 2,000 test pictures"
    press(view, qtbot, "side", "difference")
    cells = view.matrix.position.cells
    assert cells is not None
    assert cells.is_difference
    press(view, qtbot, "level", "classes")
    cells = view.matrix.position.cells
    assert cells is not None
    difference = BEST.confusion - SECOND.confusion
    assert cells.counts[cells.place_of(3), cells.place_of(8)] == difference[3, 8]
    assert view.evaluation is not None
    assert view.evaluation.epoch == BEST.epoch
    a, b = (100 * np.trace(part.confusion) / 2_000 for part in (BEST, SECOND))
    expected = (
        f"2,000 pictures that both were tested on: A has {a:.2f} % of them right, B {b:.2f} %"
    )
    assert expected in view.notice.text()
    assert "Δ Recall" in view.classes.table.copy()
    assert view.mistakes.copy().startswith("Shown → said\tA − B\tA\tB\n")
    view.grab()
    view.show_second_run(None)
    cells = view.matrix.position.cells
    assert cells is not None
    assert not cells.is_difference
    assert view.notice.isHidden()


def test_that_disagreements_are_counted_and_opened(view: ConfusionView, qtbot: QtBot) -> None:
    view.show_second_run(SECOND, "VGG11")
    a_right, b_right = BEST.predicted == BEST.true, SECOND.predicted == SECOND.true
    expected = {
        "a_only": a_right & ~b_right,
        "b_only": b_right & ~a_right,
        "both_right": a_right & b_right,
        "both_wrong": ~a_right & ~b_right,
    }
    for key, chosen in expected.items():
        link = view.disagreements.links[key]
        assert link.text().endswith(f": {chosen.sum():,} pictures")
        with qtbot.waitSignal(view.disagreements.opened) as reported:
            qtbot.mouseClick(link, LEFT)
        assert reported.args[0] == key
        assert np.array_equal(reported.args[1], BEST.indices[chosen])


def test_that_runs_on_other_data_are_not_compared(view: ConfusionView, qtbot: QtBot) -> None:
    other = dataclasses.replace(SECOND, true=((SECOND.true + 1) % 100).astype(np.uint8))
    view.show_second_run(SECOND, "VGG11")
    press(view, qtbot, "side", "difference")
    view.show_second_run(other, "VGG11 on other data")
    assert "The two runs were tested on different data" in view.notice.text()
    assert view.disagreements.isHidden()
    assert not view.toolbar.side.buttons["difference"].isEnabled()
    assert view.toolbar.side.key == "a"
    cells = view.matrix.position.cells
    assert cells is not None
    assert not cells.is_difference


@pytest.mark.parametrize("key", sorted(EXPLANATIONS))
def test_that_every_number_can_be_explained(view: ConfusionView, qtbot: QtBot, key: str) -> None:
    view.mistakes.explanation_requested.emit(key, view.mapToGlobal(view.rect().center()))
    popup = view.findChildren(ExplanationPopup)[-1]
    assert popup.accessibleName() == EXPLANATIONS[key][0]
    popup.close()


def test_that_a_figure_can_be_asked_how_it_is_computed(view: ConfusionView, qtbot: QtBot) -> None:
    label = view.summary.figures["superclass"]
    at = label.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, label.mapToGlobal(at))
    QApplication.sendEvent(label, event)
    menu = label.findChildren(QMenu)[-1]
    menu.actions()[0].trigger()
    menu.close()
    (popup,) = view.findChildren(ExplanationPopup)
    assert popup.accessibleName() == EXPLANATIONS["superclass"][0]
    popup.close()


def test_that_the_gallery_stands_under_its_cell(light: None, qtbot: QtBot) -> None:
    gallery = QLabel("pictures")
    view = ConfusionView(gallery)
    qtbot.addWidget(view)
    view.resize(1240, 690)
    view.show_evaluations(Evaluations(BEST, None, NAMES, "ResNet18", "chosen on validation"))
    view.show()
    qtbot.waitExposed(view)
    assert gallery.isVisible()
    assert view.heading.isVisible()
    assert gallery.mapTo(view, gallery.rect().topLeft()).y() > view.heading.y()


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("width", [640, 900, 1600])
def test_that_it_draws_in_every_theme_and_width(view: ConfusionView, mode: str, width: int) -> None:
    view.show_second_run(SECOND, "VGG11")
    theme.manager().apply(mode, 1.25)
    view.resize(width, 800)
    for place in range(view.tabs.count()):
        view.tabs.setCurrentIndex(place)
        view.grab()
    assert view.matrix.width() >= 240


def test_that_every_control_has_a_name(view: ConfusionView) -> None:
    view.show_second_run(SECOND, "VGG11")
    bar = view.toolbar
    for switch in (bar.level, bar.unit, bar.scale, bar.epoch, bar.side):
        assert switch.accessibleName()
        for button in switch.buttons.values():
            assert button.accessibleName()
            assert button.toolTip()
    for widget in (bar.second_run, bar.find_field, view.matrix, view.mistakes, view.calibration):
        assert widget.accessibleName()


def test_that_an_empty_evaluation_harms_nothing(view: ConfusionView) -> None:
    view.show_evaluations(Evaluations(make_answers(NAMES, n=0), None, NAMES, "ResNet18", "best"))
    assert view.summary.figures["top1"].text() == "—"
    assert view.summary.inside.text() == "No mistake"
    for place in range(view.tabs.count()):
        view.tabs.setCurrentIndex(place)
        view.grab()
    view.show_second_run(SECOND, "VGG11")
    assert not view.toolbar.side.buttons["difference"].isEnabled()


def test_that_a_class_is_found_from_the_superclasses_too(view: ConfusionView, qtbot: QtBot) -> None:
    names = make_names()
    view.toolbar.find_field.setText("class 42")
    qtbot.keyClick(view.toolbar.find_field, Qt.Key.Key_Return)
    assert view.matrix.position.level == "classes"
    assert view.toolbar.level.key == "classes"
    assert view.matrix.position.chosen_classes() == ((42,), (42,))
    view.toolbar.level.buttons["superclasses"].click()
    view.toolbar.find_field.setText(names.superclass_titles[7])
    qtbot.keyClick(view.toolbar.find_field, Qt.Key.Key_Return)
    assert view.matrix.position.level == "superclasses"
    assert view.matrix.position.chosen_classes()[0] == names.classes_in(7)
