"""What a person adds to a run: its name, notes and star."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QInputDialog, QMessageBox, QWidget

from cifar_studio.runs import wording
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.folder.run_folder import RunFolder

MOST_LETTERS = 200
MOST_NOTES = 20_000


class RunNotes(QObject):
    """Asks for them and writes them into the run's folder.

    Signals
    -------
    written(Path)
        Into the folder of this run.
    """

    written = Signal(object)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window

    def rename(self, run: Run) -> None:
        name, accepted = QInputDialog.getText(
            self._window, "Rename", "Name of the run:", text=wording.run_title(run)
        )
        if accepted:
            self._write(run, name=name.strip()[:MOST_LETTERS])

    def edit(self, run: Run) -> None:
        """Ask for the notes."""
        text, accepted = QInputDialog.getMultiLineText(
            self._window, "Notes", f"Notes on {wording.dated_title(run)}:", run.notes.notes
        )
        if accepted:
            self._write(run, notes=text.strip()[:MOST_NOTES])

    def toggle_star(self, run: Run) -> None:
        self._write(run, star=not run.notes.star)

    def _write(self, run: Run, **changes: object) -> None:
        try:
            RunFolder(run.path).write_notes(msgspec.structs.replace(run.notes, **changes))
        except OSError as error:
            QMessageBox.warning(
                self._window, "Not kept", f"{run.path} cannot be written ({error.strerror})."
            )
        self.written.emit(run.path)
