"""The tab Experiment in the window."""

from __future__ import annotations

import shutil

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from cifar_studio import paths
from cifar_studio.runs.experiment.trials import Ended
from cifar_studio.ui.controllers import experiment_tab
from cifar_studio.ui.frame.central_tabs import EXPERIMENT
from cifar_studio.ui.window.main_window import MainWindow
from experiments_support import FOLDS, SEARCH, make_planned, make_search

SMALL = replace(SEARCH, trials=6)


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiment_tab, "LOOK_MS", 20)


def test_that_ctrl_5_opens_it_and_it_says_how_to_get_an_experiment(
    window: MainWindow, qtbot: QtBot
) -> None:
    assert window.experiment.built is None
    qtbot.waitUntil(lambda: window.compare.built is not None)
    qtbot.keyClick(window, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    assert window.parts.tabs.tab == EXPERIMENT
    assert window.experiment.part.view.empty.isVisible()


def test_that_the_newest_experiment_is_followed_while_it_goes_on(
    window: MainWindow, qtbot: QtBot
) -> None:
    folder = make_search(experiment=SMALL, trials=6, running=2)
    lock = folder.hold()
    window.parts.tabs.show_tab(EXPERIMENT)
    tab = window.experiment.part
    assert tab.path == folder.path
    assert tab.view.summary.pause.isVisible()
    folder.append(Ended(trial=6, state="finished", value=99.0, best_epoch=2, epochs=3))
    qtbot.waitUntil(lambda: "best 99.00 % (trial 6)" in tab.view.summary.headline.text())
    lock.release()
    qtbot.waitUntil(lambda: tab.view.summary.go_on.isVisible())


def test_that_the_one_asked_for_stays(window: MainWindow, qtbot: QtBot) -> None:
    first = make_planned("folds", FOLDS, done=1)
    make_search(experiment=SMALL, trials=2, running=0)
    window.parts.tabs.show_tab(EXPERIMENT)
    tab = window.experiment.part
    tab.show(first.path)
    tab.look()
    assert tab.path == first.path
    assert tab.view.summary.headline.text().startswith("folds  ·  Folds · 1/5")


def test_that_its_trial_and_the_run_of_the_other_tabs_are_one(
    window: MainWindow, qtbot: QtBot
) -> None:
    make_search(experiment=SMALL, trials=4, running=0)
    window.parts.tabs.show_tab(EXPERIMENT)
    tab = window.experiment.part
    run = paths.runs_folder() / tab.view.data.trials[2].run  # type: ignore[union-attr]
    tab.view.table.setCurrentIndex(tab.view.table.filter.index(2, 0))
    assert window.parts.selection.selected == run
    other = paths.runs_folder() / tab.view.data.trials[0].run  # type: ignore[union-attr]
    window.parts.selection.select(other)
    assert tab.view.marks.chosen == 1


def test_that_a_deleted_experiment_makes_room(window: MainWindow, qtbot: QtBot) -> None:
    folder = make_search(experiment=SMALL, trials=2, running=0)
    window.parts.tabs.show_tab(EXPERIMENT)
    tab = window.experiment.part
    assert tab.path == folder.path
    shutil.rmtree(folder.path)
    qtbot.waitUntil(lambda: tab.view.empty.isVisible())


def test_that_a_click_in_the_list_of_runs_shows_the_experiment(
    window: MainWindow, qtbot: QtBot
) -> None:
    first = make_planned("folds", FOLDS, done=1)
    make_search(experiment=SMALL, trials=2, running=0)
    window.parts.runs.experiment_chosen.emit(first.path)
    assert window.parts.tabs.tab == EXPERIMENT
    assert window.experiment.part.path == first.path
    assert not window.parts.panel.is_folded
