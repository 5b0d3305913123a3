"""Carries out what a person chooses in the menu of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QObject

from cifar_studio import paths
from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.config.presets import nearest_preset
from cifar_studio.runner.protocol import MendRequest, OpenBundleRequest
from cifar_studio.runner.worker_process import new_id
from cifar_studio.runs import wording
from cifar_studio.runs.analysis.reproduction import config_to_repeat
from cifar_studio.runs.analysis.seeds import group_by_seed, group_key, missing_seeds
from cifar_studio.runs.answers import RequestFailed, RunMended, RunOpened
from cifar_studio.runs.experiment.trials import Planned
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.controllers.deleting import Deleting
from cifar_studio.ui.controllers.experiment_actions import ExperimentActions
from cifar_studio.ui.dialogs import messages
from cifar_studio.ui.dialogs.seeds_dialog import ask_seeds
from cifar_studio.ui.frame.parts import Parts
from cifar_studio.ui.frame.side_panel import SETUP_PAGE


class RunActions(QObject):
    """Between the menu of runs and the parts that do the work."""

    def __init__(self, parts: Parts, experiments: ExperimentActions) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self._experiments = experiments
        self._deleting = Deleting(parts.message, self)
        self._deleting.changed.connect(parts.model.refresh)
        menu = parts.runs.menu
        menu.settings_requested.connect(self.use_settings)
        for requested in (menu.resume_requested, parts.header.resume_requested):
            requested.connect(self.resume)
        menu.longer_requested.connect(self._train_longer)
        menu.seeds_requested.connect(self._repeat_with_seeds)
        menu.reproduction_requested.connect(self._reproduce)
        menu.mend_requested.connect(self.mend)
        menu.delete_requested.connect(self._delete)

    def use_settings(self, run: Run) -> None:
        """Fill the form with a run's settings."""
        setup = self._parts.setup
        setup.show_config(run.config, nearest_preset(run.config).name)
        if run.data_choice == "demo":
            setup.choose_data("demo")
        self._parts.panel.show_page(SETUP_PAGE)

    def resume(self, run: Run) -> None:
        self._parts.controller.resume(str(run.path), "auto")

    def open_bundles(self, bundles: Sequence[Path]) -> None:
        """Have runs that came as files put into the library, and show the last one."""
        self._parts.status.show_word(f"Opening {bundles[0].name}…")
        for bundle in bundles:
            request = OpenBundleRequest(
                id=new_id(), bundle=str(bundle), runs=str(paths.runs_folder())
            )
            self._parts.helper.ask(request, self._on_answered)

    def mend(self, path: Path) -> None:
        """Have the settings of a damaged run taken from its checkpoint."""
        self._parts.status.show_word(f"Mending {path.name} from its checkpoint…")
        self._parts.helper.ask(MendRequest(id=new_id(), folder=str(path)), self._on_answered)

    def _train_longer(self, run: Run) -> None:
        answer = messages.ask_epochs(self._parts.window, run)
        if answer is not None:
            epochs, schedule_epochs = answer
            self._parts.controller.resume(
                str(run.path), "auto", epochs=epochs, schedule_epochs=schedule_epochs
            )

    def _repeat_with_seeds(self, run: Run) -> None:
        """Train the same settings with seeds that are not there yet."""
        runs = self._parts.model.runs
        others = [other for other in runs if group_key(other) == group_key(run)]
        (group,) = group_by_seed([run, *(other for other in others if other is not run)])
        present = {*group.seeds, run.config.seed}
        first = replace(run.config, seed=min(present))
        n = ask_seeds(self._parts.window, run, present)
        if n is None:
            return
        seeds = sorted({*present, *missing_seeds(first, n, present)})
        self._experiments.begin_or_go_on(
            f"seeds-{run.config.architecture}",
            Experiment(kind="seeds", config=first, data=run.data_choice, seeds=len(seeds)),
            [
                Planned(trial=number, parameters={"seed": seed})
                for number, seed in enumerate(seeds, 1)
            ],
        )

    def _reproduce(self, run: Run) -> None:
        """Train the same again; what came of it is said when it has ended."""
        self._parts.controller.start(
            PlannedRun(config_to_repeat(run), run.data_choice, repeats=str(run.path))
        )

    def _delete(self, runs: tuple[Run, ...]) -> None:
        selection = self._parts.selection
        gone = {run.path for run in runs}
        self._deleting.delete({run.path: wording.dated_title(run) for run in runs})
        if selection.selected in gone and not selection.selected.exists():
            left = next((run for run in self._parts.model.runs if run.path not in gone), None)
            selection.select(left.path if left is not None else None)

    def _on_answered(self, event: object) -> None:
        if isinstance(event, RunOpened):
            how = "was there already" if event.was_there else "is opened"
        elif isinstance(event, RunMended):
            how = "is whole again"
        elif isinstance(event, RequestFailed):
            self._parts.message.show_message(wording.failure(event))
            return
        else:
            return
        path = Path(event.folder)
        self._parts.status.show_word(f"{path.name} {how}")
        self._parts.model.look_at(path)
        self._parts.selection.select(path)
