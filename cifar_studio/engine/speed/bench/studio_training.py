"""The studio's real training as a contender of the benchmark, and alone on the device."""

from __future__ import annotations

import contextlib
import math
import time
from dataclasses import dataclass

from msgspec.structs import replace

from cifar_studio.config.settings import bounds_of
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Dataset
from cifar_studio.engine.speed.bench.results import Slice
from cifar_studio.engine.training.progress import ReportingIntervals
from cifar_studio.engine.training.trainer import train
from cifar_studio.errors import BadInputError
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.events import BatchesEnded, EpochEnded, RunStarted
from cifar_studio.runs.folder.run_folder import RunFolder

PATIENCE_S = 60.0
BATCHES_ALONE = 3


class _DroppedError(Exception):
    """Thrown into a training to end it without a checkpoint, which nobody would read."""


class _Training:
    """The generator of `train`, and where it stands."""

    def __init__(
        self,
        config: TrainConfig,
        dataset: Dataset,
        folder: RunFolder,
        environment: Environment,
        intervals: ReportingIntervals,
    ) -> None:
        folder.path.mkdir(parents=True)
        endless = replace(config, epochs=int(bounds_of("epochs").high))
        folder.write_config(endless)
        folder.write_environment(environment)
        self._events = train(endless, dataset, folder, environment, intervals=intervals)
        self._batch_size = config.batch_size
        self._pictures = environment.data.train_pictures
        self._stand: int | None = None
        self.memory_mib = 0.0

    def pull(self) -> tuple[int, int]:
        """Up to the next event: how many batches and pictures it was, where it was nothing else.

        From the news of one batch to that of another in the same epoch, or from an epoch's start.
        Evaluation, writing, and the last batches of an epoch, which no event follows, count as 0.
        """
        before, event = self._stand, next(self._events)
        self._stand = None
        if isinstance(event, EpochEnded):
            self._stand = 0
        elif isinstance(event, RunStarted):
            self._stand = event.first_batch
        elif isinstance(event, BatchesEnded):
            self._stand, self.memory_mib = event.batch, event.memory_mib
            if before is not None:
                return event.batch - before, self._shown(event.batch) - self._shown(before)
        return 0, 0

    def close(self) -> None:
        with contextlib.suppress(_DroppedError):
            self._events.throw(_DroppedError())

    def _shown(self, batch: int) -> int:
        return min(batch * self._batch_size, self._pictures)


@dataclass(frozen=True)
class Alone:
    """A short training that is alone on the device; see `results.Variant`."""

    first_step_s: float
    peak_mib: float | None


def train_alone(
    config: TrainConfig, dataset: Dataset, folder: RunFolder, environment: Environment
) -> Alone:
    """Time the way to the first batch, and take the peak of the device's memory after some."""
    intervals = ReportingIntervals(gate_s=0.0, quick_test_over_s=math.inf)
    start = time.perf_counter()
    training = _Training(config, dataset, folder, environment, intervals)
    try:
        while training.memory_mib == 0:
            training.pull()
        first_step_s = time.perf_counter() - start
        batches = 1
        while batches < BATCHES_ALONE:
            batches += training.pull()[0]
    finally:
        training.close()
    is_cuda = environment.resolved.device.startswith("cuda")
    return Alone(first_step_s, training.memory_mib if is_cuda else None)


class Studio:
    """The studio's real training, with all that it writes, held between slices.

    Timed are the batches only, from event to event; quick tests are off. The plan of an epoch
    counts, evaluation and checkpoints do not, as they have no counterpart in the plain loop.
    """

    def __init__(
        self, config: TrainConfig, dataset: Dataset, folder: RunFolder, environment: Environment
    ) -> None:
        intervals = ReportingIntervals(quick_test_over_s=math.inf)
        self._training = _Training(config, dataset, folder, environment, intervals)
        self._pictures = environment.data.train_pictures

    def slice(self, seconds: float, at_least: int) -> Slice:
        """See the head of `contenders.py`; the first event with batches is not timed.

        Raises
        ------
        BadInputError
            The epochs are so short that no event falls into them.
        """
        deadline = time.perf_counter() + 10 * seconds + PATIENCE_S
        self._pull(deadline)
        batches = pictures = 0
        timed_s = 0.0
        while batches < at_least or timed_s < seconds:
            more, shown, taken_s = self._pull(deadline)
            batches, pictures, timed_s = batches + more, pictures + shown, timed_s + taken_s
        return Slice(pictures, timed_s)

    def close(self) -> None:
        self._training.close()

    def _pull(self, deadline: float) -> tuple[int, int, float]:
        """Batches and pictures, at least one, and their seconds."""
        while time.perf_counter() < deadline:
            start = time.perf_counter()
            batches, pictures = self._training.pull()
            if batches:
                return batches, pictures, time.perf_counter() - start
        raise BadInputError(
            f"an epoch of {self._pictures:,} pictures is too short to be timed",
            "Set a higher train_per_class",
        )
