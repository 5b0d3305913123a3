"""Lets the selected run's network name what is in a person's own pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QDir, QObject, QTemporaryDir, Signal
from PySide6.QtGui import QImage

from cifar_studio.data.names import names_of
from cifar_studio.runner.protocol import PredictRequest
from cifar_studio.runner.worker_process import new_id
from cifar_studio.runs import wording
from cifar_studio.runs.answers import PictureRefused, Predicted, RequestFailed
from cifar_studio.runs.folder.library import Run
from cifar_studio.ui.pictures.data.answers import Answer
from cifar_studio.ui.pictures.data.picture_set import SIDE_PX
from cifar_studio.ui.pictures.detail.own_pictures import OwnPicture, OwnPictures
from cifar_studio.ui.pictures.view import PicturesView
from cifar_studio.ui.workers.helper_worker import HelperWorker

NO_RUN = "Choose a run under Runs first: its network names what is in your pictures."
MOST_REPORTED = 3


class OwnPictureAnswers(QObject):
    """Asks about the pictures that were opened, dropped or pasted; anew where the run changes.

    Signals
    -------
    failed(str)
        Which files are no pictures, or why no network answers.
    """

    failed = Signal(str)

    def __init__(
        self, view: PicturesView, helper: HelperWorker, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._helper = helper
        self._run: Run | None = None
        self._names: dict[str, str] = {}  # of the files asked about, in their order
        self._refused: list[str] = []
        self._own = OwnPictures((), is_demo=False)
        self._round = 0  # what comes back for another run than the present one is passed over
        self._pasted: QTemporaryDir | None = None
        view.intake.opened.connect(self.ask)
        view.intake.pasted.connect(self.paste)
        view.controls.clear_clicked.connect(self.clear)
        self._show()

    def show_run(self, run: Run | None) -> None:
        """Another run answers from now on."""
        is_same = run is not None and self._run is not None and run.path == self._run.path
        self._run = run
        if not is_same:
            self._begin(list(self._names))

    def ask(self, paths: Sequence[str]) -> None:
        """Ask about more files; those that are there already are not asked about again."""
        new = [path for path in dict.fromkeys(paths) if path not in self._names]
        self._names.update({path: Path(path).name for path in new})
        self._send(new)
        self._show()

    def paste(self, image: QImage) -> None:
        """Ask about a picture from the clipboard."""
        if self._pasted is None:
            self._pasted = QTemporaryDir(QDir.tempPath() + "/cifar-studio-XXXXXX")
        number = sum(name.startswith("Pasted ") for name in self._names.values()) + 1
        path = self._pasted.filePath(f"{new_id()}.png")
        if not image.save(path):
            self.failed.emit(f"The picture cannot be kept in {self._pasted.path()}. Free space.")
            return
        self._names[path] = f"Pasted {number}"
        self._send([path])
        self._show()

    def clear(self) -> None:
        """Forget all of them."""
        self._names.clear()
        self._begin([])

    def _begin(self, paths: list[str]) -> None:
        """Answers of the present run alone from now on."""
        self._round += 1
        data = self._run.data_name if self._run is not None else ""
        names = names_of(data).class_titles
        facts = self._run.environment.data if self._run and self._run.environment else None
        self._own = OwnPictures(names, is_demo=facts is not None and facts.is_demo)
        self._send(paths)
        self._show()

    def _send(self, paths: list[str]) -> None:
        if self._run is None or not paths:
            return
        self._refused = []
        asked = self._round
        request = PredictRequest(id=new_id(), folder=str(self._run.path), pictures=paths)
        self._helper.ask(request, lambda event: self._on_event(asked, event))

    def _show(self) -> None:
        note = NO_RUN if self._run is None and self._names else ""
        waiting = len(self._names) - len(self._own) if self._run is not None else 0
        name = wording.run_title(self._run) if self._run is not None else ""
        self._view.show_own(self._own, name, note or (f"{waiting} to come…" if waiting else ""))

    def _on_event(self, asked: int, event: object) -> None:
        if asked != self._round:
            return
        if isinstance(event, Predicted):
            if event.picture in self._names:
                self._own.add(self._picture(event))
                self._show()
                if self._names[event.picture] != Path(event.picture).name:
                    self._view.grid.set_current(len(self._own) - 1)  # just pasted
                return
        elif isinstance(event, PictureRefused):
            self._names.pop(event.picture, None)
            self._refused.append(f"{event.message}. {event.remedy}.")
            return
        elif isinstance(event, RequestFailed):
            for path in [*self._names][len(self._own) :]:
                self._names.pop(path)
            self.failed.emit(wording.failure(event))
        else:
            self._report_refused()
        self._show()

    def _picture(self, event: Predicted) -> OwnPicture:
        pixels = np.frombuffer(event.pixels, dtype=np.uint8).reshape(SIDE_PX, SIDE_PX, 3)
        answer = Answer(event.classes, event.probabilities)
        name = self._names[event.picture]
        is_file = name == Path(event.picture).name
        return OwnPicture(event.picture, name, pixels, answer, is_file)

    def _report_refused(self) -> None:
        reported = self._refused[:MOST_REPORTED]
        more = len(self._refused) - len(reported)
        if reported:
            self.failed.emit(" ".join(reported) + (f" And {more} more." if more else ""))
        self._refused = []
