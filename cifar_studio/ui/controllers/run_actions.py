"""Carries out what a person chooses in the menu of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace
from PySide6.QtCore import QObject

from cifar_studio import paths
from cifar_studio.config.presets import nearest_preset
from cifar_studio.runs.analysis.reproduction import config_to_repeat
from cifar_studio.runs.analysis.seeds import group_by_seed, group_key, missing_seeds
from cifar_studio.runs.folder.library import Run
from cifar_studio.ui.controllers.run_bundles import Bundles
from cifar_studio.ui.controllers.run_deleting import Deleting
from cifar_studio.ui.controllers.run_mending import Mending
from cifar_studio.ui.dialogs import messages
from cifar_studio.ui.dialogs.seeds_dialog import ask_seeds
from cifar_studio.ui.training.run_queue import PlannedRun

if TYPE_CHECKING:
    from cifar_studio.ui.library.run_menu import RunMenu
    from cifar_studio.ui.library.run_model import RunModel
    from cifar_studio.ui.window.main_window import MainWindow


class RunActions(QObject):
    """Between the menu of runs and the parts of the window that do the work."""

    def __init__(self, window: MainWindow, menu: RunMenu, model: RunModel) -> None:
        super().__init__(window)
        self._window = window
        self._model = model
        self._mending = Mending(window.short_work, self)
        self._deleting = Deleting(window.message, self)
        self._bundles = Bundles(window.short_work, paths.runs_folder(), self)
        menu.settings_wanted.connect(self.use_settings)
        menu.resume_wanted.connect(self.resume)
        menu.longer_wanted.connect(self._train_longer)
        menu.seeds_wanted.connect(self._repeat_with_seeds)
        menu.reproduction_wanted.connect(self._reproduce)
        menu.mend_wanted.connect(self.mend)
        menu.delete_wanted.connect(self._delete)
        self._deleting.changed.connect(self._model.refresh)
        self._bundles.opened.connect(self._on_opened)
        self._bundles.failed.connect(window.message.show_message)
        self._mending.mended.connect(self._on_mended)
        self._mending.failed.connect(window.message.show_message)

    def use_settings(self, run: Run) -> None:
        """Fill the form with a run's settings."""
        window = self._window
        window.setup.show_config(run.config, nearest_preset(run.config).name)
        if run.environment is not None and run.environment.data.is_demo:
            window.setup.choose_data("demo")
        window.show_setup()

    def resume(self, run: Run) -> None:
        self._window.controller.resume(str(run.path), "auto")

    def open_bundles(self, bundles: Sequence[Path]) -> None:
        """Put runs that came as files into the library, and show the last one."""
        self._window.say(f"Opening {bundles[0].name}…")
        self._bundles.open(bundles)

    def mend(self, path: Path) -> None:
        self._window.say(f"Mending {path.name} from its checkpoint…")
        self._mending.mend(path)

    def _train_longer(self, run: Run) -> None:
        epochs = messages.ask_epochs(self._window, run)
        if epochs is not None:
            self._window.controller.resume(str(run.path), "auto", epochs=epochs)

    def _repeat_with_seeds(self, run: Run) -> None:
        """Queue the same settings with seeds that are not there yet."""
        others = [other for other in self._model.runs if group_key(other) == group_key(run)]
        (group,) = group_by_seed([run, *(other for other in others if other is not run)])
        present = {*group.seeds, run.config.seed}
        first = replace(run.config, seed=min(present))
        n = ask_seeds(self._window, run, present)
        if n is None:
            return
        for seed in missing_seeds(first, n, present):
            config = replace(first, seed=seed)
            self._window.controller.start(PlannedRun(config, _data_of(run)))
        self._window.show_runs()

    def _reproduce(self, run: Run) -> None:
        """Train the same again; what came of it is said when it has ended."""
        self._window.controller.start(
            PlannedRun(config_to_repeat(run), _data_of(run), repeats=str(run.path))
        )

    def _delete(self, runs: tuple[Run, ...]) -> None:
        selection = self._window.selection
        gone = {run.path for run in runs}
        self._deleting.delete(runs)
        if selection.selected in gone and not selection.selected.exists():
            left = next((run for run in self._model.runs if run.path not in gone), None)
            selection.select(left.path if left is not None else None)

    def _on_opened(self, path: Path, was_there: bool) -> None:
        self._window.say(f"{path.name} {'was there already' if was_there else 'is opened'}")
        self._model.refresh()
        self._window.selection.select(path)

    def _on_mended(self, path: Path) -> None:
        self._window.say(f"{path.name} is whole again")
        self._model.refresh()
        self._window.selection.select(path)


def _data_of(run: Run) -> str:
    is_demo = run.environment is not None and run.environment.data.is_demo
    return "demo" if is_demo else "auto"
