"""What a dispatcher takes from an experiment, or from the queue, and hands to a slot."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace

from cifar_studio.experiments.local_pool import PoolWorker, Slot
from cifar_studio.experiments.protocol import JobBegan, ResumeRun
from cifar_studio.runner.protocol import ResumeRequest, TrainRequest
from cifar_studio.runner.worker_process import new_id
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
    device : str or None
        Of a run that goes on, as its settings name it.
    """

    number: int
    part: int
    planned: PlannedRun | None
    folder: Path | None
    runs: Path
    trial: TrialOf | None = None
    device: str | None = None

    def request(
        self, slot: Slot, command: Sequence[str], resumes: ResumeRun | None
    ) -> TrainRequest | ResumeRequest:
        """What a worker in a slot is asked for; `resumes` is how a person wants a run to go on."""
        if self.planned is not None:
            config = self.planned.config
            return TrainRequest(
                id=new_id(),
                config=config if slot.device is None else replace(config, device=slot.device),
                data=self.planned.data,
                preset=self.planned.preset,
                repeats=self.planned.repeats,
                runs=str(self.runs),
                command=list(command),
                trial=self.trial,
            )
        if resumes is None:
            # Two runs that began on one device may go on in two slots.
            moves = self.device is not None and slot.device not in (None, self.device)
            resumes = ResumeRun(folder=str(self.folder), device=slot.device if moves else None)
        return ResumeRequest(
            id=new_id(),
            folder=str(self.folder),
            data=resumes.data,
            epochs=resumes.epochs,
            device=resumes.device,
            schedule_epochs=resumes.schedule_epochs,
            command=list(command),
        )


@dataclass
class Job:
    """A training that a worker was asked for.

    Attributes
    ----------
    is_put_aside : bool
        Whether a person ends it by itself, and its experiment is not to go on with it now.
    began_s : float
        When it was asked for, and once it has begun when it did.
    """

    id: int
    source: Source | None
    task: Task
    slot: Slot
    worker: PoolWorker
    folder: str = ""
    has_begun: bool = False
    is_pruned: bool = False
    is_paused: bool = False
    is_put_aside: bool = False
    began_s: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began_s

    def began(self) -> JobBegan:
        """What is told first of it."""
        return JobBegan(
            experiment="" if self.source is None else self.source.name,
            trial=self.task.number,
            part=self.task.part,
            planned=self.task.planned,
            folder=self.folder,
            pid=self.worker.pid,
        )


class Source(Protocol):
    """Where trainings come from."""

    @property
    def name(self) -> str:
        """The experiment's; empty for the queue."""

    def next_task(self) -> Task | None:
        """The training that is next, taken out; None where there is none now."""

    def began(self, job: Job) -> None:
        """Its run folder stands, and its first pictures are on their way."""

    def epoch_ended(self, job: Job, row: EpochRow) -> bool:
        """Whether the training is to end now, as it is not worth its other epochs."""

    def ended(self, job: Job, event: RunEnded) -> None:
        """The training is over."""
