"""The processes that train: one at work at most, and a warm one at hand for the next Start."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from cifar_studio.errors import WorkerError
from cifar_studio.ui.workers.worker_thread import TrainingThread

KILL_MS = 5000


class TrainingWorkers(QObject):
    """Starts workers, hands them out and sees to their end.

    Signals
    -------
    ready(WorkerReady)
        A worker has imported torch and looked at the machine.
    event_received(Event)
        What happens in the run of a worker that was taken.
    gone(TrainingThread)
        A worker has ended, for whatever reason.
    settled()
        After `shut_down`: no worker is left.
    """

    ready = Signal(object)
    event_received = Signal(object)
    gone = Signal(object)
    settled = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._warm: TrainingThread | None = None
        # Qt aborts the program where a QThread that still runs is collected as garbage.
        self._threads: set[TrainingThread] = set()
        self._closing = False

    @property
    def is_settled(self) -> bool:
        """Whether no worker is left."""
        return not self._threads

    def warm_up(self) -> None:
        """Have a worker import torch now.

        Raises
        ------
        WorkerError
            No process can be started.
        """
        if self._warm is not None or self._closing:
            return
        thread = TrainingThread(self)
        thread.ready.connect(self.ready)
        thread.event_received.connect(self.event_received)
        thread.gone.connect(self._on_gone)
        self._threads.add(thread)
        self._warm = thread
        thread.start()

    def take(self) -> TrainingThread:
        """The warm worker, which is the caller's now. Raises WorkerError as `warm_up` does."""
        self.warm_up()
        thread, self._warm = self._warm, None
        if thread is None:
            raise WorkerError("the window is being closed")
        return thread

    def give_back(self, thread: TrainingThread) -> None:
        """Take a worker again that got no work."""
        if self._warm is None and thread in self._threads:
            self._warm = thread
        else:
            thread.close()

    def shut_down(self, working: TrainingThread | None) -> None:
        """End all but the one at work, which is left to its owner; `settled` follows."""
        self._closing = True
        for thread in self._threads - {working}:
            thread.kill()  # it has nothing to save, and may be busy importing torch
        if not self._threads:
            self.settled.emit()

    def kill(self) -> None:
        """End every worker by force."""
        for thread in self._threads:
            thread.kill()
        for thread in self._threads:
            thread.wait(KILL_MS)

    def _on_gone(self, thread: TrainingThread) -> None:
        self._threads.discard(thread)
        if thread is self._warm:
            self._warm = None
        self.gone.emit(thread)
        thread.deleteLater()
        if self._closing and not self._threads:
            self.settled.emit()
