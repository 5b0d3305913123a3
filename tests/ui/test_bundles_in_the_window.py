"""A run that came as one file is opened by the window, dropped or chosen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl
from pytestqt.qtbot import QtBot

from cifar_studio import paths
from cifar_studio.runs.bundle.writing import write_bundle
from cifar_studio.runs.folder.library import load
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.ui.window.main_window import MainWindow

OPENING_MS = 60_000


def dropped(*files: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in files])
    return data


def test_that_a_dropped_bundle_becomes_a_run(
    qtbot: QtBot, window: MainWindow, make_run: Callable[..., RunFolder], tmp_path: Path
) -> None:
    made = make_run()
    bundle = tmp_path / "sent.cifarrun"
    write_bundle(bundle, made.path)
    moved = made.path.rename(tmp_path / "away")
    assert window.files.can_take(dropped(bundle))
    window.files.take_dropped(dropped(bundle))
    wanted = paths.runs_folder() / made.path.name
    qtbot.waitUntil(lambda: window.parts.selection.selected == wanted, timeout=OPENING_MS)
    assert load(wanted).rows == load(moved).rows


def test_that_a_file_that_is_none_is_said(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    torn = tmp_path / "torn.cifarrun"
    torn.write_bytes(b"PK\x03\x04 no zip")
    window.files.take([torn])
    qtbot.waitUntil(
        lambda: "torn.cifarrun is damaged" in window.parts.message.text, timeout=OPENING_MS
    )
    assert not list(paths.runs_folder().glob("*"))
