"""The queue is held, kept on disk and found again; the report's six runs go into it."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from cifar_studio.config.presets import REPORT_PRESETS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runner.training.speeds import Speed, SpeedBook
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.dialogs.study_dialog import StudyDialog
from cifar_studio.ui.window.main_window import MainWindow
from cifar_studio.ui.workers.cost_estimator import CostEstimator
from cifar_studio.ui.workers.helper_worker import HelperWorker
from ui_support import close

FIRST = PlannedRun(TrainConfig(seed=1), "demo", "report-resnet18")
SECOND = PlannedRun(TrainConfig(seed=2), "auto")


def test_that_a_window_finds_the_runs_that_waited(qtbot: QtBot, shared_cache: Path) -> None:
    for opened in range(2):
        window = MainWindow()
        window.show()
        qtbot.waitUntil(lambda: window.compare.built is not None)  # noqa: B023 - all is read
        if opened == 0:
            window.parts.controller.start(FIRST)
            window.parts.controller.start(SECOND)
        else:
            qtbot.waitUntil(lambda: window.parts.controller.queue.runs == (FIRST, SECOND))  # noqa: B023
            assert window.parts.controller.queue.is_held
            assert window.parts.message.text.startswith("2 runs wait since last time")
        close(qtbot, window)
        window.deleteLater()


@pytest.fixture
def dialog(qtbot: QtBot, light: None, tmp_path: Path) -> StudyDialog:
    book = SpeedBook(tmp_path / "speeds.json")
    for preset in REPORT_PRESETS:
        book.remember(preset.config, Speed(500.0, 5000.0, 1024.0))
    owner = QLabel()
    costs = CostEstimator(book, HelperWorker(owner), owner)
    dialog = StudyDialog(None, costs, on_demo=False)
    dialog.setProperty("keeps", owner)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def words(dialog: StudyDialog) -> str:
    return " | ".join(label.text() for label in dialog.findChildren(QLabel))


def test_that_the_whole_study_is_as_the_report_ran_it(dialog: StudyDialog) -> None:
    assert [run.config for run in dialog.runs] == [preset.config for preset in REPORT_PRESETS]
    # 100 s of training and 2 s of tests an epoch; 3 runs of 70 epochs and 3 of 40.
    assert "6 runs: about 9 h 21 min" in words(dialog)
    assert "1.0 GB" in words(dialog)


def test_that_a_smaller_one_is_marked(dialog: StudyDialog) -> None:
    assert not dialog.epochs.isEnabled()
    dialog.short.setChecked(True)
    dialog.epochs.setText("2")
    dialog.per_class.setText("50")
    dialog.seeds.setText("2")
    runs = dialog.runs
    assert len(runs) == 12
    assert runs[-1].config == replace(
        REPORT_PRESETS[-1].config, epochs=2, train_per_class=50, seed=1
    )
    assert "Marked short: 2 epochs, 50 training pictures a class" in words(dialog)
    assert "12 runs: about 5 min" in words(dialog)


def test_that_a_half_typed_number_cannot_be_added(dialog: StudyDialog) -> None:
    dialog.short.setChecked(True)
    dialog.epochs.setText("")
    (add,) = (b for b in dialog.findChildren(QPushButton) if b.text() == "Train")
    assert not add.isEnabled()
