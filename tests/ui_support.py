"""What tests of the window share."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.ui.window.main_window import MainWindow

SETTLE_MS = 60_000
TINY = TrainConfig(
    architecture="mobilenet_v2", epochs=2, train_per_class=1, test_per_class=1, batch_size=50
)
"""Two batches an epoch, of the network with the smallest checkpoints."""


def close(qtbot: QtBot, window: MainWindow) -> None:
    """Leave as Quit does, and wait until every worker is gone."""
    window.leave()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=SETTLE_MS)
