"""Brings the pictures of a data set into the window, without making the window wait."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from cifar_studio.data.cifar100.places import locate
from cifar_studio.data.cifar100.source import load_dataset, load_kept
from cifar_studio.data.dataset import DEMO
from cifar_studio.errors import StudioError
from cifar_studio.runner.protocol import PrepareDataRequest
from cifar_studio.runner.worker_process import new_id
from cifar_studio.runs import wording
from cifar_studio.runs.answers import DataReady, RequestFailed
from cifar_studio.runs.folder.library import Run
from cifar_studio.ui.workers.helper_worker import HelperWorker

AUTO = "auto"


class PictureLoading(QObject):
    """Maps what is in the cache at once; what has to be read or drawn first, the worker keeps.

    Signals
    -------
    loaded(Dataset)
    waiting(str)
        The pictures will take a moment; a sentence for a person.
    failed(str)
        Why there are none, and what to do.
    """

    loaded = Signal(object)
    waiting = Signal(str)
    failed = Signal(str)

    def __init__(self, helper: HelperWorker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._helper = helper
        self._asked = ""  # requested last; answers about anything else are passed over
        self._is_shown = False

    def load(self, asked: str) -> None:
        """Have "auto", "demo" or a path loaded, unless that is what was loaded last."""
        if asked == self._asked:
            return
        self._asked, self._is_shown = asked, False
        dataset = load_kept(asked)
        if dataset is not None:
            self._is_shown = True
            self.loaded.emit(dataset)
            return
        self.waiting.emit("Drawing the demo set…" if asked == DEMO else "Reading the pictures…")
        request = PrepareDataRequest(id=new_id(), data=asked)
        self._helper.ask(request, lambda event: self._on_event(asked, event))

    def forget(self) -> None:
        """The pictures on the disk are others now: look again at the next request."""
        self._asked = ""

    def _on_event(self, asked: str, event: object) -> None:
        if asked != self._asked or self._is_shown:
            return
        if isinstance(event, DataReady):
            self._take(asked)
        elif isinstance(event, RequestFailed):
            self._asked = ""
            self.failed.emit(wording.failure(event))

    def _take(self, asked: str) -> None:
        try:
            # Where the cache cannot be written, the window has to read them itself.
            dataset = load_kept(asked) or load_dataset(asked)
        except StudioError as error:
            self._asked = ""
            self.failed.emit(str(error))
            return
        self._is_shown = True
        self.loaded.emit(dataset)


def pictures_of(run: Run | None) -> str:
    """Which data a run's pictures are, as `load_dataset` takes it; else the best here.

    A run on a copy that is nowhere else keeps to the folder that it was started with.
    """
    facts = run.environment.data if run is not None and run.environment is not None else None
    if facts is not None and facts.is_demo:
        return DEMO
    if locate(AUTO) is not None:
        return AUTO
    if facts is not None and Path(facts.source).is_absolute() and locate(facts.source) is not None:
        return facts.source
    return DEMO if facts is None else AUTO
