"""The view of the tab, on experiments on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from cifar_studio.ui.experiment.view import ExperimentView


@pytest.fixture
def view(qtbot: QtBot, light: None, home: Path) -> ExperimentView:
    view = ExperimentView()
    qtbot.addWidget(view)
    view.resize(1000, 640)
    view.show()
    return view
