"""The reference runs in the window: shown, compared, folded away, and never changed."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListView, QMenu
from pytestqt.qtbot import QtBot

from cifar_studio.config.presets import PRESETS
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.runs.reference_runs import WHAT_IT_LACKS, reference_folder, reference_runs
from cifar_studio.ui.frame.central_tabs import COMPARE, CONFUSION, PICTURES
from cifar_studio.ui.frame.side_panel import RUNS_PAGE
from cifar_studio.ui.library.run_model import RUN_ROLE
from cifar_studio.ui.widgets.shortcut_keys import DELETE, STAR
from cifar_studio.ui.window import window_state
from cifar_studio.ui.window.main_window import MainWindow
from support import make_environment

VGG11 = next(run for run in reference_runs() if run.path.name == "report-vgg11")


def listed(window: MainWindow) -> list[str]:
    """What stands in the list of runs, from top to bottom."""
    model = run_list(window).model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def run_list(window: MainWindow) -> QListView:
    (found,) = window.parts.runs.findChildren(QListView)
    return found


def choose(window: MainWindow, qtbot: QtBot, name: str) -> None:
    window.parts.panel.show_page(RUNS_PAGE)
    qtbot.waitUntil(lambda: name in listed(window))
    view = run_list(window)
    index = view.model().index(listed(window).index(name), 0)
    view.scrollTo(index)
    place = view.visualRect(index).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_that_they_stand_below_a_heading_that_hides_them(window: MainWindow, qtbot: QtBot) -> None:
    choose(window, qtbot, "Reference runs · Hide")
    assert listed(window) == ["Reference runs · Show"]
    kept = window_state.Settings()
    window_state.remember(
        kept,
        window.parts,
        folded_by_person=False,
        pictures_and_confusion=None,
        compare=None,
        experiment=None,
    )
    assert not kept.references_open
    assert run_list(window).currentIndex().data() == "Reference runs · Show"
    QTest.keyClick(run_list(window), Qt.Key.Key_Return)
    assert listed(window)[1:] == [run.notes.name for run in reference_runs()]


def test_that_the_search_finds_them_with_their_heading(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(listed(window)) == 1 + len(reference_runs()))
    window.parts.runs.focus_search()
    window.parts.runs._search.setText("vgg11 printed")
    assert listed(window) == ["Reference runs · Hide", "Reference: VGG11, as printed"]


def test_that_one_is_shown_as_far_as_it_goes(window: MainWindow, qtbot: QtBot) -> None:
    choose(window, qtbot, "Reference: VGG11")
    assert window.parts.selection.selected == VGG11.path
    shown = window.parts.curves.shown
    assert shown is not None
    assert len(shown.rows) == 40
    window.parts.tabs.show_tab(CONFUSION)
    confusion = window.pictures_and_confusion.part.confusion
    qtbot.waitUntil(lambda: confusion.empty.body.text() == WHAT_IT_LACKS)
    assert not confusion.evaluate_button.isVisible()
    window.parts.tabs.show_tab(PICTURES)
    pictures = window.pictures_and_confusion.part.pictures
    assert pictures.controls.answers.toolTip() == WHAT_IT_LACKS
    window.parts.tabs.show_tab(COMPARE)
    lines = window.compare.part.view.table.lines.lines
    assert [line.facts[-1] for line in lines if line.runs == (VGG11,)] == [
        "repeats the report within 0.7 points"
    ]


def test_that_none_can_be_changed(window: MainWindow, qtbot: QtBot) -> None:
    files = {path: path.read_bytes() for path in reference_folder().rglob("*") if path.is_file()}
    choose(window, qtbot, "Reference: VGG11")
    view = run_list(window)
    assert view.currentIndex().data(RUN_ROLE) is VGG11
    for keys in (STAR, DELETE):
        QTest.keySequence(view, QKeySequence(keys))
    menu = QMenu()
    window.parts.runs.menu.fill(menu, VGG11)
    texts = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert texts == [
        "Use its settings",
        "Draw beside the selected run",
        "Export…",
        "Copy as command",
    ]
    window.parts.runs.menu.fill_for_several(menu, [VGG11, reference_runs()[0]])
    assert not menu.actions()[-1].isEnabled()
    assert files == {path: path.read_bytes() for path in reference_folder().rglob("*.*")}


def test_that_a_run_of_a_preset_has_its_reference_behind_it(
    window: MainWindow, qtbot: QtBot, make_run: Callable[..., RunFolder]
) -> None:
    config = replace(PRESETS["report-vgg11"].config, seed=3)
    folder = make_run(config=config, top1s=(4.0, 9.5, 30.0))
    folder.write_environment(make_environment("CIFAR-100", complete=True))
    other = make_run("20260401_130000_vgg11", config=replace(config, batch_size=64))
    other.write_environment(make_environment("CIFAR-100", complete=True))
    window.parts.model.refresh()
    qtbot.waitUntil(lambda: window.parts.model.find(folder.path) is not None)
    window.parts.selection.select(folder.path)
    curves = window.parts.curves
    for panel in curves.panels:
        assert panel._behind is not None
        assert len(panel._behind.drawn_lines()) == len(panel._behind.measures)
        assert len(panel.drawn) == 1, "it is no run among others"
    test_top1 = VGG11.rows[2].test_top1
    assert (
        curves.headline.way.text() == f"above the reference at epoch 3: 30.0 %, {test_top1:.1f} %"
    )
    curves.controls.report.click()
    assert all(panel._behind.drawn_lines() == [] for panel in curves.panels if panel._behind)
    window.parts.selection.select(other.path)
    assert all(panel._behind is None for panel in curves.panels)
    assert not curves.headline.way.isVisible()
