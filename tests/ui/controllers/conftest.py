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
from lent_helper import Lender
from ui_support import close


@pytest.fixture(scope="module")
def _lender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lender]:
    lender = Lender()
    yield lender
    lender.end()


@pytest.fixture
def lent_helper(_lender: Lender, monkeypatch: pytest.MonkeyPatch) -> None:
    """The windows of a module share their second worker."""
    monkeypatch.setattr("cifar_studio.ui.workers.helper_worker.WorkerProcess", _lender)


@pytest.fixture
def trained(small_run: Path, shared_cache: Path) -> Path:
    """The folder of a finished run of two epochs, in the library of this test's home."""
    return Path(shutil.copytree(small_run, paths.runs_folder() / small_run.name))


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
