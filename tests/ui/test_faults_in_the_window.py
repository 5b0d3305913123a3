"""What the window says and offers where something goes wrong. Workers play scripted events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from cifar_studio import paths
from cifar_studio.config import remedies
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import RunFolderError
from cifar_studio.runner.protocol import Command, ResumeRequest, TrainRequest
from cifar_studio.runs.folder.events import (
    EpochEnded,
    RunContinued,
    RunEnded,
    RunNoticed,
    RunPaused,
)
from cifar_studio.runs.folder.library import load
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.dialogs.question_dialog import NumberDialog
from cifar_studio.ui.library.runs_panel import RunsPanel
from cifar_studio.ui.training.run_controller import Activity
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.window.main_window import MainWindow
from scripted_worker import Stage, started
from support import make_row
from ui_support import close

CONFIG = TrainConfig(epochs=9)
DISK = RunPaused(
    message="/runs cannot be written (No space left)", remedy="Free space there", reason="disk"
)


@pytest.fixture
def window(qtbot: QtBot, stage: Stage) -> Iterator[MainWindow]:
    """The real window on scripted workers."""
    window = MainWindow()
    window.show()
    yield window
    close(qtbot, window)
    window.deleteLater()


def texts(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]


def begin(
    window: MainWindow,
    stage: Stage,
    make_run: Callable[..., RunFolder],
    config: TrainConfig = CONFIG,
    *,
    checkpoint: bool = True,
) -> RunFolder:
    """Start a run that has a folder in the library; returns it."""
    window.parts.controller.start(PlannedRun(config, "demo", "quick-look"))
    folder = make_run(config=config, state="failed")
    if checkpoint:
        folder.last_checkpoint.write_bytes(b"")
    stage.acting.play(started(folder, config))
    return folder


def hold_queue(window: MainWindow, stage: Stage, waiting: int) -> None:
    """Let three runs fail before they begin, one that was started and two that wait."""
    for seed in range(waiting + 1):
        window.parts.controller.start(PlannedRun(replace(CONFIG, seed=seed), "demo"))
    for _ in range(3):
        stage.acting.play(RunEnded(state="failed", folder="", message="no pictures"))
    assert window.parts.controller.queue.is_held
    assert window.parts.controller.activity is Activity.IDLE


def run_menu(window: MainWindow, folder: RunFolder) -> dict[str, QAction]:
    panel = window.findChild(RunsPanel)
    assert panel is not None
    return {action.text(): action for action in panel.menu.menu(load(folder.path)).actions()}


def stop_words(window: MainWindow) -> list[str]:
    (stop,) = (b for b in window.findChildren(QToolButton) if b.text() == "Stop")
    return [action.text() for action in stop.menu().actions()]


def test_that_a_run_that_pauses_by_itself_says_why_and_goes_on_at_a_click(
    window: MainWindow, stage: Stage, make_run: Callable[..., RunFolder]
) -> None:
    begin(window, stage, make_run)
    stage.acting.play(DISK)
    assert window.parts.controller.activity is Activity.PAUSED
    assert window.parts.message.text == "/runs cannot be written (No space left). Free space there."
    assert window.parts.message.action_texts == ("Continue",)
    assert "Paused" in texts(window)
    window.parts.message.act()
    assert stage.acting.commands == [Command.CONTINUE]
    stage.acting.play(RunContinued(), DISK)  # the disk refuses again
    assert window.parts.controller.activity is Activity.PAUSED
    assert window.parts.message.text.startswith("Tried again, and still: /runs cannot be written")
    assert any(text.endswith("epochs · paused") for text in texts(window))
    assert "Now (loses what cannot be written)" in stop_words(window)
    stage.acting.play(RunContinued())
    assert "Now (the state is kept)" in stop_words(window)
    assert window.parts.message.isHidden()
    assert window.parts.controller.activity is Activity.RUNNING


def test_that_a_pause_by_itself_is_forgotten_once_the_run_has_ended(
    window: MainWindow, stage: Stage, make_run: Callable[..., RunFolder]
) -> None:
    folder = begin(window, stage, make_run)
    stage.acting.play(DISK)
    window.parts.controller.stop_now()
    stage.acting.play(RunContinued(), RunEnded(state="stopped", folder=str(folder.path)))
    assert window.parts.message.isHidden()
    assert window.parts.controller.activity is Activity.IDLE


def test_that_a_stop_after_the_epoch_outlives_a_pause_by_itself(
    window: MainWindow, stage: Stage, make_run: Callable[..., RunFolder]
) -> None:
    begin(window, stage, make_run)
    window.parts.controller.stop_after_epoch()
    stage.acting.play(DISK, RunContinued())
    assert window.parts.controller.activity is Activity.STOPPING_AFTER_EPOCH


def test_that_notices_wait_until_nothing_more_important_is_shown(
    window: MainWindow, stage: Stage, make_run: Callable[..., RunFolder]
) -> None:
    begin(window, stage, make_run)
    stage.acting.play(DISK, RunNoticed(message="config.json was damaged"))
    assert window.parts.message.action_texts == ("Continue",)
    stage.acting.play(RunContinued())
    assert window.parts.message.isVisible()
    assert window.parts.message.text == "Config.json was damaged."
    assert window.parts.message.action_texts == ()


def test_that_a_finished_run_can_be_trained_longer(
    window: MainWindow,
    stage: Stage,
    make_run: Callable[..., RunFolder],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = make_run()
    folder.last_checkpoint.write_bytes(b"")
    window.parts.model.refresh()
    proposed = []

    def accept(dialog: NumberDialog) -> int:
        assert any("3 epochs are done" in label.text() for label in dialog.findChildren(QLabel))
        proposed.append(dialog.editor.text())
        train = next(b for b in dialog.findChildren(QPushButton) if b.text() == "Train")
        for text, is_possible in (("3", False), ("", False), ("100000", True), ("7", True)):
            dialog.editor.setText(text)
            assert train.isEnabled() is is_possible
        return 1

    monkeypatch.setattr(NumberDialog, "exec", accept)
    run_menu(window, folder)["Train longer…"].trigger()
    assert proposed == ["13"]
    (request,) = stage.asked()
    assert isinstance(request, ResumeRequest)
    assert (request.folder, request.epochs, request.device) == (str(folder.path), 7, None)
    menu = run_menu(window, folder)
    assert not menu["Train longer…"].isEnabled()
    assert "Another run is on" in menu["Train longer…"].toolTip()


@pytest.mark.parametrize(("done", "offer"), [(3, (4, 80, 100_000)), (70, (71, 80, 100_000))])
def test_that_train_longer_proposes_more_than_was_planned(
    done: int, offer: tuple[int, int, int]
) -> None:
    assert remedies.longer(TrainConfig(epochs=70), done) == offer


def test_that_a_run_without_a_checkpoint_cannot_be_trained_longer(
    window: MainWindow, make_run: Callable[..., RunFolder]
) -> None:
    folder = make_run()
    window.parts.model.refresh()
    assert not run_menu(window, folder)["Train longer…"].isEnabled()


def test_that_out_of_memory_offers_half_the_batch(
    window: MainWindow, stage: Stage, make_run: Callable[..., RunFolder]
) -> None:
    folder = begin(window, stage, make_run)
    stage.acting.play(
        RunEnded(
            state="failed",
            folder=str(folder.path),
            message="there is not enough memory",
            reason="out_of_memory",
        )
    )
    assert window.parts.message.text == "There is not enough memory."
    assert window.parts.message.action_texts == ("Try with batch size 64",)
    window.parts.message.act()
    request = list(stage.asked())[-1]
    assert isinstance(request, TrainRequest)
    assert request.config == replace(CONFIG, batch_size=64)
    assert request.data == "demo"
    assert window.parts.controller.live.planned == PlannedRun(request.config, "demo", "quick-look")


def test_that_a_process_ended_for_want_of_memory_can_be_resumed_or_made_smaller(
    window: MainWindow, stage: Stage, make_run: Callable[..., RunFolder]
) -> None:
    folder = begin(window, stage, make_run)
    stage.acting.play(
        RunEnded(
            state="crashed",
            folder=str(folder.path),
            message="The training process ended unexpectedly",
            reason="out_of_memory",
        )
    )
    assert window.parts.message.action_texts == ("Resume", "Try with batch size 64")
    window.parts.message.act(1)
    request = list(stage.asked())[-1]
    assert isinstance(request, TrainRequest)
    assert request.config.batch_size == 64


def test_that_a_loss_that_is_not_finite_offers_shorter_steps(
    window: MainWindow, stage: Stage, make_run: Callable[..., RunFolder]
) -> None:
    folder = begin(window, stage, make_run, replace(CONFIG, learning_rate=0.3))
    stage.acting.play(
        RunEnded(
            state="failed", folder=str(folder.path), message="the loss is", reason="not_finite"
        )
    )
    assert window.parts.message.action_texts == ("Start again with learning rate 0.03",)
    window.parts.message.act()
    request = list(stage.asked())[-1]
    assert isinstance(request, TrainRequest)
    assert request.config.learning_rate == 0.03


def test_that_a_lost_device_offers_the_processor(
    window: MainWindow, stage: Stage, make_run: Callable[..., RunFolder]
) -> None:
    config = replace(CONFIG, device="cuda")
    folder = make_run(config=config, state="interrupted")
    folder.last_checkpoint.write_bytes(b"")
    window.parts.model.refresh()
    window.parts.controller.resume(str(folder.path), "auto")
    stage.acting.play(
        RunEnded(
            state="failed",
            folder=str(folder.path),
            message="there is no device cuda on this computer",
            reason="device_lost",
        )
    )
    assert window.parts.message.action_texts == ("Resume on the processor",)
    window.parts.message.act()
    request = list(stage.asked())[-1]
    assert isinstance(request, ResumeRequest)
    assert (request.folder, request.device) == (str(folder.path), "cpu")


@pytest.mark.parametrize(
    ("config", "batch_size"),
    [
        (TrainConfig(batch_size=128), 64),
        (TrainConfig(batch_size=3), None),
        (TrainConfig(batch_size=2), None),
        (TrainConfig(batch_size=4), 2),
        (TrainConfig(batch_size=4096, train_per_class=1), 50),
        (TrainConfig(batch_size=18, train_per_class=1), 8),  # 9 leaves one picture of the 100
    ],
)
def test_that_smaller_batches_can_always_be_trained(
    config: TrainConfig, batch_size: int | None
) -> None:
    smaller = remedies.with_smaller_batches(config)
    assert (smaller.batch_size if smaller else None) == batch_size


def test_that_a_run_that_cannot_begin_is_tried_again_at_a_click(
    window: MainWindow, stage: Stage
) -> None:
    planned = PlannedRun(CONFIG, "demo")
    window.parts.controller.start(planned)
    stage.acting.play(RunEnded(state="failed", folder="", message="no room", remedy="Make some"))
    assert window.parts.message.text == "No room. Make some."
    assert "The run did not begin" in texts(window)
    assert window.parts.message.action_texts == ("Try again",)
    window.parts.message.act()
    assert window.parts.controller.live.planned is planned
    assert len(list(stage.asked())) == 2


def test_that_the_queue_goes_on_where_no_process_can_be_started(
    window: MainWindow, stage: Stage, make_run: Callable[..., RunFolder]
) -> None:
    folder = begin(window, stage, make_run)
    first, second = (PlannedRun(replace(CONFIG, seed=seed), "demo") for seed in (1, 2))
    window.parts.controller.start(first)
    window.parts.controller.start(second)
    stage.refusals = 2  # the one that would be kept warm, and the one of the first run
    stage.acting.play(RunEnded(state="finished", folder=str(folder.path)))
    assert window.parts.controller.live.planned == second
    assert window.parts.controller.activity is Activity.STARTING
    assert window.parts.controller.queue.runs == (first,)


def test_that_three_failures_in_a_row_hold_the_queue_and_lose_no_run(
    window: MainWindow, stage: Stage
) -> None:
    hold_queue(window, stage, 3)
    queue = window.parts.controller.queue
    assert sorted(run.config.seed for run in queue.runs) == [1, 2, 3]
    assert window.parts.message.text == (
        "3 runs in a row have failed, the last one so: No pictures. "
        "The 3 runs that wait are kept and not started."
    )
    window.commands.show_runs()
    assert "Waiting · 3 · held" in texts(window)
    window.parts.message.act()
    assert not queue.is_held
    assert window.parts.controller.activity is Activity.STARTING
    assert len(queue.runs) == 2


def test_that_a_held_queue_goes_on_from_the_runs_page_too(
    qtbot: QtBot, window: MainWindow, stage: Stage
) -> None:
    hold_queue(window, stage, 3)
    window.commands.show_runs()
    go_on = [b for b in window.findChildren(QPushButton) if b.text() == "Go on" and b.isVisible()]
    assert len(go_on) == 2  # in the message and above the waiting runs
    qtbot.mouseClick(go_on[-1], Qt.MouseButton.LeftButton)
    assert window.parts.controller.activity is Activity.STARTING
    assert window.parts.message.isHidden()


def test_that_an_epoch_that_ends_well_lets_the_queue_go_on(
    window: MainWindow, stage: Stage, make_run: Callable[..., RunFolder]
) -> None:
    hold_queue(window, stage, 1)
    folder = begin(window, stage, make_run)
    stage.acting.play(EpochEnded(row=make_row(1), best_epoch=1))
    assert not window.parts.controller.queue.is_held
    stage.acting.play(RunEnded(state="finished", folder=str(folder.path)))
    assert window.parts.controller.activity is Activity.STARTING
    assert window.parts.controller.queue.runs == ()


def test_that_esc_clears_the_search_and_nothing_found_is_said(
    qtbot: QtBot, window: MainWindow, make_run: Callable[..., RunFolder]
) -> None:
    make_run()
    window.parts.model.refresh()
    window.commands.search_runs()
    search = next(e for e in window.findChildren(QLineEdit) if e.accessibleName() == "Search runs")
    window.activateWindow()
    qtbot.waitUntil(search.hasFocus)
    search.setText("no such run")
    assert "No run matches. Esc shows all of them." in texts(window)
    qtbot.keyClick(search, Qt.Key.Key_Escape)
    assert search.text() == ""
    assert "No run matches. Esc shows all of them." not in texts(window)


def test_that_larger_type_never_pushes_the_window_beyond_the_screen(
    qtbot: QtBot, window: MainWindow
) -> None:
    wanted = theme.SCALE_STEP**3
    window.commands.scale_type(wanted)
    assert 1.0 <= theme.manager().scale < wanted
    room = window.screen().availableSize()
    needed = window.minimumSizeHint()
    assert needed.width() <= room.width()
    assert needed.height() <= room.height()
    window.commands.scale_type(0)
    assert theme.manager().scale == 1.0


@pytest.fixture
def blocked_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plain file stands where the home should be."""
    blocked = home / "file"
    blocked.write_text("")
    for name in ("CONFIG", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(blocked))
    return blocked


