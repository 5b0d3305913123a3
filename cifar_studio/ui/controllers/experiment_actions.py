"""Carries out what a person wants of experiments: start, pause, stop, more, and what follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

from msgspec.structs import replace
from PySide6.QtCore import QObject

from cifar_studio import paths
from cifar_studio.config.experiment.budget import budget_words, with_more
from cifar_studio.config.experiment.experiment import (
    MOST_TRIALS,
    Experiment,
    checked_experiment,
    planned_parameters,
)
from cifar_studio.errors import StudioError
from cifar_studio.experiments.control_file import leave_command
from cifar_studio.experiments.protocol import ExperimentChanged, ExperimentCommand
from cifar_studio.runner.protocol import ExperimentFigure
from cifar_studio.runs.experiment.experiment_folder import (
    ExperimentFolder,
    create,
    experiment_paths,
)
from cifar_studio.runs.experiment.follow_up import follow_up
from cifar_studio.runs.experiment.report import adopt_runs
from cifar_studio.runs.experiment.results import best_trial, edges
from cifar_studio.runs.experiment.same_question import found_or_created
from cifar_studio.runs.experiment.standing import winner_name
from cifar_studio.runs.experiment.trials import Planned
from cifar_studio.ui.controllers.deleting import Deleting
from cifar_studio.ui.controllers.file_saving import FileSaving
from cifar_studio.ui.controllers.run_exporting import RunExporting
from cifar_studio.ui.dialogs.question_dialog import NumberDialog
from cifar_studio.ui.frame.central_tabs import EXPERIMENT
from cifar_studio.ui.frame.parts import OnDemand, Parts
from cifar_studio.ui.widgets.message_bar import Action

if TYPE_CHECKING:
    from cifar_studio.ui.controllers.experiment_tab import ExperimentTab

MOST_SEEDS = 30
_MORE = {"seeds": 2, "trials": 10, "hours": 1}
EXPERIMENT_SUBJECT = "experiment "


class ExperimentActions(QObject):
    """Between the form, the tab and the list of experiments, and the dispatcher.

    An experiment that another process runs, such as a command line or a window that was closed, is
    told what to do through its folder.
    """

    def __init__(
        self,
        parts: Parts,
        tab: OnDemand[ExperimentTab],
        saving: FileSaving,
        exporting: RunExporting,
    ) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self._saving = saving
        self._deleting = Deleting(parts.message, self)
        self._deleting.changed.connect(parts.model.refresh)
        self._tab = tab
        parts.setup.experiment_requested.connect(self.start)
        parts.controller.experiment_changed.connect(self._on_changed)
        tab.when_built(self._serve_tab)
        menu = parts.runs.experiments_menu
        menu.go_on_requested.connect(self.go_on)
        menu.pause_requested.connect(self.pause)
        menu.stop_requested.connect(self.stop)
        menu.more_requested.connect(self.ask_more)
        menu.finish_requested.connect(self.ask_finish)
        menu.export_requested.connect(exporting.ask_experiment)
        menu.delete_requested.connect(self.delete)
        menu.command_copied.connect(lambda words: parts.status.show_word(f"Copied: {words}"))

    def find_running(self) -> None:
        """Say which experiments go on in other processes, such as a window that let them go."""
        folders = map(ExperimentFolder, experiment_paths(paths.experiments_folder()))
        for folder in folders:
            if folder.is_held():
                self._parts.message.show_notice(
                    f"The experiment {folder.name} goes on in another process: see Experiment."
                )
                self._tab.part.show(folder.path)

    @property
    def shown(self) -> Path | None:
        """The experiment in the tab."""
        return self._tab.part.path

    def start(self, name: str, experiment: Experiment) -> None:
        """Make an experiment that the form describes, and run it."""
        if self._run(create, name, experiment):
            self._parts.setup.experiment_begun()

    def begin_or_go_on(
        self, wished: str, experiment: Experiment, trials: Sequence[Planned] | None = None
    ) -> None:
        """Run an experiment of this name; where there is the very same one it goes on."""
        self._run(found_or_created, wished, experiment, trials)

    def _run(
        self,
        make: Callable[[Path, str, Experiment, Sequence[Planned]], ExperimentFolder],
        name: str,
        experiment: Experiment,
        trials: Sequence[Planned] | None = None,
    ) -> bool:
        """Make an experiment's folder, run it and show it; whether it could be made.

        Runs of these very settings that stand already are taken for its own.
        """
        planned = planned_parameters(experiment)
        known = [Planned(trial=n, parameters=values) for n, values in enumerate(planned, 1)]
        try:
            folder = make(
                paths.experiments_folder(), name, experiment, known if trials is None else trials
            )
            if experiment.kind in ("seeds", "report") and not folder.is_held():
                adopt_runs(folder)
        except StudioError as error:
            self._parts.message.show_message(str(error))
            return False
        self.go_on(folder.path)
        self.show(folder.path)
        return True

    def show(self, path: Path) -> None:
        """Show an experiment in its tab."""
        self._tab.part.show(path)
        self._parts.tabs.show_tab(EXPERIMENT)

    def go_on(self, path: Path) -> None:
        """Run an experiment, or let it go on after a pause."""
        if self._is_ours(path) or not ExperimentFolder(path).is_held():
            self._parts.controller.run_experiment(path)
        else:
            self._command(path, "continue")

    def pause(self, path: Path) -> None:
        self._command(path, "pause")

    def stop(self, path: Path) -> None:
        self._command(path, "stop_now")

    def delete(self, path: Path) -> None:
        """Move an experiment to the bin; its runs stay."""
        self._deleting.delete(
            {path: f"The experiment {path.name}"}, "Its trials stand among the runs."
        )

    def ask_more(self, path: Path) -> None:
        """Ask how much more there shall be, of what bounds the experiment, and go on."""
        try:
            experiment = ExperimentFolder(path).read_experiment()
        except StudioError as error:
            self._parts.message.show_message(str(error))
            return
        is_of_seeds = experiment.kind == "seeds"
        what = "seeds" if is_of_seeds else "trials" if experiment.trials is not None else "hours"
        dialog = NumberDialog(
            self._parts.window,
            f"More {what}",
            "Go on",
            f"{path.name} is bounded by {budget_words(experiment)}.\nHow many more {what}?",
            f"More {what}",
            (1, _MORE[what], MOST_TRIALS),
        )
        if dialog.is_answered():
            try:
                more = with_more(experiment, **{what: dialog.number})
            except StudioError as error:
                self._parts.message.show_message(str(error))
            else:
                self._change(path, more)

    def ask_finish(self, path: Path) -> None:
        """Ask with how many seeds the winner shall be trained, and train it."""
        dialog = NumberDialog(
            self._parts.window,
            "Train the winner",
            "Train",
            "The settings that won are trained on all training pictures, and the test set\n"
            "is looked at once, at the end of each training. With how many seeds?",
            "Seeds",
            (1, 3, MOST_SEEDS),
        )
        if not dialog.is_answered():
            return
        try:
            state = ExperimentFolder(path).read()
            experiment = follow_up(state, dialog.number)
        except StudioError as error:
            self._parts.message.show_message(str(error))
            return
        self.begin_or_go_on(winner_name(state), experiment)

    def widen(self, path: Path, key: str) -> None:
        """Search a range farther out, with half as many trials again."""
        try:
            state = ExperimentFolder(path).read()
        except StudioError as error:
            self._parts.message.show_message(str(error))
            return
        best = best_trial(state.trials, state.experiment)
        found = [] if best is None else edges(best, state.experiment)
        wider = {edge.axis.key: edge.wider for edge in found}
        if key not in wider:
            return
        axes = tuple(wider[key] if axis.key == key else axis for axis in state.experiment.axes)
        have = len(state.trials)
        more = replace(state.experiment, axes=axes, trials=have + max(1, have // 2))
        self._change(path, more)

    def _change(self, path: Path, experiment: Experiment) -> None:
        try:
            ExperimentFolder(path).write_experiment(checked_experiment(experiment))
        except StudioError as error:
            self._parts.message.show_message(str(error))
        except OSError as error:
            self._parts.message.show_message(
                f"{path} cannot be written ({error.strerror or error}). Free space there."
            )
        else:
            self.go_on(path)

    def _serve_tab(self, tab: ExperimentTab) -> None:
        view = tab.view
        for requested, act in (
            (view.pause_requested, self.pause),
            (view.go_on_requested, self.go_on),
            (view.stop_requested, self.stop),
            (view.more_requested, self.ask_more),
            (view.finish_requested, self.ask_finish),
        ):
            requested.connect(lambda act=act: act(tab.path) if tab.path is not None else None)
        view.widen_requested.connect(
            lambda key: self.widen(tab.path, key) if tab.path is not None else None
        )
        view.save_requested.connect(lambda key: self._save(tab, key))

    def _save(self, tab: ExperimentTab, key: str) -> None:
        """Keep the table, or the figure of this key, as a file."""
        if tab.path is None:
            return
        if key in get_args(ExperimentFigure):
            self._saving.save_experiment_figure(tab.path, cast(ExperimentFigure, key))
        else:
            self._saving.save_table(tab.view.table.as_table("trials"), tab.path.name)

    def _is_ours(self, path: Path) -> bool:
        """Whether this window's dispatcher runs it."""
        told = self._parts.controller.experiments.get(path.name)
        return told is not None and told.activity != "ended" and Path(told.folder) == path

    def _command(self, path: Path, command: ExperimentCommand) -> None:
        if self._is_ours(path):
            self._parts.controller.command_experiment(path.name, command)
            return
        try:
            leave_command(ExperimentFolder(path), command)
        except StudioError as error:
            self._parts.message.show_message(str(error))

    def _on_changed(self, event: ExperimentChanged) -> None:
        """Say why an experiment paused by itself, and that it has ended."""
        message, subject = self._parts.message, EXPERIMENT_SUBJECT + event.folder
        path = Path(event.folder)
        if self._tab.built is not None:
            self._tab.built.look()
        if event.message and event.activity == "paused":
            message.show_message(
                f"{event.name} has paused: {event.message[:1].lower()}{event.message[1:]}. "
                f"{event.remedy}.",
                actions=(Action("Go on", lambda: self.go_on(path)),),
                subject=subject,
            )
        elif event.activity == "running":
            message.withdraw(subject)
        elif event.activity == "ended":
            message.withdraw(subject)
            self._parts.status.show_word(f"{event.name} {self._how_ended(path)}")

    def _how_ended(self, path: Path) -> str:
        try:
            state = ExperimentFolder(path).read()
        except StudioError:
            return "has ended"
        failed = sum(trial.state == "failed" for trial in state.trials)
        left = "stopped" if state.order else "finished"
        return f"{left}, {failed} failed" if failed else left
