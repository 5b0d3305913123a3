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
from cifar_studio.ui.controllers.run_actions import RunActions
from cifar_studio.ui.frame.central_tabs import PICTURES
from cifar_studio.ui.frame.parts import OnDemand, Parts

if TYPE_CHECKING:
    from cifar_studio.ui.controllers.pictures_and_confusion import PicturesAndConfusion


class IncomingFiles(QObject):
    """Asks for files, and gives whatever comes to the part of the window that it is for."""

    def __init__(
        self,
        parts: Parts,
        actions: RunActions,
        pictures_and_confusion: OnDemand[PicturesAndConfusion],
    ) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self._actions = actions
        self._pictures_and_confusion = pictures_and_confusion

    def ask_run_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self._parts.window, "Open a run folder", str(paths.runs_folder())
        )
        if chosen:
            self.take([Path(chosen)])

    def ask_bundles(self) -> None:
        kinds = f"Runs of CIFAR Studio (*{SUFFIX})"
        chosen, _ = QFileDialog.getOpenFileNames(self._parts.window, "Open runs", "", kinds)
        self.take([Path(name) for name in chosen])

    def ask_pictures(self) -> None:
        self._parts.tabs.show_tab(PICTURES)
        self._pictures_and_confusion.part.pictures.intake.open()

    def ask_data(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self._parts.window, "The folder cifar-100-python")
        if chosen:
            self._parts.data_bar.take(Path(chosen))

    def can_take(self, dropped: QMimeData) -> bool:
        return bool(_files_of(dropped))

    def take_dropped(self, dropped: QMimeData) -> None:
        self.take(_files_of(dropped))

    def take(self, files: Sequence[Path]) -> None:
        """A run is shown, a copy of CIFAR-100 read, all else looked at as pictures."""
        if not files:
            return
        first = files[0]
        if bundles := [path for path in files if is_bundle(path)]:
            self._actions.open_bundles(bundles)
        elif is_run_folder(first):
            self._parts.selection.select(first)
        elif first.is_dir() or is_archive(first):
            self._parts.data_bar.take(first)
        else:
            self._parts.tabs.show_tab(PICTURES)
            self._pictures_and_confusion.part.pictures.intake.take([str(path) for path in files])


def is_bundle(path: Path) -> bool:
    """By its name: whether it is one is seen when it is opened."""
    return path.suffix.lower() == SUFFIX and not path.is_dir()


def _files_of(dropped: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in dropped.urls() if url.isLocalFile()]
