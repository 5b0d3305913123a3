"""Moves runs to the system's bin, and offers to take that back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from cifar_studio.errors import RunFolderError
from cifar_studio.runs import wording
from cifar_studio.runs.folder.library import Run
from cifar_studio.ui.system.trash import Deleted, move_to_bin, restore
from cifar_studio.ui.widgets.message_bar import Action, MessageBar


class RunDeleting(QObject):
    """Runs on their way to the bin and back.

    Signals
    -------
    changed()
        The folder of runs has others in it now.
    """

    changed = Signal()

    def __init__(self, message: MessageBar, parent: QObject) -> None:
        super().__init__(parent)
        self._message = message

    def delete(self, runs: Sequence[Run]) -> None:
        """Move runs to the bin, and say so, with an Undo."""
        deleted: list[Deleted] = []
        titles: list[str] = []
        faults: list[str] = []
        for run in runs:
            try:
                deleted.append(move_to_bin(run.path))
                titles.append(wording.dated_title(run))
            except RunFolderError as error:
                faults.append(str(error))
        if deleted:
            what = f"{titles[0]} is" if len(titles) == 1 else f"{len(titles)} runs are"
            undo = Action("Undo", lambda: self._restore(deleted))
            text = " ".join((f"{what} in the system's bin.", *faults))
            self._message.show_message(text, actions=(undo,))
        elif faults:
            self._message.show_message(" ".join(faults))
        self.changed.emit()

    def _restore(self, deleted: Sequence[Deleted]) -> None:
        faults: list[str] = []
        for one in deleted:
            try:
                restore(one)
            except RunFolderError as error:
                faults.append(str(error))
        if faults:
            self._message.show_message(" ".join(faults))
        self.changed.emit()
