"""What happens during work, as frozen typed values that travel as JSON lines.

A producer (the trainer, a worker) makes them; the window, the command line and tests read them.
Losses are mean cross-entropy in nats, None where not finite; accuracies are percent.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import Reason, StudioError
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.epochs import EpochRow

RunState = Literal["running", "paused", "finished", "stopped", "failed", "interrupted", "crashed"]
Phase = Literal["train", "test", "validation"]
Moment = Literal["best", "last"]
"""Which network of a run: of its best epoch, or of its latest."""


class DeviceInfo(msgspec.Struct, frozen=True):
    """A device that torch can use.

    Attributes
    ----------
    name : str
        As `TrainConfig.device` takes it.
    title : str
        As a person knows it, such as "NVIDIA T4".
    memory_mib : int
        Its own memory, or the computer's.
    """

    name: str
    title: str
    memory_mib: int


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """Base of all events."""


class WorkerReady(Event, frozen=True, kw_only=True, tag="worker_ready"):
    """A worker has imported torch and waits for a request. `devices[0]` is what auto takes."""

    devices: tuple[DeviceInfo, ...]


class RunStarted(Event, frozen=True, kw_only=True, tag="run_started"):
    """The run folder stands and the pictures are on the device.

    Attributes
    ----------
    batches : int
        In an epoch.
    first_epoch : int
        The epoch that begins now or goes on, from 1.
    first_batch : int
        Batches of it that are done already.
    """

    folder: str
    config: TrainConfig
    environment: Environment
    batches: int
    first_epoch: int
    first_batch: int = 0


class BatchesEnded(Event, frozen=True, kw_only=True, tag="batches_ended"):
    """Some batches of an epoch are done; at most ten times a second.

    Attributes
    ----------
    epoch : int
        From 1.
    batch, batches : int
        Batches done in this epoch, of how many.
    loss, top1 : float
        Means over the batches since the event before.
    epoch_loss, epoch_top1 : float
        Means over the epoch so far.
    images_per_second : float
        Since the event before.
    """

    epoch: int
    batch: int
    batches: int
    loss: float | None
    top1: float
    epoch_loss: float | None
    epoch_top1: float
    images_per_second: float
    memory_mib: float


class EvaluationProgressed(Event, frozen=True, kw_only=True, tag="evaluation_progressed"):
    """Pictures of a split are being evaluated; at most ten times a second."""

    epoch: int
    split: Phase
    done: int
    total: int


class QuickTestEnded(Event, frozen=True, kw_only=True, tag="quick_test_ended"):
    """A glance at a fixed part of the test pictures inside a long epoch.

    Attributes
    ----------
    position : float
        In epochs, such as 2.3.
    pictures : int
        How many test pictures were looked at.
    """

    position: float
    loss: float | None
    top1: float
    top5: float
    pictures: int


class EpochEnded(Event, frozen=True, kw_only=True, tag="epoch_ended"):
    """An epoch's row and checkpoint are on disk."""

    row: EpochRow
    best_epoch: int


class SaveRefused(Event, frozen=True, kw_only=True, tag="save_refused"):
    """The disk refuses a write; the training holds everything in memory and tries again."""

    message: str
    remedy: str


class RunPaused(Event, frozen=True, kw_only=True, tag="run_paused"):
    """The run holds still until it is told to go on, and then tries again what failed.

    Attributes
    ----------
    message, remedy : str
        Why it paused by itself, for a person; empty where it was told to.
    reason : str
    """

    message: str = ""
    remedy: str = ""
    reason: Reason = ""


class RunContinued(Event, frozen=True, kw_only=True, tag="run_continued"):
    """A paused run goes on."""


class RunNoticed(Event, frozen=True, kw_only=True, tag="run_noticed"):
    """Something that a person should know while the run goes on, as one sentence."""

    message: str


class RunEnded(Event, frozen=True, kw_only=True, tag="run_ended"):
    """The last event of every run, however it ended.

    Attributes
    ----------
    state : str
        finished, stopped, failed, interrupted or crashed.
    folder : str
        Empty where the run ended before it had one.
    message, remedy : str
        For a person; empty where all went well.
    details : str
        A traceback or the worker's last words, to fold out and copy.
    reason : str
    """

    state: RunState
    folder: str
    message: str = ""
    remedy: str = ""
    details: str = ""
    reason: Reason = ""

    @classmethod
    def of(cls, error: StudioError, folder: str) -> RunEnded:
        """The end of a run that failed with one of the studio's errors."""
        return cls(
            state="failed",
            folder=folder,
            message=error.fault,
            remedy=error.remedy,
            reason=error.reason,
        )


RunEvent = (
    RunStarted
    | BatchesEnded
    | EvaluationProgressed
    | QuickTestEnded
    | EpochEnded
    | SaveRefused
    | RunPaused
    | RunContinued
    | RunNoticed
    | RunEnded
)
"""What happens in a training."""
