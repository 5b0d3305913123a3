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
    """A device that torch can use."""

    name: str  # as `TrainConfig.device` takes it
    title: str  # as a person knows it, such as "NVIDIA T4"
    memory_mib: int  # its own memory, or the computer's


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """Base of all events."""


class WorkerReady(Event, frozen=True, kw_only=True, tag="worker_ready"):
    """A worker has imported torch and waits for a request. `devices[0]` is what auto takes."""

    devices: tuple[DeviceInfo, ...]


class RunStarted(Event, frozen=True, kw_only=True, tag="run_started"):
    """The run folder stands and the pictures are on the device."""

    folder: str
    config: TrainConfig
    environment: Environment
    batches: int  # in an epoch
    first_epoch: int  # the epoch that begins now or goes on, from 1
    first_batch: int = 0  # batches of it that are done already


class BatchesEnded(Event, frozen=True, kw_only=True, tag="batches_ended"):
    """Some batches of an epoch are done; at most ten times a second.

    Loss, top-1 and speed are means over the batches since the event before.
    """

    epoch: int  # from 1
    batch: int  # batches done in this epoch
    batches: int
    loss: float | None
    top1: float
    epoch_loss: float | None  # mean over the epoch so far, as is the next one
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
    """A glance at a fixed part of the test pictures inside a long epoch."""

    position: float  # in epochs, such as 2.3
    loss: float | None
    top1: float
    top5: float
    pictures: int  # how many test pictures were looked at


class EpochEnded(Event, frozen=True, kw_only=True, tag="epoch_ended"):
    """An epoch's row and checkpoint are on disk."""

    row: EpochRow
    best_epoch: int


class FinalTestEnded(Event, frozen=True, kw_only=True, tag="final_test_ended"):
    """The locked test set was looked at, once: the row of the best epoch has its figures now."""

    row: EpochRow


class SaveRefused(Event, frozen=True, kw_only=True, tag="save_refused"):
    """The disk refuses a write; the training holds everything in memory and tries again."""

    message: str
    remedy: str


class RunPaused(Event, frozen=True, kw_only=True, tag="run_paused"):
    """The run holds still until it is told to go on, and then tries again what failed.

    It says why it paused by itself; all is empty where it was told to.
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

    Message and remedy are for a person, and empty where all went well.
    """

    state: RunState  # neither running nor paused
    folder: str  # empty where the run ended before it had one
    message: str = ""
    remedy: str = ""
    details: str = ""  # a traceback or the worker's last words, to fold out and copy
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
    | FinalTestEnded
    | SaveRefused
    | RunPaused
    | RunContinued
    | RunNoticed
    | RunEnded
)
"""What happens in a training."""
