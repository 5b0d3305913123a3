"""What a dispatcher takes from an experiment, or from the queue, and hands to a slot."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.experiments.local_pool import PoolWorker, Slot
from cifar_studio.runs.folder.environment import TrialOf
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.events import RunEnded
from cifar_studio.runs.queue_rules import PlannedRun


@dataclass(frozen=True)
class Task:
    """One training that may begin now.

    Attributes
    ----------
    planned : PlannedRun or None
        A new run; None where `folder` goes on.
    folder : Path or None
        The run folder that goes on.
    runs : Path
        Where a new run folder is made.
    trial : TrialOf or None
        Its place in an experiment; None in the queue.
    number, part : int
        In the ledger.
    """

    number: int
    part: int
    planned: PlannedRun | None
    folder: Path | None
    runs: Path
    trial: TrialOf | None = None

    def config_on(self, slot: Slot) -> TrainConfig:
        """The settings of a new run in a slot."""
        assert self.planned is not None
        config = self.planned.config
        return config if slot.device is None else replace(config, device=slot.device)


@dataclass
class Job:
    """A training that a worker was asked for."""

    id: int
    source: Source | None
    task: Task
    slot: Slot
    worker: PoolWorker
    folder: str = ""
    has_begun: bool = False
    is_pruned: bool = False
    is_paused: bool = False
    began_s: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began_s


class Source(Protocol):
    """Where trainings come from."""

    @property
    def name(self) -> str:
        """The experiment's."""

    def next_task(self) -> Task | None:
        """The training that is next, taken out; None where there is none now."""

    def began(self, job: Job) -> None:
        """Its run folder stands, and its first pictures are on their way."""

    def epoch_ended(self, job: Job, row: EpochRow) -> bool:
        """Whether the training is to end now, as it is not worth its other epochs."""

    def ended(self, job: Job, event: RunEnded) -> None:
        """The training is over."""
