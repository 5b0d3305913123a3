"""The second worker: short requests that go on while a training runs, at lower priority."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from cifar_studio.errors import WorkerError
from cifar_studio.runner.protocol import AnyRequest, Command
from cifar_studio.runner.worker_process import WorkerProcess
from cifar_studio.runs.answers import LAST_EVENTS, RequestFailed
from cifar_studio.ui.workers.worker_thread import HELPER_NICENESS, WorkerThread

OnEvent = Callable[[object], None]


class HelperWorker(QObject):
    """Starts the second worker at the first need, and again where it died.

    Signals
    -------
    settled()
        After `shut_down`: the worker is gone.
    """

    settled = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread: WorkerThread | None = None
        self._open: dict[int, OnEvent] = {}
        self._closing = False

    @property
    def is_settled(self) -> bool:
        return self._thread is None

    def ask(self, request: AnyRequest, on_event: OnEvent) -> None:
        """Send a request; `on_event` is called with each event of its answer, the last one too.

        Where no worker can be started it is called at once, with the failure.
        """
        if self._closing:
            return
        if self._thread is None:
            try:
                worker = WorkerProcess(warm=False, niceness=HELPER_NICENESS, gives_way=True)
            except WorkerError as error:
                on_event(RequestFailed(message=error.fault, remedy=error.remedy))
                return
            self._thread = WorkerThread(worker, self)
            self._thread.answered.connect(self._on_answered)
            self._thread.gone.connect(self._on_thread_gone)
            self._thread.start()
        self._open[request.id] = on_event
        self._thread.ask(request)

    def break_off(self, request_id: int) -> None:
        """Give a request up at once, by ending the worker where nothing else is under way."""
        if self._thread is not None and list(self._open) == [request_id]:
            self._thread.kill()
        else:
            self.cancel(request_id)

    def cancel(self, request_id: int) -> None:
        """Give a request up at its next event."""
        if self._thread is not None:
            self._thread.command(request_id, Command.STOP_NOW)

    def shut_down(self) -> None:
        """Let the worker end; `settled` follows when it has."""
        self._closing = True
        if self._thread is not None:
            self._thread.close()
        else:
            self.settled.emit()

    def kill(self) -> None:
        """End the worker that did not settle in time."""
        if self._thread is not None:
            self._thread.kill()
            self._thread.wait(5000)

    def _on_answered(self, request_id: int, event: object) -> None:
        on_event = self._open.get(request_id)
        if isinstance(event, LAST_EVENTS):
            self._open.pop(request_id, None)
        if on_event is not None:
            on_event(event)

    def _on_thread_gone(self, thread: WorkerThread) -> None:
        thread.deleteLater()
        self._thread = None
        if self._closing:
            self.settled.emit()
