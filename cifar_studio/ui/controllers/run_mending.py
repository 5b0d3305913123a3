"""Has damaged runs mended by the second worker."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from cifar_studio.runner.protocol import MendRequest
from cifar_studio.runner.worker_process import new_id
from cifar_studio.runs import wording
from cifar_studio.runs.answers import RequestFailed, RunMended
from cifar_studio.ui.workers.helper_worker import ShortWork


class Mending(QObject):
    """Asks for one run after another.

    Signals
    -------
    mended(Path)
        The run at that path can be read again.
    failed(str)
        Why one cannot be mended, for a person.
    """

    mended = Signal(object)
    failed = Signal(str)

    def __init__(self, short_work: ShortWork, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._short_work = short_work

    def mend(self, path: Path) -> None:
        """Have the settings of a run taken from its checkpoint."""
        self._short_work.ask(MendRequest(id=new_id(), folder=str(path)), self._on_event)

    def _on_event(self, event: object) -> None:
        if isinstance(event, RunMended):
            self.mended.emit(Path(event.folder))
        elif isinstance(event, RequestFailed):
            self.failed.emit(wording.failure(event))
