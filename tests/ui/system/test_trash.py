"""Runs that are deleted lie in the system's bin, and come back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from cifar_studio import paths
from cifar_studio.errors import RunFolderError
from cifar_studio.runs import wording
from cifar_studio.runs.folder.library import load
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.ui.controllers.deleting import Deleting
from cifar_studio.ui.system.trash import move_to_bin, restore
from cifar_studio.ui.widgets.message_bar import MessageBar
from experiments_support import make_search

Maker = Callable[..., RunFolder]


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_that_a_run_comes_back_as_it_was(make_run: Maker, home: Path, qapp: object) -> None:
    folder = make_run().path
    before = content(folder)
    deleted = move_to_bin(folder)
    assert not folder.exists()
    assert deleted.in_bin is not None
    assert content(deleted.in_bin) == before
    assert deleted.in_bin.is_relative_to(home), "the bin of this person, not of another one"
    restore(deleted)
    assert content(folder) == before
    assert not list(home.rglob("*.trashinfo")), "the bin would show a file that is not there"


def test_that_a_run_in_use_stays(make_run: Maker, qapp: object) -> None:
    folder = make_run()
    with folder.hold(), pytest.raises(RunFolderError, match="in use"):
        move_to_bin(folder.path)
    assert folder.path.exists()


def test_that_a_run_that_is_gone_is_said_to_be(make_run: Maker, qapp: object) -> None:
    with pytest.raises(RunFolderError, match="gone"):
        move_to_bin(paths.runs_folder() / "20260401_120000_resnet18")


def test_that_nothing_is_written_over(make_run: Maker, qapp: object) -> None:
    folder = make_run().path
    deleted = move_to_bin(folder)
    other = make_run().path
    before = content(other)
    with pytest.raises(RunFolderError, match="another"):
        restore(deleted)
    assert content(other) == before
    assert deleted.in_bin is not None
    assert deleted.in_bin.exists()


def test_that_an_emptied_bin_is_said(make_run: Maker, qapp: object) -> None:
    deleted = move_to_bin(make_run().path)
    assert deleted.in_bin is not None
    for path in deleted.in_bin.iterdir():
        path.unlink()
    deleted.in_bin.rmdir()
    with pytest.raises(RunFolderError, match="cannot be found"):
        restore(deleted)


def test_that_two_runs_are_deleted_and_undone_at_once(make_run: Maker, qtbot: QtBot) -> None:
    folders = [make_run(f"2026040{day}_120000_resnet18").path for day in (1, 2)]
    message = MessageBar()
    qtbot.addWidget(message)
    deleting = Deleting(message, message)
    with qtbot.waitSignal(deleting.changed):
        deleting.delete({folder: folder.name for folder in folders})
    assert not any(folder.exists() for folder in folders)
    assert message.text == "2 runs are in the system's bin."
    assert message.action_texts == ("Undo",)
    with qtbot.waitSignal(deleting.changed):
        message.act()
    assert all(folder.exists() for folder in folders)


def test_that_one_of_two_that_cannot_be_deleted_is_named(make_run: Maker, qtbot: QtBot) -> None:
    free = make_run("20260401_120000_resnet18")
    held = make_run("20260402_120000_resnet18")
    message = MessageBar()
    qtbot.addWidget(message)
    titles = {folder.path: wording.dated_title(load(folder.path)) for folder in (free, held)}
    with held.hold():
        Deleting(message, message).delete(titles)
    assert not free.path.exists()
    assert held.path.exists()
    assert message.text.startswith("ResNet18, 01 Apr 2026 12:00 is in the system's bin.")
    assert f"{held.path.name} is in use" in message.text


def test_that_an_experiment_is_deleted_and_undone_and_its_runs_stay(
    make_run: Maker, qtbot: QtBot
) -> None:
    experiment = make_search(trials=2, running=0)
    runs = [experiment.read().run_path(trial) for trial in experiment.read().trials]
    message = MessageBar()
    qtbot.addWidget(message)
    deleting = Deleting(message, message)
    deleting.delete({experiment.path: "The experiment rates"}, "Its trials stand among the runs.")
    assert not experiment.path.exists()
    assert all(run is not None and run.is_dir() for run in runs)
    assert message.text == (
        "The experiment rates is in the system's bin. Its trials stand among the runs."
    )
    message.act()
    assert len(experiment.read().trials) == 2
