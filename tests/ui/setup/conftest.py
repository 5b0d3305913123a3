"""The form by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from cifar_studio.runner.training.speeds import SpeedBook
from cifar_studio.ui.setup.setup_panel import SetupPanel
from cifar_studio.ui.workers.cost_estimator import CostEstimator
from cifar_studio.ui.workers.helper_worker import HelperWorker
from form_support import segment


@pytest.fixture
def book(tmp_path: Path) -> SpeedBook:
    return SpeedBook(tmp_path / "speeds.json")


@pytest.fixture
def costs(book: SpeedBook) -> CostEstimator:
    owner = HelperWorker()
    costs = CostEstimator(book, owner, owner)
    costs.owner = owner  # type: ignore[attr-defined] - lives as long
    return costs


@pytest.fixture
def panel(qtbot: QtBot, tmp_path: Path, costs: CostEstimator) -> SetupPanel:
    panel = SetupPanel(tmp_path / "presets", tmp_path / "experiments", costs)
    panel.resize(320, 900)
    qtbot.addWidget(panel)
    panel.set_open_groups(["Network", "Training", "SGD", "Data", "Machine"])
    panel.show()
    return panel


@pytest.fixture
def form(panel: SetupPanel) -> SetupPanel:
    """The form with Experiment chosen."""
    segment(panel, "Experiment").click()
    return panel
