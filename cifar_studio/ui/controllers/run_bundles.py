"""Has runs that came as one file put into the library by the second worker."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from cifar_studio.runner.protocol import OpenBundleRequest
from cifar_studio.runner.worker_process import new_id
from cifar_studio.runs import wording
from cifar_studio.runs.answers import RequestFailed, RunOpened
from cifar_studio.runs.bundle.manifest import SUFFIX
from cifar_studio.ui.workers.helper_worker import ShortWork


class Bundles(QObject):
    """Opens one after another.

    Signals
    -------
    opened(Path, bool)
        The run folder, and whether it was there before.
    failed(str)
        Why one cannot be opened, for a person.
    """

    opened = Signal(object, bool)
    failed = Signal(str)

    def __init__(self, short_work: ShortWork, runs: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._short_work = short_work
        self._runs = runs

    def open(self, paths: Sequence[Path]) -> None:
        for path in paths:
            request = OpenBundleRequest(id=new_id(), bundle=str(path), runs=str(self._runs))
            self._short_work.ask(request, self._on_event)

    def _on_event(self, event: object) -> None:
        if isinstance(event, RunOpened):
            self.opened.emit(Path(event.folder), event.was_there)
        elif isinstance(event, RequestFailed):
            self.failed.emit(wording.failure(event))


def is_bundle(path: Path) -> bool:
    """By its name: whether it is one is seen when it is opened."""
    return path.suffix.lower() == SUFFIX and not path.is_dir()