def test_that_places_that_cannot_be_written_are_said_once_and_the_window_works(
    qtbot: QtBot, blocked_home: Path, window: MainWindow, stage: Stage
) -> None:
    assert f"No run can be kept in {paths.runs_folder()}" in window.parts.message.text
    assert f"{blocked_home} is no folder" in window.parts.message.text
    assert "settings cannot be kept" in window.parts.message.text
    window.open_library()
    window.parts.message.act()
    window.parts.model.refresh()
    assert window.parts.message.isHidden()


def test_that_a_run_without_a_whole_checkpoint_can_be_started_anew(
    window: MainWindow, stage: Stage, make_run: Callable[..., RunFolder]
) -> None:
    folder = make_run(config=CONFIG, state="interrupted")
    folder.last_checkpoint.write_bytes(b"")
    window.parts.model.refresh()
    window.parts.selection.select(folder.path)
    window.parts.controller.resume(str(folder.path), "auto")
    assert any(text.endswith("epochs · starting") for text in texts(window))
    fault = RunFolderError("none is whole", "Start the run anew", "no_checkpoint")
    stage.acting.play(RunEnded.of(fault, str(folder.path)))
    assert window.parts.message.action_texts == ("Start anew",)
    window.parts.message.act()
    request = list(stage.asked())[-1]
    assert isinstance(request, TrainRequest)
    assert request.config == CONFIG


def test_that_a_queue_that_was_emptied_is_held_for_new_failures_only(
    window: MainWindow, stage: Stage
) -> None:
    hold_queue(window, stage, 3)
    queue = window.parts.controller.queue
    while queue.runs:
        queue.remove(0)
    assert window.parts.message.isHidden()
    for seed in (7, 8):
        window.parts.controller.start(PlannedRun(replace(CONFIG, seed=seed), "demo"))
    stage.acting.play(RunEnded(state="failed", folder="", message="no pictures"))
    assert not queue.is_held
    assert window.parts.controller.activity is Activity.STARTING
    for _ in range(2):
        stage.acting.play(RunEnded(state="failed", folder="", message="no pictures"))
    assert queue.is_held
    assert "3 runs in a row have failed" in window.parts.message.text
