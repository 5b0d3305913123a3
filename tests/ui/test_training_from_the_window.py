"""The whole way: a click on Start, a worker, curves, a run folder. Real parts throughout."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from pytestqt.qtbot import QtBot

from cifar_studio import paths
from cifar_studio.runs.folder.events import BatchesEnded, EpochEnded, RunEnded, RunStarted
from cifar_studio.runs.folder.library import list_runs, load
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.library.runs_panel import RunsPanel
from cifar_studio.ui.training.run_controller import Activity
from cifar_studio.ui.window.main_window import MainWindow
from support import worker_processes
from ui_support import TINY, close

pytestmark = pytest.mark.real_worker


RUN_MS = 120_000


def fill_in(window: MainWindow, epochs: int = TINY.epochs) -> None:
    window.parts.setup.show_config(replace(TINY, epochs=epochs), "quick-look")


def wait_for(qtbot: QtBot, window: MainWindow, kind: type) -> object:
    """Wait for an event of a kind; returns it."""
    with qtbot.waitSignal(
        window.parts.controller.event_received,
        timeout=RUN_MS,
        check_params_cb=lambda e: isinstance(e, kind),
    ) as blocker:
        pass
    assert blocker.args is not None
    return blocker.args[0]


@pytest.mark.usefixtures("no_spare_worker")
def test_that_a_click_on_start_trains_and_leaves_a_run_folder(
    qtbot: QtBot, window: MainWindow
) -> None:
    fill_in(window)
    window.parts.controls.start_requested.emit()
    assert window.parts.controller.activity is Activity.STARTING
    wait_for(qtbot, window, RunStarted)
    assert window.parts.controller.activity is Activity.RUNNING
    ended = wait_for(qtbot, window, RunEnded)
    assert isinstance(ended, RunEnded)
    assert ended.state == "finished"
    run = load(Path(ended.folder))
    assert run.path.parent == paths.runs_folder()
    assert len(run.rows) == 2
    assert run.status.state == "finished"
    assert run.data_name == "demo"
    for name in ("last.pt", "best.pt", "evaluation.npz", "evaluation_last.npz", "log.txt"):
        assert (run.path / name).stat().st_size > 0
    assert window.parts.selection.selected == run.path
    shown = window.parts.curves.shown
    assert shown is not None
    assert shown.rows == list(run.rows)


@pytest.mark.long
def test_that_a_run_is_reproduced_and_the_outcome_said(qtbot: QtBot, window: MainWindow) -> None:
    fill_in(window)
    window.commands.start()
    first = wait_for(qtbot, window, RunEnded)
    assert isinstance(first, RunEnded)
    original = load(Path(first.folder))
    panel = window.findChild(RunsPanel)
    actions = panel.menu.menu(original).actions()
    (reproduce,) = (action for action in actions if action.text() == "Reproduce")
    reproduce.trigger()
    second = wait_for(qtbot, window, RunEnded)
    assert isinstance(second, RunEnded)
    again = load(Path(second.folder))
    assert again.environment is not None
    assert again.environment.repeats == original.path.name
    assert again.rows[-1].test_loss == original.rows[-1].test_loss
    qtbot.waitUntil(lambda: "same, to the last digit" in window.parts.message.text)


@pytest.mark.usefixtures("no_spare_worker")
def test_that_pause_holds_and_resume_goes_on(qtbot: QtBot, window: MainWindow) -> None:
    fill_in(window, epochs=5000)
    window.commands.start()
    wait_for(qtbot, window, BatchesEnded)
    window.parts.controls.toggle_pause()
    assert window.parts.controller.activity is Activity.PAUSING
    qtbot.waitUntil(lambda: window.parts.controller.activity is Activity.PAUSED, timeout=RUN_MS)
    assert window.parts.controller.live.path is not None
    assert RunFolder(window.parts.controller.live.path).read_status().state == "paused"
    window.parts.controls.toggle_pause()
    wait_for(qtbot, window, EpochEnded)
    window.parts.controller.stop_now()
    ended = wait_for(qtbot, window, RunEnded)
    assert isinstance(ended, RunEnded)
    assert ended.state == "stopped"
    assert window.parts.controller.activity is Activity.IDLE


def test_that_stop_after_this_epoch_ends_with_a_whole_epoch_and_the_queue_goes_on(
    qtbot: QtBot, window: MainWindow
) -> None:
    fill_in(window, epochs=5000)
    window.commands.start()
    window.parts.controller.start(PlannedRun(TINY, "demo"))
    wait_for(qtbot, window, RunStarted)
    assert len(window.parts.controller.queue.runs) == 1
    window.parts.controller.stop_after_epoch()
    first = wait_for(qtbot, window, RunEnded)
    second = wait_for(qtbot, window, RunEnded)
    assert isinstance(first, RunEnded)
    assert isinstance(second, RunEnded)
    assert (first.state, second.state) == ("stopped", "finished")
    assert len(load(Path(first.folder)).rows) == 1
    assert window.parts.controller.queue.runs == ()
    assert len(list_runs(paths.runs_folder())) == 2


@pytest.mark.usefixtures("no_spare_worker")
def test_that_a_killed_worker_leaves_the_window_alive_with_an_offer_to_resume(
    qtbot: QtBot, window: MainWindow
) -> None:
    fill_in(window, epochs=5000)
    window.commands.start()
    wait_for(qtbot, window, EpochEnded)
    pid = window.parts.controller.worker_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    ended = wait_for(qtbot, window, RunEnded)
    assert isinstance(ended, RunEnded)
    assert ended.state == "crashed"
    assert "SIGKILL" in window.parts.message.text
    assert load(Path(ended.folder)).status.state == "interrupted"
    done = len(load(Path(ended.folder)).rows)
    window.parts.message.act()
    wait_for(qtbot, window, EpochEnded)
    window.parts.controller.stop_now()
    wait_for(qtbot, window, RunEnded)
    rows = load(Path(ended.folder)).rows
    assert [row.epoch for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) > done


@pytest.mark.long
def test_that_leaving_in_the_middle_saves_the_run_and_leaves_no_process(
    qtbot: QtBot, window: MainWindow
) -> None:
    fill_in(window, epochs=5000)
    window.commands.start()
    wait_for(qtbot, window, EpochEnded)
    folder = window.parts.controller.live.path
    assert folder is not None
    close(qtbot, window)
    assert worker_processes() == []
    run = load(folder)
    assert run.status.state == "interrupted"
    assert run.rows
    assert (folder / "last.pt").exists()


@pytest.mark.usefixtures("no_spare_worker")
def test_that_a_finished_run_can_be_trained_longer(qtbot: QtBot, window: MainWindow) -> None:
    window.parts.controller.start(PlannedRun(TINY, "demo"))
    ended = wait_for(qtbot, window, RunEnded)
    assert isinstance(ended, RunEnded)
    window.parts.controller.resume(ended.folder, "auto", epochs=3)
    again = wait_for(qtbot, window, RunEnded)
    assert isinstance(again, RunEnded)
    assert (again.state, again.folder) == ("finished", ended.folder)
    run = load(Path(ended.folder))
    assert [row.epoch for row in run.rows] == [1, 2, 3]
    assert run.config.epochs == 3


@pytest.mark.usefixtures("no_spare_worker")
def test_that_a_failure_is_said_with_its_remedy(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    window.parts.controller.start(PlannedRun(TINY, str(tmp_path / "nowhere")))
    ended = wait_for(qtbot, window, RunEnded)
    assert isinstance(ended, RunEnded)
    assert ended.state == "failed"
    assert ended.message in window.parts.message.text
    assert ended.remedy in window.parts.message.text
    assert window.parts.controller.activity is Activity.IDLE


def test_that_an_interrupted_run_is_offered_at_the_next_start(
    qtbot: QtBot, make_run: Callable[..., RunFolder], window: MainWindow
) -> None:
    # `make_run` stands before `window`: the run is there when the window opens.
    make_run(state="running")
    window.open_library()
    assert "was interrupted in epoch 4" in window.parts.message.text


@pytest.mark.parametrize("module", ["cifar_studio.ui.app", "cifar_studio.ui.window.main_window"])
def test_that_torch_and_optuna_never_enter_the_windows_process(module: str) -> None:
    code = (
        f"import sys, {module}; "
        "print([m for m in sys.modules if m.split('.')[0] in ('torch', 'torchvision', 'optuna')])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.strip() == "[]"


@pytest.mark.long
def test_that_a_window_that_has_searched_has_not_imported_torch_or_optuna(home: Path) -> None:
    """In a process of its own: this one may have torch from other tests."""
    result = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("train_in_a_window.py"))],
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert result.stdout.split() == ["finished", "finished", "[]"], result.stderr
