"""The window beside another one on the same runs, and where nothing can be written."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from cifar_studio import paths
from cifar_studio.runs.folder.events import RunEnded
from cifar_studio.runs.folder.library import load
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.system.writable import faults_of_places, why_not_writable
from cifar_studio.ui.window import window_state
from cifar_studio.ui.window.main_window import MainWindow
from ui_support import TINY, close
from window_process import WindowProcess

RUN_MS = 100_000


def ended_after(qtbot: QtBot, window: MainWindow, act: Callable[[], object]) -> RunEnded:
    """Do something, and wait for the end of the run that follows."""
    with qtbot.waitSignal(
        window.parts.controller.event_received,
        timeout=RUN_MS,
        check_params_cb=lambda event: isinstance(event, RunEnded),
    ) as blocker:
        act()
    assert blocker.args is not None
    (event,) = blocker.args
    assert isinstance(event, RunEnded)
    return event


def shown(window: MainWindow) -> str:
    return "\n".join(label.text() for label in window.findChildren(QLabel) if label.isVisible())


@pytest.mark.long
@pytest.mark.real_worker
@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM")
def test_that_two_windows_share_the_runs(qtbot: QtBot, shared_cache: Path) -> None:
    with WindowProcess() as first:
        folder = RunFolder(Path(first.read("folder")))
        first.read("epoch")
        window = MainWindow()
        window.show()
        window.open_library()
        assert window.parts.selection.selected == folder.path
        assert "epochs · running" in shown(window)
        assert window.parts.message.isHidden()
        assert "Resume" not in [b.text() for b in window.findChildren(QPushButton) if b.isVisible()]
        ended = ended_after(
            qtbot, window, lambda: window.parts.controller.resume(str(folder.path), "auto")
        )
        assert ended.state == "failed"
        assert "is in use by another process" in window.parts.message.text
        assert window.parts.message.action_texts == ()
        assert load(folder.path).status.state == "running"
        window.settings.theme = "dark"
        close(qtbot, window)
        window.deleteLater()
        assert window_state.load(paths.settings_file())[0].theme == "dark"
        first.note_family()
        os.kill(first.pid, signal.SIGTERM)
        assert first.wait() == 0
        assert first.orphans() == []
    kept, fault = window_state.load(paths.settings_file())
    assert (kept.theme, fault) == ("system", "")  # the last one that leaves
    assert kept.selected_run == str(folder.path)


@pytest.fixture
def blocked(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plain file stands where the home should be: root is held up by no permission."""
    blocked = home / "file"
    blocked.write_text("")
    for name in ("CACHE", "CONFIG", "DATA", "STATE"):
        monkeypatch.delenv(f"XDG_{name}_HOME")
    monkeypatch.setenv("HOME", str(blocked))
    monkeypatch.setenv("USERPROFILE", str(blocked))
    return blocked


@pytest.fixture
def blocked_window(qtbot: QtBot, blocked: Path) -> Iterator[MainWindow]:
    window = MainWindow()
    window.show()
    yield window
    close(qtbot, window)
    window.deleteLater()


@pytest.mark.long
@pytest.mark.real_worker
def test_that_start_in_a_home_that_cannot_be_written_fails_with_one_clear_line(
    qtbot: QtBot, blocked: Path, blocked_window: MainWindow
) -> None:
    window = blocked_window
    assert f"No run can be kept in {paths.runs_folder()}" in window.parts.message.text
    assert "settings cannot be kept" in window.parts.message.text
    ended = ended_after(
        qtbot, window, lambda: window.parts.controller.start(PlannedRun(TINY, "demo"))
    )
    assert (ended.state, ended.folder, ended.details) == ("failed", "", "")
    assert str(paths.runs_folder()) in window.parts.message.text
    assert "\n" not in window.parts.message.text
    assert blocked.read_text() == ""


def test_that_a_place_is_asked_about_without_being_made(tmp_path: Path) -> None:
    deep = tmp_path / "not" / "yet"
    assert why_not_writable(deep) == ""
    assert not (tmp_path / "not").exists()
    (tmp_path / "not").write_text("")
    assert why_not_writable(deep) == f"{tmp_path / 'not'} is no folder"
    assert faults_of_places(tmp_path, tmp_path / "settings.json") == ""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_that_a_folder_without_permission_is_found_out(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "may not be written" in why_not_writable(tmp_path / "runs")
    tmp_path.chmod(0o700)
