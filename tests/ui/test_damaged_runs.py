"""Runs that cannot be read: said in the library, and mended from their checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QMenu
from pytestqt.qtbot import QtBot

from cifar_studio import paths
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.library import load
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.frame.run_header import RunHeader
from cifar_studio.ui.library.damaged_runs import DamagedRuns
from cifar_studio.ui.library.run_model import RunModel
from cifar_studio.ui.library.runs_panel import RunsPanel
from cifar_studio.ui.window.main_window import MainWindow

TINY = TrainConfig(
    architecture="mobilenet_v2", epochs=1, train_per_class=1, test_per_class=1, batch_size=50
)


def actions(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if action.text()]


def library(window: MainWindow) -> RunModel:
    return window.findChild(RunModel)


def test_that_runs_that_cannot_be_read_are_said_and_the_others_stay(
    qtbot: QtBot, make_run: Callable[..., RunFolder]
) -> None:
    good, bad = make_run("20260401_120000_resnet18"), make_run("20260402_120000_vgg11")
    model = RunModel(paths.runs_folder())
    line = DamagedRuns(model)
    qtbot.addWidget(line)
    model.refresh()
    assert line.isHidden()

    bad.config_file.write_bytes(b"{")
    bad.previous_checkpoint.write_bytes(b"")
    model.refresh()
    assert [run.path for run in model.runs] == [good.path]
    assert not line.isHidden()
    line.menu.aboutToShow.emit()
    (entry,) = line.menu.actions()
    assert entry.text() == bad.path.name
    submenu = entry.menu()
    assert isinstance(submenu, QMenu)
    fault, mend, show = actions(submenu)
    assert "is not JSON" in fault
    assert mend == "Mend it from its checkpoint"
    with qtbot.waitSignal(line.mend_requested) as wanted:
        submenu.actions()[2].trigger()
    assert wanted.args == [bad.path]
    assert show == "Open run folder"

    bad.write_config(TINY)
    model.refresh()
    assert [run.path for run in model.runs] == [bad.path, good.path]
    assert line.isHidden()


def test_that_a_run_without_a_checkpoint_offers_no_mending(
    qtbot: QtBot, make_run: Callable[..., RunFolder]
) -> None:
    make_run().config_file.write_bytes(b"?")
    model = RunModel(paths.runs_folder())
    line = DamagedRuns(model)
    qtbot.addWidget(line)
    model.refresh()
    line.menu.aboutToShow.emit()
    submenu = line.menu.actions()[0].menu()
    assert isinstance(submenu, QMenu)
    assert actions(submenu)[1:] == ["Open run folder"]


@pytest.mark.real_worker
@pytest.mark.usefixtures("no_spare_worker")
def test_that_a_finished_run_is_mended_from_its_checkpoint(
    window: MainWindow, qtbot: QtBot, shared_cache: Path
) -> None:
    window.open_library()
    with qtbot.waitSignal(window.parts.selection.selected_changed, timeout=60_000):
        window.parts.controller.start(PlannedRun(TINY, "demo"))
    path = window.parts.selection.selected
    assert path is not None
    qtbot.waitUntil(lambda: not window.parts.controller.is_busy, timeout=60_000)
    folder = RunFolder(path)
    rows = folder.read_epochs()
    folder.config_file.write_bytes(b"{")
    folder.epochs_file.write_bytes(b"")
    window.parts.model.refresh()
    assert [run.path for run in library(window).damaged] == [path]

    window.run_actions.mend(path)
    qtbot.waitUntil(lambda: library(window).find(path) is not None, timeout=60_000)
    run = load(path)
    assert run.config == TINY
    assert list(run.rows) == rows
    assert run.damage == ()
    assert library(window).damaged == ()

    folder.epochs_file.write_text(folder.epochs_file.read_text().replace("1,", "7,"))
    folder.status_file.write_bytes(b"{")
    window.parts.model.refresh()
    damaged = library(window).find(path)
    assert damaged is not None
    assert damaged.damage == ("status.json cannot be read", "epochs.csv is not whole")
    panel = window.findChild(RunsPanel)
    (mend,) = (a for a in panel.menu.menu(damaged).actions() if a.text().startswith("Mend"))
    mend.trigger()
    qtbot.waitUntil(lambda: load(path).damage == (), timeout=60_000)
    assert list(load(path).rows) == rows
    assert load(path).status.state == "finished"


def test_that_a_run_that_cannot_be_mended_says_why(
    window: MainWindow, qtbot: QtBot, make_run: Callable[..., RunFolder]
) -> None:
    folder = make_run()
    folder.config_file.write_bytes(b"{")
    folder.last_checkpoint.write_bytes(b"PK")
    window.parts.model.refresh()
    window.run_actions.mend(folder.path)
    qtbot.waitUntil(
        lambda: "no checkpoint of it is whole" in window.parts.message.text, timeout=60_000
    )
    assert folder.config_file.read_bytes() == b"{"


@pytest.mark.parametrize("name", ["environment.json", "status.json"])
def test_that_the_header_says_what_else_is_damaged(
    name: str, window: MainWindow, make_run: Callable[..., RunFolder]
) -> None:
    folder = make_run()
    (folder.path / name).write_bytes(b"{")
    window.open_library()
    labels = window.findChild(RunHeader).findChildren(QLabel)
    (state,) = (label for label in labels if "partly damaged" in label.text())
    assert f"{name} cannot be read" in state.toolTip()
