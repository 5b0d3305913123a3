"""The window's end, asked for by its person, by the system, or by nobody: real workers."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QElapsedTimer, QMetaMethod
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox
from pytestqt.qtbot import QtBot

from cifar_studio import paths
from cifar_studio.runs.folder.events import EpochEnded, RunEnded
from cifar_studio.runs.folder.library import Run, load
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.system.signals import SystemSignals
from cifar_studio.ui.training.run_controller import Activity
from cifar_studio.ui.window.main_window import MainWindow
from support import worker_processes
from ui_support import TINY, close
from window_process import WindowProcess

pytestmark = pytest.mark.real_worker


RUN_MS = 100_000
LONG = replace(TINY, epochs=5000)

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def wait_for(qtbot: QtBot, window: MainWindow, kind: type, act: Callable[[], object]) -> object:
    """Do something, and wait for an event of a kind."""
    with qtbot.waitSignal(
        window.parts.controller.event_received,
        timeout=RUN_MS,
        check_params_cb=lambda event: isinstance(event, kind),
    ) as blocker:
        act()
    assert blocker.args is not None
    return blocker.args[0]


def start(qtbot: QtBot, window: MainWindow, until: type) -> psutil.Process:
    """Start a long run; the process that trains it, once an event of a kind has come."""
    wait_for(qtbot, window, until, lambda: window.parts.controller.start(PlannedRun(LONG, "demo")))
    assert window.parts.controller.worker_pid is not None
    return psutil.Process(window.parts.controller.worker_pid)


def only_run() -> Run:
    (path,) = paths.runs_folder().iterdir()
    return load(path)


@pytest.mark.parametrize("is_warm", [False, True])
def test_that_closing_while_a_run_starts_is_quick_and_no_crash(
    qtbot: QtBot, window: MainWindow, is_warm: bool
) -> None:
    if is_warm:
        with qtbot.waitSignal(window.parts.controller.devices_found, timeout=RUN_MS):
            window.parts.controller.warm_up()
    states: list[str] = []
    window.parts.controller.event_received.connect(
        lambda event: states.append(event.state) if isinstance(event, RunEnded) else None
    )
    window.parts.controller.start(PlannedRun(LONG, "demo"))
    assert window.parts.controller.activity is Activity.STARTING
    clock = QElapsedTimer()
    clock.start()
    close(qtbot, window)
    assert clock.elapsed() < 15_000
    assert worker_processes() == []
    assert states == ["interrupted"]
    assert window.parts.message.isHidden()


@needs_posix
@pytest.mark.usefixtures("no_spare_worker")
def test_that_a_run_that_does_not_answer_can_be_ended_by_force_and_resumed(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = start(qtbot, window, EpochEnded)
    worker.suspend()
    window.parts.controller._answer_limit.setInterval(100)
    with qtbot.waitSignal(window.parts.controller.not_answered, timeout=10_000):
        window.parts.controller.stop_now()
    assert "By force it ends at once" in window.parts.message.text
    assert "of epoch" in window.parts.message.text
    assert window.parts.message.action_texts == ("End it by force",)
    ended = wait_for(qtbot, window, RunEnded, window.parts.message.act)
    assert isinstance(ended, RunEnded)
    assert (ended.state, ended.message) == ("interrupted", "Ended by force")
    assert window.parts.message.isHidden()
    run = only_run()
    assert run.status.state == "interrupted"
    done = len(run.rows)
    wait_for(
        qtbot, window, EpochEnded, lambda: window.parts.controller.resume(str(run.path), "auto")
    )
    wait_for(qtbot, window, RunEnded, window.parts.controller.stop_now)
    assert len(only_run().rows) > done


@pytest.mark.long
@needs_posix
@pytest.mark.usefixtures("no_spare_worker")
def test_that_the_offer_of_force_goes_once_the_run_has_answered(
    qtbot: QtBot, window: MainWindow
) -> None:
    worker = start(qtbot, window, EpochEnded)
    worker.suspend()
    window.parts.controller._answer_limit.setInterval(100)
    with qtbot.waitSignal(window.parts.controller.not_answered, timeout=10_000):
        window.parts.controller.stop_now()
    ended = wait_for(qtbot, window, RunEnded, worker.resume)
    assert isinstance(ended, RunEnded)
    assert ended.state == "stopped"
    assert window.parts.message.isHidden()


@needs_posix
def test_that_a_second_close_ends_a_worker_by_force_that_does_not_save(
    qtbot: QtBot, window: MainWindow
) -> None:
    worker = start(qtbot, window, EpochEnded)
    worker.suspend()
    window.closing._limits[1].setInterval(100)
    window.leave()
    told = window.parts.status.findChildren(QLabel)
    qtbot.waitUntil(lambda: any(f"process {worker.pid}" in label.text() for label in told))
    window.close()
    assert window.isVisible()
    window.close()  # asks no second time
    (box,) = window.findChildren(QMessageBox)
    assert "of epoch" in box.informativeText()
    next(b for b in box.buttons() if b.text() == "End it by force").click()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    assert worker_processes() == []
    assert only_run().status.state == "interrupted"


@needs_posix
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_that_every_way_to_end_a_program_is_heard(
    qapp: QApplication, qtbot: QtBot, name: str
) -> None:
    before = signal.getsignal(getattr(signal, name))
    signals = SystemSignals(qapp)
    with qtbot.waitSignal(signals.leave_requested):
        os.kill(os.getpid(), getattr(signal, name))
    signals.close()
    signals.deleteLater()
    assert signal.getsignal(getattr(signal, name)) is before


@needs_posix
def test_that_a_signal_saves_and_leaves(shared_cache: Path) -> None:
    with WindowProcess() as window:
        folder = RunFolder(Path(window.read("folder")))
        window.read("epoch")
        window.note_family()
        window.process.send_signal(signal.SIGTERM)
        assert window.wait() == 0
        assert window.orphans() == []
    assert folder.read_status().state == "interrupted"
    assert folder.last_checkpoint.exists()
    assert not folder.is_held()


def test_that_the_end_of_the_desktop_session_leaves_without_a_question(
    qapp: QApplication, qtbot: QtBot
) -> None:
    signals = SystemSignals(qapp)
    assert qapp.isSignalConnected(QMetaMethod.fromSignal(qapp.commitDataRequest))
    with qtbot.waitSignal(signals.leave_requested):
        signals._on_session_ending()
    signals.close()
    signals.deleteLater()


@pytest.mark.long
@needs_posix
def test_that_a_killed_window_leaves_no_process_and_the_next_one_finishes_the_run(
    qtbot: QtBot, shared_cache: Path
) -> None:
    with WindowProcess(epochs=15) as killed:
        folder = RunFolder(Path(killed.read("folder")))
        worker = int(killed.read("worker"))
        killed.read("epoch")
        killed.note_family()
        os.kill(killed.pid, signal.SIGKILL)
        assert killed.orphans() == []
    assert not psutil.pid_exists(worker)
    assert folder.read_status().state == "interrupted"
    assert folder.last_checkpoint.exists()
    done = len(folder.read_epochs())
    assert 0 < done < 15
    window = MainWindow()
    window.show()
    window.open_library()
    assert "was interrupted in epoch" in window.parts.message.text
    assert window.parts.message.action_texts == ("Resume",)
    ended = wait_for(qtbot, window, RunEnded, window.parts.message.act)
    assert isinstance(ended, RunEnded)
    assert ended.state == "finished"
    assert [row.epoch for row in folder.read_epochs()] == list(range(1, 16))
    close(qtbot, window)
    window.deleteLater()
