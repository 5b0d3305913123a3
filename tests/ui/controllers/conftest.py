"""A window on a library with one trained run of the demo set."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from cifar_studio import paths
from cifar_studio.ui.frame.central_tabs import CURVES
from cifar_studio.ui.window.main_window import MainWindow
from runner.small_runs import train
from ui_support import close


@pytest.fixture(scope="session")
def _trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trained")


@pytest.fixture
def trained(_trained: Path, shared_cache: Path) -> Path:
    """The folder of a finished run of two epochs, in the library of this test's home."""
    if not list(_trained.iterdir()):
        train(_trained)
    (made,) = _trained.iterdir()
    return Path(shutil.copytree(made, paths.runs_folder() / made.name))


@pytest.fixture
def window(qtbot: QtBot, trained: Path) -> Iterator[MainWindow]:
    """The real window, with the run selected."""
    window = MainWindow()
    window.parts.tabs.show_tab(CURVES)
    window.show()
    qtbot.waitUntil(lambda: window.parts.selection.selected == trained)
    yield window
    close(qtbot, window)
    window.deleteLater()
