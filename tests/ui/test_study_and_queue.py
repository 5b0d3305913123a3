"""The queue is held, kept on disk and found again; the report's six runs go into it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from cifar_studio.config.presets import REPORT_PRESETS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runner.training.speeds import Speed, SpeedBook
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.dialogs.study_dialog import StudyDialog
from cifar_studio.ui.training.run_queue import QueueFile, RunQueue
from cifar_studio.ui.window.main_window import MainWindow
from cifar_studio.ui.workers.cost_estimator import CostEstimator
from cifar_studio.ui.workers.helper_worker import HelperWorker
from ui_support import close

FIRST = PlannedRun(TrainConfig(seed=1), "demo", "report-resnet18")
SECOND = PlannedRun(TrainConfig(seed=2), "auto")


@pytest.fixture
def owner(qtbot: QtBot) -> QObject:
    return QObject()


def test_that_a_held_queue_hands_nothing_out(owner: QObject) -> None:
    queue = RunQueue(owner)
    queue.add(FIRST)
    queue.pause()
    assert queue.is_held
    assert queue.take_next() is None
    queue.note_success()
    assert queue.is_held, "what a person held goes on only when a person says so"
    queue.release()
    assert queue.take_next() is FIRST


def test_that_the_queue_is_found_again_after_a_crash(owner: QObject, tmp_path: Path) -> None:
    path = tmp_path / "data" / "queue.json"
    queue = RunQueue(owner)
    keeper = QueueFile(path, queue, owner)
    assert keeper.restore() == 0
    queue.add(FIRST)
    queue.add(SECOND)
    queue.move(1, 0)
    keeper.close()  # as the end of a process would; nothing is written here
    again = RunQueue(owner)
    other = QueueFile(path, again, owner)
    assert other.restore() == 2
    assert again.runs == (SECOND, FIRST)
    assert again.is_held
    again.release()
    again.take_next()
    other.close()
    last = RunQueue(owner)
    third = QueueFile(path, last, owner)
    assert third.restore() == 1
    assert last.runs == (FIRST,)
    third.close()


def test_that_a_second_window_leaves_the_file_alone(owner: QObject, tmp_path: Path) -> None:
    path = tmp_path / "queue.json"
    first_queue, second_queue = RunQueue(owner), RunQueue(owner)
    first = QueueFile(path, first_queue, owner)
    first.restore()
    first_queue.add(FIRST)
    second = QueueFile(path, second_queue, owner)
    assert second.restore() == 0
    second_queue.add(SECOND)
    (kept,) = json.loads(path.read_text())["runs"]
    assert kept["config"]["seed"] == 1
    second.close()
    first.close()


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b'{"runs": [{"config": {}}]}',
        b'{"runs": [{"config": {"epochs": -1}, "data": "demo"}]}',
    ],
)
def test_that_what_cannot_be_used_is_begun_anew(
    owner: QObject, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "queue.json"
    path.write_bytes(content)
    queue = RunQueue(owner)
    keeper = QueueFile(path, queue, owner)
    assert keeper.restore() == 0
    queue.add(FIRST)
    assert len(json.loads(path.read_text())["runs"]) == 1
    keeper.close()


def test_that_a_window_finds_the_runs_that_waited(qtbot: QtBot, shared_cache: Path) -> None:
    for opened in range(2):
        window = MainWindow()
        window.show()
        qtbot.waitUntil(lambda: window.compare.built is not None)  # noqa: B023 - all is read
        if opened == 0:
            window.parts.controller.queue.add(FIRST)
        else:
            qtbot.waitUntil(lambda: window.parts.controller.queue.runs == (FIRST,))  # noqa: B023
            assert window.parts.controller.queue.is_held
            assert window.parts.message.text.startswith("1 run waits since last time")
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
    (add,) = (b for b in dialog.findChildren(QPushButton) if b.text() == "Add to queue")
    assert not add.isEnabled()
