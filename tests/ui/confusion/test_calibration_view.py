"""The reliability diagram, in words, by pointer and keys."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cifar_studio.runs.analysis.calibration import calibrate, in_words
from cifar_studio.ui.confusion.calibration_view import CalibrationView
from cifar_studio.ui.widgets import theme
from ui.confusion.answers import make_answers, make_names


@pytest.fixture
def calibration(light: None, qtbot: QtBot) -> CalibrationView:
    view = CalibrationView()
    qtbot.addWidget(view)
    view.resize(480, 520)
    answers = make_answers(make_names())
    view.show_calibration(calibrate(answers.true, answers.predicted, answers.probabilities))
    view.show()
    qtbot.waitExposed(view)
    view.setFocus()
    return view


def of(confidence: float, right: list[bool]) -> str:
    """The words for answers that are all given with one confidence."""
    n = len(right)
    probabilities = np.full((n, 2), confidence)
    true = np.where(right, 0, 1).astype(np.uint8)
    return in_words(calibrate(true, np.zeros(n, dtype=np.uint8), probabilities))


def test_that_the_words_say_which_way_it_errs() -> None:
    assert of(0.9, [True, False]) == (
        "It claims 90.00 % on average and is right 50.00 %: overconfident. "
        "Expected calibration error 40.00 %, maximum 40.00 %."
    )
    assert "underconfident" in of(0.6, [True])
    assert "about as often as it claims" in of(0.5, [True, False])
    assert of(0.5, []) == "No answer to judge"
    assert in_words(None) == "No answer to judge"
    assert of(float("nan"), [True]) == "No answer to judge"


def test_that_the_pointer_marks_the_bin(calibration: CalibrationView, qtbot: QtBot) -> None:
    plot = calibration.reliability
    qtbot.mouseMove(plot.viewport(), plot.pixel_of(50.0, 40.0))
    qtbot.waitUntil(lambda: calibration.bin_marked == 7)
    assert calibration.readout.text() == calibration.describe_bin(7)
    assert calibration.readout.text().startswith("46.67 to 53.33 %: ")
    plot.pointed.emit(float("nan"))
    assert calibration.bin_marked is None


def test_that_arrow_keys_walk_through_the_bins(calibration: CalibrationView, qtbot: QtBot) -> None:
    qtbot.keyClick(calibration, Qt.Key.Key_Left)
    assert calibration.bin_marked == 14
    qtbot.keyClick(calibration, Qt.Key.Key_Right)
    assert calibration.bin_marked == 14
    qtbot.keyClick(calibration, Qt.Key.Key_Escape)
    assert calibration.bin_marked is None
    for _ in range(3):
        qtbot.keyClick(calibration, Qt.Key.Key_Right)
    assert calibration.bin_marked == 2


def test_that_a_bin_without_answers_says_so(calibration: CalibrationView) -> None:
    one = np.array([[0.99, 0.01]])
    zero = np.zeros(1, dtype=np.uint8)
    calibration.show_calibration(calibrate(zero, zero, one))
    assert calibration.describe_bin(0) == "0.00 to 6.67 %: no answers"
    assert calibration.describe_bin(14) == (
        "93.33 to 100.00 %: 1 answer, 100.00 % right, confidence 99.00 %"
    )


def test_that_the_bins_can_be_copied(calibration: CalibrationView, qtbot: QtBot) -> None:
    qtbot.keyClick(calibration, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QApplication.clipboard().text().splitlines()
    assert len(lines) == 16
    assert sum(int(line.split("\t")[2]) for line in lines[1:]) == 2_000


def test_that_it_draws_without_any_answer_and_in_the_dark(calibration: CalibrationView) -> None:
    calibration.show_calibration(None)
    calibration.grab()
    theme.manager().apply("dark")
    calibration.restyle()
    empty = make_answers(make_names(), n=0)
    calibration.show_calibration(calibrate(empty.true, empty.predicted, empty.probabilities))
    calibration.resize(300, 220)
    calibration.grab()
    assert calibration.words.text() == "No answer to judge"
