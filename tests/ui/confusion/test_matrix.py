"""The matrix by mouse and keys."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QHelpEvent
from PySide6.QtWidgets import QApplication, QMenu, QToolTip
from pytestqt.qtbot import QtBot

from cifar_studio.ui.confusion.explanations import EXPLANATIONS
from cifar_studio.ui.confusion.matrix import ConfusionMatrix
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.explanation import ExplanationPopup
from ui.confusion.answers import cells_by_level, make_answers, make_names

LEFT = Qt.MouseButton.LeftButton


def centre(matrix: ConfusionMatrix, row: int, column: int) -> QPoint:
    return matrix.cell_rect(row, column).center().toPoint()


def test_that_superclasses_come_first(matrix: ConfusionMatrix) -> None:
    assert matrix.position.level == "superclasses"
    assert matrix.position.current == (0, 0)
    assert "kind 0 shown and said" in matrix.accessibleDescription()


def test_that_a_click_selects_a_cell_and_tells_its_classes(
    matrix: ConfusionMatrix, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(matrix.cell_selected) as reported:
        qtbot.mouseClick(matrix, LEFT, pos=centre(matrix, 3, 17))
    names = make_names()
    assert reported.args == [names.classes_in(3), names.classes_in(17)]
    assert matrix.position.current == (3, 17)


def test_that_a_click_beside_the_matrix_selects_nothing(
    matrix: ConfusionMatrix, qtbot: QtBot
) -> None:
    with qtbot.assertNotEmitted(matrix.cell_selected):
        qtbot.mouseClick(matrix, LEFT, pos=QPoint(2, 2))


def test_that_arrow_keys_walk_and_stop_at_the_edge(matrix: ConfusionMatrix, qtbot: QtBot) -> None:
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Up):
        qtbot.keyClick(matrix, key)
    assert matrix.position.current == (1, 1)
    qtbot.keyClick(matrix, Qt.Key.Key_End)
    qtbot.keyClick(matrix, Qt.Key.Key_Right)
    assert matrix.position.current == (1, 19)
    qtbot.keyClick(matrix, Qt.Key.Key_Home)
    qtbot.keyClick(matrix, Qt.Key.Key_PageDown)
    assert matrix.position.current == (6, 0)
    assert matrix.accessibleDescription() == matrix.position.describe()
    assert matrix.position.describe().startswith("kind 6 shown, kind 0 said: ")


def test_that_enter_opens_the_current_cell(matrix: ConfusionMatrix, qtbot: QtBot) -> None:
    qtbot.keyClick(matrix, Qt.Key.Key_Down)
    with qtbot.waitSignal(matrix.cell_opened) as reported:
        qtbot.keyClick(matrix, Qt.Key.Key_Return)
    assert reported.args == [make_names().classes_in(1), make_names().classes_in(0)]


@pytest.mark.parametrize("way", ["+", "double-click"])
def test_that_a_cells_classes_are_a_step_away_and_esc_returns(
    matrix: ConfusionMatrix, qtbot: QtBot, way: str
) -> None:
    matrix.select_classes(1, 2)  # superclasses 7 and 14
    with qtbot.waitSignal(matrix.level_changed) as reported:
        if way == "+":
            qtbot.keyClicks(matrix, "+")
        else:
            qtbot.mouseDClick(matrix, LEFT, pos=centre(matrix, 7, 14))
    assert reported.args == ["classes"]
    assert matrix.position.is_in_block
    (true,), (said,) = matrix.position.chosen_classes()
    names = make_names()
    assert (names.superclass_of[true], names.superclass_of[said]) == (7, 14)
    with qtbot.waitSignal(matrix.level_changed) as reported:
        qtbot.keyClick(matrix, Qt.Key.Key_Escape)
    assert reported.args == ["superclasses"]
    assert matrix.position.current == (7, 14)


def test_that_a_double_click_on_a_class_opens_it(matrix: ConfusionMatrix, qtbot: QtBot) -> None:
    matrix.zoom_in()
    qtbot.mouseClick(matrix, LEFT, pos=centre(matrix, 2, 4))
    with qtbot.waitSignal(matrix.cell_opened) as reported:
        qtbot.mouseDClick(matrix, LEFT, pos=centre(matrix, 2, 4))
    assert [len(numbers) for numbers in reported.args] == [1, 1]


def test_that_a_walk_out_of_a_block_goes_into_the_next(
    matrix: ConfusionMatrix, qtbot: QtBot
) -> None:
    matrix.zoom_in()
    for _ in range(5):
        qtbot.keyClick(matrix, Qt.Key.Key_Right)
    assert matrix.position.current == (0, 5)
    assert matrix.position.is_in_block
    assert matrix.cell_rect(0, 5).width() > 50


def test_that_esc_leads_from_a_block_of_the_whole_to_the_whole_and_on(
    matrix: ConfusionMatrix, qtbot: QtBot
) -> None:
    matrix.set_level("classes")
    qtbot.keyClicks(matrix, "+")
    assert matrix.position.is_in_block
    qtbot.keyClick(matrix, Qt.Key.Key_Escape)
    assert (matrix.position.level, matrix.position.is_in_block) == ("classes", False)
    qtbot.keyClick(matrix, Qt.Key.Key_Escape)
    assert matrix.position.level == "superclasses"
    with qtbot.assertNotEmitted(matrix.level_changed):
        qtbot.keyClick(matrix, Qt.Key.Key_Escape)


def test_that_the_pointer_tells_the_cell_under_it(matrix: ConfusionMatrix, qtbot: QtBot) -> None:
    with qtbot.waitSignal(matrix.cell_hovered) as reported:
        qtbot.mouseMove(matrix, centre(matrix, 4, 9))
    assert reported.args == [matrix.hover_text(QPointF(centre(matrix, 4, 9)))]
    assert reported.args[0].startswith("kind 4 shown, kind 9 said: ")
    with qtbot.waitSignal(matrix.cell_hovered) as reported:
        qtbot.mouseMove(matrix, QPoint(2, 2))
    assert reported.args == [""]


def test_that_the_tooltip_says_the_cell(matrix: ConfusionMatrix, qtbot: QtBot) -> None:
    at = centre(matrix, 4, 9)
    event = QHelpEvent(QHelpEvent.Type.ToolTip, at, matrix.mapToGlobal(at))
    QApplication.sendEvent(matrix, event)
    assert QToolTip.text() == matrix.hover_text(QPointF(at))
    QToolTip.hideText()


def test_that_the_matrix_is_copied_as_it_is_shown(matrix: ConfusionMatrix, qtbot: QtBot) -> None:
    matrix.set_percent(True)
    qtbot.keyClick(matrix, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QApplication.clipboard().text().splitlines()
    assert len(lines) == 21
    assert lines[1].split("\t")[0] == "kind 0"
    assert sum(float(text) for text in lines[1].split("\t")[1:]) == pytest.approx(100, abs=0.11)


def test_that_cells_have_the_colours_of_their_counts(matrix: ConfusionMatrix) -> None:
    cells = matrix.position.cells
    assert cells is not None
    matrix.set_level("classes")
    matrix.set_logarithmic(False)
    image = matrix.grab().toImage()
    assert matrix.position.cells is not None
    counts = matrix.position.cells.counts
    zero = tuple(int(place) for place in np.argwhere(counts == 0)[-1])
    most = tuple(int(place) for place in np.argwhere(counts == counts.max())[-1])
    ratio = image.devicePixelRatio()
    shades = [
        image.pixelColor((matrix.cell_rect(*place).center() * ratio).toPoint())
        for place in (zero, most)
    ]
    assert shades[0] == QColor(theme.current().surface)
    assert shades[1].lightness() < 90


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("size", [(340, 340), (300, 900), (1500, 400), (700, 620)])
def test_that_it_draws_at_any_size_and_every_cell_can_be_hit(
    matrix: ConfusionMatrix, mode: str, size: tuple[int, int]
) -> None:
    theme.manager().apply(mode, 1.25)
    matrix.resize(*size)
    for level in ("superclasses", "classes"):
        matrix.set_level(level)  # type: ignore[arg-type]
        matrix.grab()
        assert matrix.position.cells is not None
        last = len(matrix.position.cells) - 1
        for place in ((0, 0), (last, 0), (0, last), (last, last), (last // 2, 3)):
            rect = matrix.cell_rect(*place)
            assert matrix.rect().toRectF().contains(rect)
            assert matrix.hover_text(rect.center()) == matrix.position.cells.describe(*place)
        matrix.zoom_in()
        matrix.grab()
        matrix.zoom_out()


def test_that_a_difference_is_drawn_with_its_signs(matrix: ConfusionMatrix) -> None:
    names = make_names()
    a, b = make_answers(names), make_answers(names, seed=3)
    cells = cells_by_level(a.confusion, names, b.confusion)
    matrix.show_cells(cells)
    image = matrix.grab().toImage()
    counts = cells["superclasses"].counts
    more = np.unravel_index(counts.argmax(), counts.shape)
    less = np.unravel_index(counts.argmin(), counts.shape)
    corners = [
        image.pixelColor((matrix.cell_rect(*map(int, place)).topLeft()).toPoint() + QPoint(3, 3))
        for place in (more, less)
    ]
    assert corners[0].red() > corners[0].blue()
    assert corners[1].red() < corners[1].blue()


def test_that_two_runs_share_a_scale(matrix: ConfusionMatrix) -> None:
    names = make_names()
    cells = cells_by_level(make_answers(names).confusion, names)
    more = cells_by_level(3 * make_answers(names).confusion, names)
    at = centre(matrix, 0, 0) - QPoint(8, 8)
    matrix.show_cells(cells)
    alone = matrix.grab().toImage().pixelColor(at)
    matrix.show_cells(cells, scaled_with=more)
    together = matrix.grab().toImage().pixelColor(at)
    assert together.lightness() > alone.lightness()


def test_that_the_menu_asks_how_a_cell_is_computed(matrix: ConfusionMatrix, qtbot: QtBot) -> None:
    at = centre(matrix, 2, 2)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, matrix.mapToGlobal(at))
    QApplication.sendEvent(matrix, event)
    menu = matrix.findChildren(QMenu)[-1]
    actions = {action.text(): action for action in menu.actions()}
    assert matrix.position.current == (2, 2)
    assert not actions["Back"].isEnabled()
    actions["How is this computed?"].trigger()
    menu.close()
    (popup,) = matrix.findChildren(ExplanationPopup)
    assert popup.accessibleName() == EXPLANATIONS["cell"][0]
    popup.close()


def test_that_nothing_to_show_harms_no_key(light: None, qtbot: QtBot) -> None:
    matrix = ConfusionMatrix()
    qtbot.addWidget(matrix)
    matrix.show()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Plus, Qt.Key.Key_Escape):
        qtbot.keyClick(matrix, key)
    qtbot.mouseClick(matrix, LEFT, pos=QPoint(50, 50))
    qtbot.keyClick(matrix, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert matrix.position.chosen_classes() == ((), ())
    assert matrix.position.describe() == ""
