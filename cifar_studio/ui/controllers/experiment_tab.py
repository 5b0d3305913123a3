"""Keeps the tab Experiment in step with the folder of the experiment that it shows."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from cifar_studio import paths
from cifar_studio.errors import StudioError
from cifar_studio.runs.experiment.experiment_folder import experiment_paths
from cifar_studio.runs.experiment.growing_experiment import stamp_of
from cifar_studio.ui.experiment.reader import ExperimentReader
from cifar_studio.ui.experiment.view import ExperimentView
from cifar_studio.ui.frame.parts import Parts

LOOK_MS = 1000
READ_ON_MS = 10


class ExperimentTab(QObject):
    """Owns the view. Until somebody chooses one it shows the newest experiment there is."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self.view = ExperimentView()
        self._reader: ExperimentReader | None = None
        self._is_chosen = False
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.look)
        parts.tabs.tab_changed.connect(self._on_tab_changed)
        parts.selection.selected_changed.connect(self.view.select_run)
        self.view.run_chosen.connect(parts.selection.select)
        self.view.select_run(parts.selection.selected)
        self.look()

    @property
    def path(self) -> Path | None:
        """The folder of the experiment that is shown."""
        return self._reader.path if self._reader is not None else None

    def show(self, path: Path) -> None:
        """Show the experiment in this folder from now on."""
        self._is_chosen = True
        self._take(path)
        self.look()

    def look(self) -> None:
        """Read what is new, and look again soon while anybody sees it."""
        if not self._is_chosen:
            self._take_newest()
        is_whole = True
        if self._reader is not None:
            try:
                data = self._reader.read()
            except StudioError as error:
                self._on_unreadable(str(error))
            else:
                is_whole = data.is_whole
                self.view.show_experiment(data)
        if self.view.isVisible():
            self._timer.start(LOOK_MS if is_whole else READ_ON_MS)

    def _on_tab_changed(self) -> None:
        if self.view.isVisible():
            self.look()

    def _take_newest(self) -> None:
        """The experiment of which something was written last; one that is held stays."""
        shown = self.view.data
        if self._reader is not None and shown is not None and shown.state.is_held:
            return
        known = experiment_paths(paths.experiments_folder())
        newest = max(known, key=lambda path: stamp_of(path / "trials.jsonl") or (0,), default=None)
        if newest is not None:
            self._take(newest)
        elif self._reader is not None:
            self._reader = None
            self.view.show_experiment(None)

    def _take(self, path: Path) -> None:
        if path != self.path:
            self._reader = ExperimentReader(path)

    def _on_unreadable(self, fault: str) -> None:
        """It was deleted, or is damaged: say so once, and show the next one there is."""
        if self._is_chosen:
            self._parts.message.show_message(fault)
        self._is_chosen, self._reader = False, None
        self.view.show_experiment(None)
