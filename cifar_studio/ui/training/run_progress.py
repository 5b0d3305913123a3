"""Where a run stands, from its events: place, speed, and an honest guess of the time left."""

from __future__ import annotations

import math

from cifar_studio.runs import wording
from cifar_studio.runs.folder.events import (
    BatchesEnded,
    EpochEnded,
    EvaluationProgressed,
    RunStarted,
)

FORGETTING_S = 5.0  # a speed of so long ago counts a third
LEAST_SHARE = 0.1  # of the newest speed in the shown one
MOST_SPREAD = 0.5


class Progress:
    """Follows one run. Plain: no Qt.

    Attributes
    ----------
    epoch : int
    speed : float
        Training pictures a second in the last seconds; 0 before the first batches.
    memory_mib : float
    """

    def __init__(self, started: RunStarted) -> None:
        self._config = started.config
        self._data = started.environment.data
        self._device_name = started.environment.device_name
        self._batches = started.batches
        self.epoch = started.first_epoch
        self._batch = 0
        self._tested = 0.0
        self._phase = "train"
        self.speed = 0.0
        self._spread = 0.0
        self._eval_seconds = 0.0
        self.memory_mib = 0.0

    def handle(self, event: object) -> None:
        """Take an event in; those that say nothing of progress are passed over."""
        if isinstance(event, BatchesEnded):
            self._phase = "train"
            batches = event.batch - self._batch if event.epoch == self.epoch else event.batch
            self.epoch, self._batch, self._tested = event.epoch, event.batch, 0.0
            self.memory_mib = event.memory_mib
            self._follow(event.images_per_second, batches * self._config.batch_size)
        elif isinstance(event, EvaluationProgressed):
            self._phase = event.split
            self.epoch, self._batch = event.epoch, self._batches
            self._tested = event.done / max(1, event.total)
        elif isinstance(event, EpochEnded):
            self._eval_seconds = event.row.eval_seconds
            self.speed = self.speed or event.row.images_per_second
            self.epoch, self._batch, self._tested = event.row.epoch, self._batches, 1.0
            self.memory_mib = event.row.peak_memory_mib

    def _follow(self, speed: float, pictures: int) -> None:
        """Forget in seconds what the machine did before; a single hiccup moves little."""
        if not self.speed:
            self.speed = speed
            return
        share = max(LEAST_SHARE, 1 - math.exp(-pictures / self.speed / FORGETTING_S))
        apart = abs(speed - self.speed) / self.speed
        self._spread += share * (min(apart, MOST_SPREAD) - self._spread)
        self.speed += share * (speed - self.speed)

    @property
    def device_text(self) -> str:
        used = f" · {wording.memory(self.memory_mib)} used" if self.memory_mib else ""
        return f"{self._device_name}{used}"

    @property
    def batch(self) -> int:
        """Batches done in this epoch, 0 where none or all are."""
        return self._batch if self._batch < self._batches else 0

    @property
    def fraction(self) -> float:
        """Of the whole run, 0 to 1."""
        inside = self._batch / max(1, self._batches)
        return min(1.0, (self.epoch - 1 + inside) / self._config.epochs)

    @property
    def place_text(self) -> str:
        if self._phase != "train":
            return f"epoch {self.epoch} · {self._phase} {100 * self._tested:.0f} %"
        return f"epoch {self.epoch} · batch {self._batch:,}/{self._batches:,}"

    @property
    def speed_text(self) -> str:
        return f"{self.speed:,.0f} pictures/s" if self.speed else ""

    @property
    def left_text(self) -> str:
        seconds = self.seconds_left
        if seconds is None:
            return ""
        most = " at most" if self._config.early_stopping != "off" else ""
        return f"{wording.about(seconds, self._spread)} left{most}"

    @property
    def epoch_seconds_left(self) -> float | None:
        """Until this epoch is trained and tested; None before the first batches."""
        if not self.speed:
            return None
        share = 1 - self._batch / max(1, self._batches)
        testing = self._test_seconds * (1 - self._tested)
        return share * self._data.train_pictures / self.speed + testing

    @property
    def seconds_left(self) -> float | None:
        """Until the run ends; None before the first batches."""
        this_epoch = self.epoch_seconds_left
        if this_epoch is None:
            return None
        whole = self._data.train_pictures / self.speed + self._test_seconds
        return this_epoch + (self._config.epochs - self.epoch) * whole

    @property
    def _test_seconds(self) -> float:
        if self._eval_seconds:
            return self._eval_seconds
        # Before the first evaluation: a forward pass is about a third of a training step.
        tested = self._data.validation_pictures
        if not self._config.locks_test_set:
            tested += self._data.test_pictures
        return tested / (3 * self.speed)
