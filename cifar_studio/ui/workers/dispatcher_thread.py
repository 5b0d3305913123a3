"""The thread that owns the dispatcher's process and turns what it says into signals."""

from __future__ import annotations

from PySide6.QtCore import QObject, QThread, Signal
from typing_extensions import override

from cifar_studio.experiments.client import DispatcherProcess
from cifar_studio.experiments.protocol import AnyDispatchRequest


class DispatcherThread(QThread):
    """Owns one dispatcher; its `run` reads what the process says until it ends.

    Raises WorkerError where the process cannot be started.

    Signals
    -------
    said(int, Event)
        What happens, with the id of the training that it is of; 0 for none.
    gone(DispatcherThread)
        The process has ended, or was let go, and this thread has ended; it may be deleted.
    """

    said = Signal(int, object)
    gone = Signal(object)

    def __init__(self, runs_folder: str, parent: QObject) -> None:
        super().__init__(parent)
        self._process = DispatcherProcess(runs=runs_folder)
        self.setObjectName(f"dispatcher {self._process.pid}")
        self.finished.connect(self._on_finished)

    @override
    def run(self) -> None:
        for envelope in self._process.events():
            self.said.emit(envelope.id, envelope.event)

    def ask(self, request: AnyDispatchRequest) -> None:
        """Send a request. Raises BadInputError."""
        self._process.ask(request)

    def close(self) -> None:
        """Let every training be saved, and the process end; `gone` follows."""
        self._process.close()

    def let_go(self) -> None:
        """Let it go on without the window until its experiments are done; `gone` follows."""
        self._process.let_go()

    def kill(self) -> None:
        """End the process and everything that trains at once."""
        self._process.kill()

    def _on_finished(self) -> None:
        self.wait()  # `finished` comes a moment before the thread's very end
        self.gone.emit(self)
