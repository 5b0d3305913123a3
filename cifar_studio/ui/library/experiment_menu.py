"""What can be done with an experiment: one menu, of what makes sense as it stands."""

from __future__ import annotations

import shlex

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from cifar_studio.runs.experiment.experiment_folder import ExperimentState
from cifar_studio.runs.experiment.standing import Step, step_tip, step_words, steps
from cifar_studio.ui.library.experiment_entry import ShownExperiment
from cifar_studio.ui.system.desktop import open_folder


class ExperimentMenu(QObject):
    """Fills menus, and tells what was chosen.

    Signals
    -------
    show_requested(Path)
        Show what its trials say together.
    go_on_requested(Path), pause_requested(Path), stop_requested(Path)
    more_requested(Path)
        Train more trials than were planned.
    finish_requested(Path)
        Train its winner, or the settings of its folds, on all pictures.
    export_requested(Path)
    command_copied(str)
        The command that goes on with it is on the clipboard.
    delete_requested(Path)
    """

    show_requested = Signal(object)
    go_on_requested = Signal(object)
    pause_requested = Signal(object)
    stop_requested = Signal(object)
    more_requested = Signal(object)
    finish_requested = Signal(object)
    export_requested = Signal(object)
    command_copied = Signal(str)
    delete_requested = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._requested = {
            "go_on": self.go_on_requested,
            "pause": self.pause_requested,
            "stop": self.stop_requested,
            "more": self.more_requested,
            "finish": self.finish_requested,
        }

    def fill(self, menu: QMenu, experiment: ShownExperiment) -> None:
        """Put into a menu what can be done with an experiment."""
        state, path = experiment.state, experiment.state.path
        menu.clear()
        menu.setToolTipsVisible(True)
        menu.addAction("Show", lambda: self.show_requested.emit(path))
        menu.addSeparator()
        for step in steps(state, experiment.stage):
            self._add(menu, step, experiment)
        menu.addSeparator()
        menu.addAction("Export…", lambda: self.export_requested.emit(path))
        menu.addAction("Copy as command", lambda: self._copy_command(state))
        menu.addAction("Open its folder", lambda: open_folder(path))
        menu.addSeparator()
        delete = menu.addAction("Move to the bin", lambda: self.request_delete(experiment))
        delete.setEnabled(not state.is_held)
        if state.is_held:
            delete.setToolTip("Its trials are being trained; stop it first")

    def request_delete(self, experiment: ShownExperiment) -> None:
        """Ask for it to be deleted, unless somebody works on it."""
        if not experiment.state.is_held:
            self.delete_requested.emit(experiment.state.path)

    def _add(self, menu: QMenu, step: Step, experiment: ShownExperiment) -> None:
        state, now = experiment.state, experiment.stage
        requested = self._requested[step]
        action = menu.addAction(step_words(step, state, now), lambda: requested.emit(state.path))
        action.setToolTip(step_tip(step, now))

    def _copy_command(self, state: ExperimentState) -> None:
        command = shlex.join(["cifar-studio", "experiment", "run", state.name])
        QGuiApplication.clipboard().setText(command)
        self.command_copied.emit(command)
