"""How long a study takes here and how much memory, measured before it begins."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runner.protocol import EstimateRequest
from cifar_studio.runner.studies.study import StudyStep
from cifar_studio.runner.training.speeds import Speed, SpeedBook
from cifar_studio.runner.worker_process import WorkerProcess, new_id
from cifar_studio.runs.answers import Estimated, RequestFailed


@dataclass(frozen=True)
class StudyEstimate:
    """What a study needs.

    Attributes
    ----------
    seconds : tuple of float or None
        A run each; 0 for one that is finished, None for one that could not be measured.
    memory_mib : tuple of float or None
        Peak of each.
    """

    seconds: tuple[float | None, ...]
    memory_mib: tuple[float | None, ...]

    @property
    def total_seconds(self) -> float | None:
        """Of all runs; None where one is not known."""
        known = [seconds for seconds in self.seconds if seconds is not None]
        return sum(known) if len(known) == len(self.seconds) else None

    def ends_at(self, now: datetime.datetime) -> datetime.datetime | None:
        total = self.total_seconds
        return now + datetime.timedelta(seconds=total) if total is not None else None


def estimate_of(steps: Sequence[StudyStep], book: SpeedBook) -> StudyEstimate:
    """Reckon with the speeds that are known."""
    seconds: list[float | None] = []
    memory: list[float | None] = []
    for step in steps:
        speed = book.lookup(step.run.config)
        memory.append(speed.memory_mib if speed else None)
        if step.state == "finished":
            seconds.append(0.0)
        elif speed is None:
            seconds.append(None)
        else:
            done = len(step.found.rows) if step.found else 0
            left = max(step.run.config.epochs - done, 0) / step.run.config.epochs
            seconds.append(speed.seconds(step.run.config) * left)
    return StudyEstimate(tuple(seconds), tuple(memory))


def measure(configs: Iterable[TrainConfig], book: SpeedBook) -> list[str]:
    """Have each config trained for a few batches and keep the speeds; what failed, in words.

    Raises WorkerError where no process can be started.
    """
    faults: list[str] = []
    for config in configs:
        if book.lookup(config) is not None:
            continue
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
