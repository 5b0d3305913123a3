"""Slots on this computer: so many trainings at once, each in a worker process of its own.

One slot for each GPU, else one: processes on one GPU only take turns, and the threads of one
training on a processor keep all its cores busy.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from cifar_studio.errors import WorkerError
from cifar_studio.runner.protocol import AnyRequest, Command, Envelope
from cifar_studio.runner.worker_process import WorkerProcess

NICENESS = 5


class PoolWorker(Protocol):
    """A process that trains one run, or waits for it."""

    @property
    def pid(self) -> int: ...
    def send(self, request: AnyRequest) -> None: ...
    def command(self, request_id: int, command: Command) -> None: ...
    def close(self) -> None: ...
    def kill(self) -> None: ...


class NoWorker:
    """Stands for a process that could not be started."""

    pid = 0

    def send(self, request: AnyRequest) -> None: ...

    def command(self, request_id: int, command: Command) -> None: ...

    def close(self) -> None: ...

    def kill(self) -> None: ...


@dataclass(frozen=True)
class Said:
    """A worker said something."""

    worker: PoolWorker
    envelope: Envelope


@dataclass(frozen=True)
class Gone:
    """A worker has ended, for whatever reason."""

    worker: PoolWorker


Deliver = Callable[[Said | Gone], None]


@dataclass(frozen=True)
class Slot:
    """Room for one training.

    Attributes
    ----------
    device : str or None
        As `TrainConfig.device` takes it; None leaves it to the run's settings.
    threads : int or None
        That a worker computes with on a processor; None leaves it to torch.
    """

    device: str | None = None
    threads: int | None = None


def slots_for(count: int | None = None, devices: Sequence[str] = ()) -> tuple[Slot, ...]:
    """Slots for so many trainings at once, or one for each of these devices.

    Several slots on the processor share its cores: each gets an equal number of threads.
    """
    places: list[str | None] = list(devices) or [None] * (count or 1)
    on_processor = sum(device in (None, "cpu") for device in places)
    threads = max(1, (os.cpu_count() or 1) // on_processor) if on_processor > 1 else None
    return tuple(Slot(device, threads if device in (None, "cpu") else None) for device in places)


class LocalPool:
    """Starts workers for slots, and keeps a warm one at hand.

    `deliver` is called from other threads with what the workers say.
    """

    def __init__(
        self, slots: Sequence[Slot], deliver: Deliver, *, niceness: int = NICENESS
    ) -> None:
        self.slots = tuple(slots)
        self._deliver = deliver
        self._niceness = niceness
        self._warm: dict[int | None, PoolWorker] = {}
        self._workers: set[PoolWorker] = set()
        self._is_closing = False

    @property
    def is_settled(self) -> bool:
        """Whether no worker is left."""
        return not self._workers

    def warm_up(self, slot: Slot) -> None:
        """Have a worker for such a slot import torch. Raises WorkerError."""
        if slot.threads not in self._warm and not self._is_closing:
            self._warm[slot.threads] = self._start(slot)

    def take(self, slot: Slot) -> PoolWorker:
        """The warm worker, which is the caller's now. Raises WorkerError."""
        self.warm_up(slot)
        if slot.threads not in self._warm:
            raise WorkerError("the studio is being closed")
        return self._warm.pop(slot.threads)

    def give_back(self, slot: Slot, worker: PoolWorker) -> None:
        """Take a worker again that got no work."""
        if slot.threads not in self._warm and worker in self._workers:
            self._warm[slot.threads] = worker
        else:
            worker.close()

    def gone(self, worker: PoolWorker) -> None:
        """A worker has ended."""
        self._workers.discard(worker)
        self._warm = {threads: one for threads, one in self._warm.items() if one is not worker}

    def end_warm(self) -> None:
        """End those that wait: they have nothing to save, and may be busy importing torch."""
        self._is_closing = True
        for worker in self._warm.values():
            worker.kill()

    def kill(self, spared: Collection[PoolWorker] = ()) -> None:
        """End every worker by force, but for some."""
        self._is_closing = True
        for worker in list(self._workers):  # others may end meanwhile
            if worker not in spared:
                worker.kill()

    def _start(self, slot: Slot) -> PoolWorker:
        worker = start_worker(slot, self._niceness, self._deliver)
        self._workers.add(worker)
        return worker


def start_worker(slot: Slot, niceness: int, deliver: Deliver) -> PoolWorker:
    """Start a process, and a thread that hands on what it says. Raises WorkerError."""
    worker = WorkerProcess(warm=True, niceness=niceness, threads=slot.threads)

    def read() -> None:
        for envelope in worker.events():
            deliver(Said(worker, envelope))
        deliver(Gone(worker))

    threading.Thread(target=read, name=f"worker {worker.pid}", daemon=True).start()
    return worker
