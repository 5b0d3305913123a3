"""The Runs page on a folder of runs and one of experiments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from cifar_studio import paths
from cifar_studio.ui.library.run_model import RunModel
from cifar_studio.ui.library.runs_panel import RunsPanel
from scripted_worker import queue_without_slots


@pytest.fixture
def open_panel(qtbot: QtBot, light: None, home: Path, tmp_path: Path) -> Callable[[], RunsPanel]:
    """Shows the page, with everything read that is there."""

    def open_now() -> RunsPanel:
        model = RunModel(paths.runs_folder())
        panel = RunsPanel(model, queue_without_slots(tmp_path))
        qtbot.addWidget(panel)
        model.setParent(panel)
        panel.references.set_open(False)
        panel.resize(320, 900)
        panel.show()
        panel.activateWindow()  # keys are for the window in front
        model.refresh()
        qtbot.waitUntil(lambda: not model.is_reading and not panel.experiments.is_reading)
        qtbot.waitUntil(panel.isActiveWindow)
        return panel

    return open_now
