"""Runs exported from the window, by its second worker."""

from __future__ import annotations

import csv
from pathlib import Path

from pytestqt.qtbot import QtBot

from cifar_studio.runs.folder.library import load
from cifar_studio.ui.dialogs.export_dialog import ExportChoice
from cifar_studio.ui.window.main_window import MainWindow

PATIENCE_MS = 90_000


def test_that_a_run_is_exported_while_the_window_lives_on(
    window: MainWindow, trained: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    to = tmp_path / "out"
    choice = ExportChoice(str(to), ("csv", "svg", "weights"), 4.0, 3.0, 100)
    window.exporting.export([load(trained)], choice)
    qtbot.waitUntil(lambda: "Exported" in window.parts.message.text, timeout=PATIENCE_MS)
    assert window.parts.message.text == f"Exported 12 files to {to}."
    assert window.parts.message.action_texts == ("Open folder",)
    with (to / trained.name / "epochs.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 2
    assert (to / trained.name / "weights.safetensors").exists()
    assert (to / trained.name / "network.py").exists()


def test_that_what_cannot_be_written_is_told(
    window: MainWindow, trained: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    place = tmp_path / "a file"
    place.write_text("")
    choice = ExportChoice(str(place), ("csv",), None, None, 300)
    window.exporting.export([load(trained)], choice)
    qtbot.waitUntil(lambda: "could not" in window.parts.message.text, timeout=PATIENCE_MS)
    assert "Exported 0 files" in window.parts.message.text
    window.exporting.ask([])
    assert window.parts.message.text.startswith("There is no run to export")
