"""Has the repeated pictures of the shown data set found, and lists them."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from cifar_studio.data.dataset import DEMO
from cifar_studio.data.repeats.kept_repeats import read_kept
from cifar_studio.runner.protocol import FindRepeatsRequest
from cifar_studio.runner.worker_process import new_id
from cifar_studio.runs import wording
from cifar_studio.runs.answers import Cancelled, DataProgressed, RepeatsFound, RequestFailed
from cifar_studio.ui.controllers.latest_request import LatestRequest
from cifar_studio.ui.pictures.data.picture_set import PictureSet
from cifar_studio.ui.pictures.repeats.repeats_dialog import RepeatsDialog
from cifar_studio.ui.workers.helper_worker import HelperWorker

CANNOT_READ = "The pairs were found, but the file that keeps them cannot be read."


class RepeatsFinding(QObject):
    """Owns the list, and asks the second worker where the pairs are not known yet.

    Signals
    -------
    pair_opened(int, int)
        Two pictures that are to be looked at, by reference.
    table_requested(Table)
        The list is to be kept as a file.
    """

    pair_opened = Signal(int, int)
    table_requested = Signal(object)

    def __init__(self, helper: HelperWorker, window: QWidget) -> None:
        super().__init__(window)
        self._request = LatestRequest(helper)
        self._window = window
        self._dialog: RepeatsDialog | None = None
        self._pictures: PictureSet | None = None
        self._data = ""

    def show(self, pictures: PictureSet, data: str) -> None:
        """List the pairs of a set; `data` is what `load_dataset` takes for it."""
        self._pictures, self._data = pictures, DEMO if pictures.is_demo else data
        dialog = self.dialog
        dialog.show()
        dialog.raise_()
        self._find()

    @property
    def dialog(self) -> RepeatsDialog:
        """The list, made when it is first asked for."""
        if self._dialog is None:
            self._dialog = RepeatsDialog(self._window)
            self._dialog.find_requested.connect(self._find)
            self._dialog.rejected.connect(self._request.cancel)
            self._dialog.table.pair_opened.connect(self.pair_opened)
            self._dialog.table_requested.connect(self.table_requested)
        return self._dialog

    def _find(self) -> None:
        if self._pictures is None:
            return
        self._request.cancel()
        self.dialog.begin(self._pictures)
        kept = read_kept(self._pictures.dataset)
        if kept is not None:
            self.dialog.show_repeats(kept)
            return
        request = FindRepeatsRequest(id=new_id(), data=self._data)
        self._request.ask(request, self._on_event)

    def _on_event(self, event: object) -> None:
        if isinstance(event, DataProgressed):
            self.dialog.show_progress(event.done, event.total)
        elif isinstance(event, RepeatsFound):
            kept = read_kept(self._pictures.dataset) if self._pictures is not None else None
            if kept is not None:
                self.dialog.show_repeats(kept)
            else:
                self.dialog.show_failure(CANNOT_READ)
        elif isinstance(event, RequestFailed):
            self.dialog.show_failure(wording.failure(event))
        elif isinstance(event, Cancelled):
            self.dialog.show_failure("Cancelled.")
