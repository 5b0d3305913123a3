"""An experiment from the window's form: Start makes its folder, and the form comes back."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from cifar_studio import paths
from cifar_studio.config.experiment.axis import Axis
from cifar_studio.runner.protocol import TrainRequest
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.folder.environment import TrialOf
from cifar_studio.ui.frame.central_tabs import EXPERIMENT
from cifar_studio.ui.window.main_window import MainWindow
from scripted_worker import Stage
from ui_support import close

SEARCH = {
    "mode": "experiment",
    "method": "grid",
    "trials": None,
    "vary": {"momentum": "0.8, 0.9, 0.95", "learning_rate": "0.01, 0.02"},
}


def start(window: MainWindow) -> QPushButton:
    return next(
        button
        for button in window.parts.controls.findChildren(QPushButton)
        if button.property("primary") == "true"
    )


def test_that_start_makes_the_experiment_and_begins_its_first_trial(
    home: Path, window: MainWindow, stage: Stage
) -> None:
    assert start(window).text() == "Start"
    window.parts.setup.show_experiment_values(SEARCH)
    assert start(window).text() == "Start experiment"
    start(window).click()
    state = ExperimentFolder(paths.experiments_folder() / "search-resnet18").read()
    assert state.experiment.axes == (
        Axis(key="learning_rate", values=(0.01, 0.02)),
        Axis(key="momentum", values=(0.8, 0.9, 0.95)),
    )
    assert [trial.parameters for trial in state.trials][:2] == [
        {"learning_rate": 0.01, "momentum": 0.8},
        {"learning_rate": 0.01, "momentum": 0.9},
    ]
    assert len(state.trials) == 6
    assert {trial.state for trial in state.trials} == {"planned"}
    assert window.parts.setup.experiment_values()["name"] == ""
    planned = window.parts.setup.planned_experiment()
    assert planned is not None
    assert planned[0] == "search-resnet18-2"
    (request,) = stage.asked()
    assert isinstance(request, TrainRequest)
    assert request.trial == TrialOf(experiment="search-resnet18", trial=1)
    assert request.config.test == "never"
    assert window.parts.tabs.tab == EXPERIMENT
    assert window.parts.controller.queue.runs == (), "no single run was started beside it"


def test_that_an_experiment_with_a_fault_is_not_begun(home: Path, window: MainWindow) -> None:
    window.parts.setup.show_experiment_values({"mode": "experiment"})
    assert not start(window).isEnabled()
    window.commands.start()
    assert not paths.experiments_folder().exists()
    window.parts.setup.show_experiment_values({})
    assert start(window).isEnabled()
    assert start(window).text() == "Start"


def test_that_a_folder_that_cannot_be_made_is_said(home: Path, window: MainWindow) -> None:
    window.parts.setup.show_experiment_values(SEARCH)
    planned = window.parts.setup.planned_experiment()
    assert planned is not None
    paths.experiments_folder().parent.mkdir(parents=True, exist_ok=True)
    paths.experiments_folder().write_text("in the way")
    window.experiments.start(*planned)
    assert "no experiment can be made" in window.parts.message.text


def test_that_the_form_of_an_experiment_comes_back_at_the_next_start(
    qtbot: QtBot, home: Path, shared_cache: Path
) -> None:
    window = MainWindow()
    window.show()
    window.parts.setup.show_experiment_values(SEARCH | {"name": "my search"})
    kept = window.parts.setup.experiment_values()
    close(qtbot, window)
    again = MainWindow()
    again.show()
    assert again.parts.setup.experiment_values() == kept
    assert start(again).text() == "Start experiment"
    close(qtbot, again)
    window.deleteLater()
    again.deleteLater()
