"""Runs that are odd, damaged or gone while they are looked at: the window goes on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from cifar_studio import paths
from cifar_studio.runs.folder.evaluation import Evaluation, confusion_matrix, save_evaluation
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.ui.frame.central_tabs import CONFUSION, PICTURES, TITLES
from cifar_studio.ui.pictures.data.picture_set import TEST_START
from cifar_studio.ui.window.main_window import MainWindow
from ui_support import close

WORK_MS = 120_000


def answers_without_meaning(count: int) -> Evaluation:
    """Always the first class, with probabilities that are no numbers."""
    true = (np.arange(count) % 100).astype(np.uint8)
    predicted = np.zeros(count, dtype=np.uint8)
    return Evaluation(
        true=true,
        predicted=predicted,
        top5=np.tile(np.arange(5, dtype=np.uint8), (count, 1)),
        probabilities=np.full((count, 100), np.nan, dtype=np.float16),
        confusion=confusion_matrix(true, predicted),
        indices=np.arange(count, dtype=np.int32),
        epoch=1,
    )


@pytest.mark.parametrize("count", [0, 1, 100])
def test_that_answers_without_meaning_are_shown_all_the_same(
    window: MainWindow, trained: Path, count: int
) -> None:
    folder = RunFolder(trained)
    for file in (folder.best_evaluation, folder.last_evaluation):
        save_evaluation(file, answers_without_meaning(count))
    window.commands.show_tab(CONFUSION)
    view = window.pictures_and_confusion.part.confusion
    for switch in (view.toolbar.level, view.toolbar.unit, view.toolbar.scale):
        for button in switch.buttons.values():
            button.click()
            view.grab()
    for tab in range(view.tabs.count()):
        view.tabs.setCurrentIndex(tab)
        view.grab()
    expected = f"{count:,} test {'picture' if count == 1 else 'pictures'}"
    assert expected in view.summary.origin.text()
    assert "No answer to judge" in view.calibration.words.text()


def test_that_a_run_that_is_deleted_while_it_is_shown_is_said_where_it_is_needed(
    qtbot: QtBot, window: MainWindow, trained: Path
) -> None:
    window.commands.show_tab(PICTURES)
    view = window.pictures_and_confusion.part.pictures
    qtbot.waitUntil(lambda: view.pictures is not None, timeout=WORK_MS)
    shutil.rmtree(trained)
    view.show_picture(TEST_START + 5)
    view.detail.explain.click()
    qtbot.waitUntil(lambda: view.detail.explain.text() == "Why this class", timeout=WORK_MS)
    assert "has no best.pt" in view.detail.words.text()


def test_that_a_run_without_its_environment_can_be_looked_at(
    qtbot: QtBot, window: MainWindow, trained: Path
) -> None:
    other = Path(shutil.copytree(trained, trained.with_name("20260101_000000_mobilenet_v2")))
    (other / "environment.json").unlink()
    window.parts.model.refresh()
    qtbot.waitUntil(lambda: len(window.parts.model.runs) == 2)
    window.parts.selection.select(other)
    window.commands.show_tab(CONFUSION)
    assert window.pictures_and_confusion.part.confusion.evaluation is not None


@pytest.mark.parametrize(
    "values",
    [
        {"thumbnail_px": -5, "picture_split": "nonsense", "confusion_switches": ["a", "b", "c"]},
        {"thumbnail_px": 10**9, "confusion_switches": ["classes"], "confusion_layout": "AAAA"},
        {"thumbnail_px": "x"},
        {"confusion_switches": 5, "tab": -3},
    ],
)
def test_that_absurd_settings_open_every_tab(
    qtbot: QtBot, trained: Path, values: dict[str, object]
) -> None:
    file = paths.settings_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(values))
    window = MainWindow()
    window.show()
    for tab in range(len(TITLES)):
        window.commands.show_tab(tab)
        window.grab()
    assert 32 <= window.pictures_and_confusion.part.pictures.grid.thumbnail_size <= 128
    close(qtbot, window)
    window.deleteLater()
