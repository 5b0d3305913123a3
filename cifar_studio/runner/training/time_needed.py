"""How long runs take that are planned: with speeds that are known, or measured for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runner.protocol import EstimateRequest
from cifar_studio.runner.training.speeds import Speed, SpeedBook, speed_key
from cifar_studio.runner.worker_process import WorkerProcess, new_id
from cifar_studio.runs.answers import Estimated, RequestFailed
from cifar_studio.runs.folder.library import Run


@dataclass(frozen=True)
class Step:
    """A run that is planned, and what was found of it, finished or such that it can go on."""

    config: TrainConfig
    found: Run | None = None

    @property
    def state(self) -> Literal["new", "resumable", "finished"]:
        if self.found is None:
            return "new"
        return "finished" if self.found.status.state == "finished" else "resumable"


@dataclass(frozen=True)
class TimeNeeded:
    """Seconds and peak memory of each run; None where it could not be measured.

    A run that is finished takes 0 seconds.
    """

    seconds: tuple[float | None, ...]
    memory_mib: tuple[float | None, ...]

    @property
    def total_seconds(self) -> float | None:
        """Of all runs; None where one is not known."""
        known = [seconds for seconds in self.seconds if seconds is not None]
        return sum(known) if len(known) == len(self.seconds) else None


def time_needed(steps: Sequence[Step], book: SpeedBook) -> TimeNeeded:
    """Reckon with the speeds that are known."""
    seconds: list[float | None] = []
    memory: list[float | None] = []
    for step in steps:
        speed = book.lookup(step.config)
        memory.append(speed.memory_mib if speed else None)
        if step.state == "finished":
            seconds.append(0.0)
        elif speed is None:
            seconds.append(None)
        else:
            done = len(step.found.rows) if step.found else 0
            left = max(step.config.epochs - done, 0) / step.config.epochs
            seconds.append(speed.seconds(step.config) * left)
    return TimeNeeded(tuple(seconds), tuple(memory))


def configs_to_measure(steps: Iterable[Step], book: SpeedBook) -> list[TrainConfig]:
    """One config of each kind whose speed decides how long it all takes, and is not known."""
    kinds = {speed_key(s.config): s.config for s in steps if s.state != "finished"}
    return [config for config in kinds.values() if book.lookup(config) is None]


def measure(configs: Iterable[TrainConfig], book: SpeedBook) -> list[str]:
    """Have each config trained for a few batches and keep the speeds; what failed, in words.

    Raises WorkerError where no process can be started.
    """
    faults: list[str] = []
    for config in configs:
        # A process each: memory that one has left behind would count for the next.
        worker = WorkerProcess(warm=False)
        request = EstimateRequest(id=new_id(), config=config)
        worker.send(request)
        for envelope in worker.events():
            event = envelope.event
            if isinstance(event, Estimated):
                train, test = event.train_images_per_second, event.test_images_per_second
                book.remember(config, Speed(train, test, event.memory_mib))
            elif isinstance(event, RequestFailed):
                faults.append(f"{config.architecture}: {event.message}")
            if envelope.id == request.id:
                worker.close()
    return faults
