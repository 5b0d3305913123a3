"""Takes in what a person opens or drops: runs, bundles, copies of CIFAR-100, pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QObject
from PySide6.QtWidgets import QFileDialog

from cifar_studio import paths
from cifar_studio.data.cifar100.places import is_archive
from cifar_studio.runs.bundle.manifest import SUFFIX
from cifar_studio.runs.folder.run_folder import is_run_folder
from cifar_studio.ui.controllers.run_bundles import is_bundle
from cifar_studio.ui.frame.central_tabs import PICTURES

if TYPE_CHECKING:
    from cifar_studio.ui.window.main_window import MainWindow


class TakingIn(QObject):
    """Asks for files, and gives whatever comes to the part of the window that it is for."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def ask_run_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self._window, "Open a run folder", str(paths.runs_folder())
        )
        if chosen:
            self.take([Path(chosen)])

    def ask_bundles(self) -> None:
        kinds = f"Runs of CIFAR Studio (*{SUFFIX})"
        chosen, _ = QFileDialog.getOpenFileNames(self._window, "Open runs", "", kinds)
        self.take([Path(name) for name in chosen])

    def ask_pictures(self) -> None:
        self._window.show_tab(PICTURES)
        self._window.looking.pictures.intake.open()

    def ask_data(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self._window, "The folder cifar-100-python")
        if chosen:
            self._window.data_bar.take(Path(chosen))

    def can_take(self, dropped: QMimeData) -> bool:
        return bool(_files_of(dropped))

    def take_dropped(self, dropped: QMimeData) -> None:
        self.take(_files_of(dropped))

    def take(self, files: Sequence[Path]) -> None:
        """A run is shown, a copy of CIFAR-100 read, all else looked at as pictures."""
        if not files:
            return
        window, first = self._window, files[0]
        if bundles := [path for path in files if is_bundle(path)]:
            window.run_actions.open_bundles(bundles)
        elif is_run_folder(first):
            window.selection.select(first)
        elif first.is_dir() or is_archive(first):
            window.data_bar.take(first)
        else:
            window.show_tab(PICTURES)
            window.looking.pictures.intake.take([str(path) for path in files])


def _files_of(dropped: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in dropped.urls() if url.isLocalFile()]
