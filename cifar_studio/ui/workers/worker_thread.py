"""Threads that own worker processes and turn what they say into signals."""

from __future__ import annotations

from PySide6.QtCore import QObject, QThread, Signal
from typing_extensions import override

from cifar_studio.runner.protocol import (
    AnyRequest,
    Command,
    Envelope,
)
from cifar_studio.runner.worker_process import WorkerProcess
from cifar_studio.runs.folder.events import WorkerReady

HELPER_NICENESS = 10


class WorkerThread(QThread):
    """Owns one worker process; its `run` reads what the worker says until it ends.

    Signals
    -------
    ready(WorkerReady)
        The worker has imported torch.
    answered(int, Event)
        An event for the request with that id.
    gone(WorkerThread)
        The worker has ended and so has this thread; it may be deleted.
    """

    ready = Signal(object)
    answered = Signal(int, object)
    gone = Signal(object)

    def __init__(self, worker: WorkerProcess, parent: QObject) -> None:
        super().__init__(parent)
        self._worker = worker
        self.is_ready = False  # it has imported torch; a warm one takes no request before that
        self.setObjectName(f"worker {worker.pid}")
        self.finished.connect(self._on_finished)

    @property
    def pid(self) -> int:
        return self._worker.pid

    @override
    def run(self) -> None:
        for envelope in self._worker.events():
            if isinstance(envelope.event, WorkerReady):
                self.is_ready = True
                self.ready.emit(envelope.event)
            else:
                self._relay(envelope)

    def _relay(self, envelope: Envelope) -> None:
        self.answered.emit(envelope.id, envelope.event)

    def _on_finished(self) -> None:
        self.wait()  # `finished` comes a moment before the thread's very end
        self.gone.emit(self)

    def ask(self, request: AnyRequest) -> None:
        """Send a request."""
        self._worker.send(request)

    def command(self, request_id: int, command: Command) -> None:
        """Pause, continue, stop or cancel the work of a request."""
        self._worker.command(request_id, command)

    def close(self) -> None:
        """Let the worker save and end; `finished` follows."""
        self._worker.close()

    def kill(self) -> None:
        """End the worker at once."""
        self._worker.kill()
