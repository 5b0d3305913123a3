"""Runs and experiments on their way to the system's bin and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from cifar_studio.errors import RunFolderError
from cifar_studio.ui.system.trash import Deleted, move_to_bin, restore
from cifar_studio.ui.widgets.message_bar import Action, MessageBar


class Deleting(QObject):
    """Moves folders to the bin and says so.

    Signals
    -------
    changed()
        There are other folders now.
    """

    changed = Signal()

    def __init__(self, message: MessageBar, parent: QObject) -> None:
        super().__init__(parent)
        self._message = message

    def delete(self, titles: Mapping[Path, str], left: str = "") -> None:
        """Move folders to the bin, and say so, with an Undo.

        Parameters
        ----------
        titles : mapping of Path to str
            What is to be deleted, and what it is called.
        left : str
            A sentence on what stays; empty where nothing does.
        """
        deleted: list[Deleted] = []
        gone: list[str] = []
        faults: list[str] = []
        for path, title in titles.items():
            try:
                deleted.append(move_to_bin(path))
                gone.append(title)
            except RunFolderError as error:
                faults.append(str(error))
        if deleted:
            what = f"{gone[0]} is" if len(gone) == 1 else f"{len(gone)} runs are"
            undo = Action("Undo", lambda: self._restore(deleted))
            parts = (f"{what} in the system's bin.", left, *faults)
            self._message.show_message(" ".join(filter(None, parts)), actions=(undo,))
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
