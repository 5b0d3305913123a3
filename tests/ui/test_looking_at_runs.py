"""Runs of the library in the window: chosen, shown, starred, watched while another trains them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.environment import TrialOf
from cifar_studio.runs.folder.evaluation import save_evaluation
from cifar_studio.runs.folder.events import RunEnded
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.frame.central_tabs import CONFUSION, PICTURES
from cifar_studio.ui.pictures.data.picture_set import TEST_START
from cifar_studio.ui.window.main_window import MainWindow
from scripted_worker import Stage, started
from support import LOCKED, locked_rows, make_evaluation, make_row

OLD, NEW = "20260401_120000_resnet18", "20260402_120000_vgg11"


@pytest.fixture
def two_runs(make_run: Callable[..., RunFolder]) -> tuple[RunFolder, RunFolder]:
    config = TrainConfig(architecture="vgg11", epochs=2, seed=5)
    return make_run(OLD), make_run(NEW, config=config, top1s=(7.0, 6.0))


def texts(window: MainWindow) -> str:
    return "\n".join(label.text() for label in window.findChildren(QLabel) if label.isVisible())


def test_that_the_newest_run_is_shown_and_another_can_be_chosen(
    qtbot: QtBot, two_runs: tuple[RunFolder, RunFolder], window: MainWindow
) -> None:
    old, new = two_runs
    window.open_library()
    assert window.parts.selection.selected == new.path
    assert "VGG11" in texts(window)
    assert "seed 5" in texts(window)
    assert "10,000 training and 2,000 test pictures" in texts(window)
    window.parts.selection.select(old.path)
    shown = window.parts.curves.shown
    assert shown is not None
    assert [row.test_top1 for row in shown.rows] == [10.0, 20.0, 30.0]
    assert "3/3 epochs · finished" in texts(window)


def test_that_a_run_that_another_process_trains_is_followed(
    qtbot: QtBot, make_run: Callable[..., RunFolder], window: MainWindow
) -> None:
    folder = make_run(OLD, config=TrainConfig(epochs=9), state="running")
    lock = folder.hold()
    window.open_library()
    window.parts.selection.select(folder.path)
    assert "3/9 epochs · running" in texts(window)
    folder.append_epoch(make_row(4, 44.0))
    window.parts.model.refresh()
    shown = window.parts.curves.shown
    assert shown is not None
    assert len(shown.rows) == 4
    lock.release()
    window.parts.model.refresh()
    assert "4/9 epochs · interrupted" in texts(window)


def test_that_the_selected_run_and_the_form_are_remembered(
    qtbot: QtBot,
    two_runs: tuple[RunFolder, RunFolder],
    shared_cache: Path,
) -> None:
    def session(act: Callable[[MainWindow], None]) -> None:
        window = MainWindow()
        window.show()
        window.open_library()
        act(window)
        window.leave()
        qtbot.waitUntil(lambda: not window.isVisible(), timeout=60_000)
        window.deleteLater()

    def leave_things(window: MainWindow) -> None:
        window.parts.selection.select(two_runs[0].path)
        window.parts.setup.show_values({"epochs": 33}, "report-vgg11")
        window.commands.choose_theme("dark")
        window.commands.fold_panel()

    def find_them(window: MainWindow) -> None:
        assert window.parts.selection.selected == two_runs[0].path
        planned = window.parts.setup.planned_run()
        assert planned is not None
        assert (planned.config.epochs, planned.preset) == (33, "report-vgg11")
        assert window.settings.theme == "dark"
        assert window.settings.panel_folded

    session(leave_things)
    session(find_them)


def test_that_damaged_settings_open_the_window_with_a_word(
    qtbot: QtBot, home: Path, shared_cache: Path
) -> None:
    path = home / ".config" / "cifar-studio" / "settings.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"geometry": 5')
    window = MainWindow()
    window.show()
    assert "settings were damaged" in window.parts.message.text
    window.leave()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=60_000)
    window.deleteLater()


def test_that_a_locked_test_set_is_said_and_not_looked_at_before_the_run_ends(
    qtbot: QtBot, make_run: Callable[..., RunFolder], window: MainWindow
) -> None:
    folder = make_run(OLD, config=LOCKED, state="stopped", top1s=())
    folder.keep_epochs(locked_rows(ended=False)[:4])
    window.open_library()
    window.parts.selection.select(folder.path)
    window.commands.show_tab(CONFUSION)
    confusion = window.pictures_and_confusion.part.confusion
    assert confusion.empty.body.text() == "The test set is locked until the run ends."
    assert not confusion.evaluate_button.isVisible()
    window.commands.show_tab(PICTURES)
    pictures = window.pictures_and_confusion.part.pictures
    qtbot.waitUntil(lambda: pictures.pictures is not None, timeout=60_000)
    later = "Answers come when the run ends; until then the test set is locked."
    assert pictures.controls.answers.toolTip() == later
    pictures.show_picture(TEST_START)
    assert later in texts(window)
    # Whoever asks all the same, of a view that offers it, gets the same answer.
    pictures.evaluate_requested.emit("test")
    assert "The test set is locked until the run ends." in window.parts.message.text
    assert not folder.best_evaluation.exists()


def test_that_a_test_set_that_stays_locked_is_said_wherever_answers_would_be(
    qtbot: QtBot, make_run: Callable[..., RunFolder], window: MainWindow
) -> None:
    never = replace(LOCKED, test="never")
    folder = make_run(OLD, config=never, state="finished", top1s=())
    folder.keep_epochs(locked_rows(ended=False))
    window.open_library()
    window.parts.selection.select(folder.path)
    window.commands.show_tab(CONFUSION)
    confusion = window.pictures_and_confusion.part.confusion
    assert confusion.empty.body.text() == "The test set stays locked."
    assert not confusion.evaluate_button.isVisible()
    window.commands.show_tab(PICTURES)
    pictures = window.pictures_and_confusion.part.pictures
    qtbot.waitUntil(lambda: pictures.pictures is not None, timeout=60_000)
    why = "The test set stays locked: only training pictures can have answers."
    assert pictures.controls.answers.toolTip() == why
    pictures.evaluate_requested.emit("test")
    assert "The test set stays locked." in window.parts.message.text
    assert not folder.best_evaluation.exists()


def test_that_a_run_that_stopped_early_says_so_and_shows_its_answers(
    qtbot: QtBot, make_run: Callable[..., RunFolder], window: MainWindow
) -> None:
    folder = make_run(OLD, config=LOCKED, top1s=())
    folder.keep_epochs(locked_rows(ended=True))
    save_evaluation(folder.best_evaluation, make_evaluation())
    window.open_library()
    window.parts.selection.select(folder.path)
    assert "5/9 epochs · stopped early" in texts(window)
    assert "Stopped early at epoch 5: no better validation loss since 3" in texts(window)
    index = window.parts.model.index(0, 0)
    tip = str(index.data(Qt.ItemDataRole.ToolTipRole))
    assert tip.startswith("Top-1 43.00 % at epoch 4, chosen on validation\nStopped early")
    window.commands.show_tab(CONFUSION)
    confusion = window.pictures_and_confusion.part.confusion
    assert confusion.evaluation is not None
    assert "chosen on validation, epoch 7" in texts(window)


def test_that_trials_one_after_another_leave_who_looks_at_another_run_alone(
    window: MainWindow, stage: Stage, make_run: Callable[..., RunFolder]
) -> None:
    other = make_run("20260401_110000_resnet18")
    paths_of_trials = [
        make_run(f"20260401_12000{number}_resnet18", state="running", top1s=()).path
        for number in range(3)
    ]
    selection, controller = window.parts.selection, window.parts.controller
    window.parts.model.refresh()
    selection.select(None)

    def begin(path: Path) -> None:
        controller.start(PlannedRun(TrainConfig(epochs=3), "demo"))
        place = TrialOf(experiment="search", trial=1)
        event = started(path, TrainConfig(epochs=3))
        stage.acting.play(replace(event, environment=replace(event.environment, trial=place)))

    def end(path: Path) -> None:
        stage.acting.play(RunEnded(state="finished", folder=str(path)))

    begin(paths_of_trials[0])
    end(paths_of_trials[0])
    begin(paths_of_trials[1])
    assert selection.selected == paths_of_trials[1], "who follows goes on following"
    selection.select(other.path)
    end(paths_of_trials[1])
    begin(paths_of_trials[2])
    assert selection.selected == other.path
    assert window.parts.curves.shown is not None
    assert window.parts.curves.shown.path == other.path
    end(paths_of_trials[2])
