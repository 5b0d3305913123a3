"""Workers that play what a test tells them, in the place of the window's real ones.

The dispatcher between them and the window is the real one, in the window's process.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from cifar_studio import paths
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import WorkerError
from cifar_studio.experiments.dispatcher import Dispatcher
from cifar_studio.experiments.local_pool import Deliver, Gone, LocalPool, Said, Slot
from cifar_studio.experiments.protocol import AnyDispatchRequest, QueueChanged
from cifar_studio.runner.protocol import (
    AnyRequest,
    Command,
    Envelope,
    ResumeRequest,
    TrainRequest,
)
from cifar_studio.runs.folder.events import DeviceInfo, Event, RunEnded, RunStarted, WorkerReady
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.ui.training.run_queue import RunQueue
from support import make_environment


class ScriptedWorker:
    """As `WorkerProcess` in a pool, without a process.

    Attributes
    ----------
    requests, commands : list
        What it was asked for, in order.
    """

    pid = 1

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._is_gone = False
        self.was_killed = False
        self.requests: list[TrainRequest | ResumeRequest] = []
        self.commands: list[Command] = []

    def send(self, request: AnyRequest) -> None:
        assert isinstance(request, TrainRequest | ResumeRequest)
        self.requests.append(request)

    def command(self, request_id: int, command: Command) -> None:
        self.commands.append(command)

    def close(self) -> None:
        QTimer.singleShot(0, self._go)

    def kill(self) -> None:
        self.was_killed = True
        self.close()

    def play(self, *events: Event) -> None:
        """Say something, as a worker that trains."""
        for event in events:
            id_ = self.requests[-1].id if self.requests else 0
            self._deliver(Said(self, Envelope(id_, event)))  # type: ignore[arg-type]
            if isinstance(event, RunEnded):
                self.close()

    def _go(self) -> None:
        if not self._is_gone:
            self._is_gone = True
            self._deliver(Gone(self))


class Stage:
    """Stands where a pool starts its workers, and keeps those that it has started.

    Attributes
    ----------
    workers : list of ScriptedWorker
    refusals : int
        How many of the next starts fail, as where the system has no room for a process.
    """

    def __init__(self) -> None:
        self.workers: list[ScriptedWorker] = []
        self.refusals = 0

    def __call__(self, slot: Slot, niceness: int, deliver: Deliver) -> ScriptedWorker:
        if self.refusals:
            self.refusals -= 1
            raise WorkerError("the worker process cannot be started", "Close other programs")
        self.workers.append(ScriptedWorker(deliver))
        return self.workers[-1]

    @property
    def acting(self) -> ScriptedWorker:
        """The worker that was given a run last."""
        return [worker for worker in self.workers if worker.requests][-1]

    def asked(self) -> Iterator[TrainRequest | ResumeRequest]:
        """Everything that was asked for, in the order of the workers."""
        for worker in self.workers:
            yield from worker.requests


class DispatcherInTheWindow(QObject):
    """As `DispatcherThread`, without thread and process: what is asked for is done at once."""

    said = Signal(int, object)
    gone = Signal(object)

    def __init__(self, runs_folder: str, parent: QObject) -> None:
        super().__init__(parent)
        self._dispatcher = Dispatcher(
            LocalPool([Slot()], self._deliver),
            self.said.emit,
            experiments=paths.experiments_folder(),
            runs=Path(runs_folder),
            old_queue_file=paths.queue_file(),
        )

    def start(self) -> None:
        """There is nothing to start."""

    def ask(self, request: AnyDispatchRequest) -> None:
        self._dispatcher.request(request)

    def close(self) -> None:
        self._dispatcher.shut_down()
        self._end_if_settled()

    def let_go(self) -> None:
        self.close()

    def kill(self) -> None:
        self.close()

    def wait(self, limit_ms: int) -> bool:
        return True

    def _deliver(self, what: Said | Gone) -> None:
        if isinstance(what, Said):
            self._dispatcher.said(what)
        else:
            self._dispatcher.gone(what)
            self._end_if_settled()

    def _end_if_settled(self) -> None:
        if self._dispatcher.is_settled:
            self._dispatcher.close()
            QTimer.singleShot(0, self, lambda: self.gone.emit(self))


def queue_without_slots(folder: Path) -> RunQueue:
    """A queue, kept in a folder, whose runs never get their turn."""
    dispatcher = Dispatcher(
        LocalPool([], lambda _: None),
        lambda _, event: queue.show(event) if isinstance(event, QueueChanged) else None,
        experiments=folder,
        runs=folder,
    )
    queue = RunQueue(dispatcher.request)
    return queue


CPU = DeviceInfo(name="cpu", title="CPU", memory_mib=8000)


def ready(*devices: DeviceInfo) -> WorkerReady:
    return WorkerReady(devices=devices or (CPU,))


def started(folder: RunFolder | Path, config: TrainConfig, first_epoch: int = 1) -> RunStarted:
    path = folder.path if isinstance(folder, RunFolder) else folder
    return RunStarted(
        folder=str(path),
        config=config,
        environment=make_environment(),
        batches=10,
        first_epoch=first_epoch,
    )
