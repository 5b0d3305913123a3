"""Workers that play what a test tells them, in the place of the window's real ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import WorkerError
from cifar_studio.runner.protocol import Command, ResumeRequest, TrainRequest
from cifar_studio.runs.folder.events import DeviceInfo, Event, RunEnded, RunStarted, WorkerReady
from cifar_studio.runs.folder.run_folder import RunFolder
from support import make_environment


class ScriptedWorker(QObject):
    """As `TrainingThread`, without thread and process.

    Attributes
    ----------
    requests, commands : list
        What it was asked for, in order.
    """

    ready = Signal(object)
    event_received = Signal(object)
    gone = Signal(object)
    pid = 1

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.is_ready = False
        self.was_killed = False
        self.requests: list[TrainRequest | ResumeRequest] = []
        self.commands: list[Command] = []

    def start(self) -> None:
        """There is nothing to start."""

    def start_run(self, request: TrainRequest | ResumeRequest) -> None:
        self.requests.append(request)

    def command_run(self, command: Command) -> None:
        self.commands.append(command)

    def close(self) -> None:
        QTimer.singleShot(0, self, lambda: self.gone.emit(self))

    def kill(self) -> None:
        self.was_killed = True
        self.close()

    def wait(self, limit_ms: int) -> bool:
        return True

    def play(self, *events: Event) -> None:
        """Say something, as a worker that trains."""
        for event in events:
            if isinstance(event, WorkerReady):
                self.is_ready = True
                self.ready.emit(event)
            else:
                self.event_received.emit(event)
            if isinstance(event, RunEnded):
                self.close()


class Stage:
    """Stands where the window starts its workers, and keeps those that it has started.

    Attributes
    ----------
    workers : list of ScriptedWorker
    refusals : int
        How many of the next starts fail, as where the system has no room for a process.
    """

    def __init__(self) -> None:
        self.workers: list[ScriptedWorker] = []
        self.refusals = 0

    def __call__(self, parent: QObject) -> ScriptedWorker:
        if self.refusals:
            self.refusals -= 1
            raise WorkerError("the worker process cannot be started", "Close other programs")
        self.workers.append(ScriptedWorker(parent))
        return self.workers[-1]

    @property
    def acting(self) -> ScriptedWorker:
        """The worker that was given a run last."""
        return [worker for worker in self.workers if worker.requests][-1]

    def asked(self) -> Iterator[TrainRequest | ResumeRequest]:
        """Everything that was asked for, in the order of the workers."""
        for worker in self.workers:
            yield from worker.requests


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
