"""What happens during work, as frozen typed values that travel as JSON lines.

A producer (the trainer, a worker) makes them; the window, the command line and tests read them.
Losses are mean cross-entropy in nats, None where not finite; accuracies are percent.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import Reason, StudioError
from cifar_studio.runs.environment import Environment
from cifar_studio.runs.epochs import EpochRow

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


class Estimated(Event, frozen=True, kw_only=True, tag="estimated"):
    """Speed of a config measured on this machine for a few batches.

    Attributes
    ----------
    train_images_per_second, test_images_per_second : float
    memory_mib : float
        Peak of the process (CPU) or of the device.
    device : str
    """

    train_images_per_second: float
    test_images_per_second: float
    memory_mib: float
    device: str


class DataProgressed(Event, frozen=True, kw_only=True, tag="data_progressed"):
    """Pictures are being fetched or read; at most ten times a second.

    Attributes
    ----------
    phase : str
        What is done now, such as "downloading", for a person.
    done, total : int
        Bytes, or parts of the work; total is 0 where it is not known.
    bytes_per_second : float
        Of a download; 0 otherwise.
    """

    phase: str
    done: int
    total: int
    bytes_per_second: float = 0.0


class DataReady(Event, frozen=True, kw_only=True, tag="data_ready"):
    """Pictures were read and verified, and are kept for the next start."""

    name: str
    source: str


class RunMended(Event, frozen=True, kw_only=True, tag="run_mended"):
    """What was damaged in a run folder was written anew from its checkpoint.

    Attributes
    ----------
    folder : str
    files : tuple of str
        The names of the files that were.
    """

    folder: str
    files: tuple[str, ...]


class RunEvaluated(Event, frozen=True, kw_only=True, tag="run_evaluated"):
    """A run's network was evaluated, and its arrays lie in the run folder.

    Attributes
    ----------
    folder : str
    moment : str
        Which network.
    split : str
    epoch : int
        Whose network it is.
    pictures : int
    loss : float or None
        None where it is not finite.
    top1, top5 : float
        Percent.
    """

    folder: str
    moment: Moment
    split: Phase
    epoch: int
    pictures: int
    loss: float | None
    top1: float
    top5: float


class Predicted(Event, frozen=True, kw_only=True, tag="predicted"):
    """What a run's network answers for one picture file.

    Attributes
    ----------
    picture : str
        The file.
    pixels : bytes
        32 x 32 x 3, as the network sees them.
    classes : tuple of 5 int
        The five likeliest, likeliest first.
    names : tuple of 5 str
    probabilities : tuple of 5 float
    """

    picture: str
    pixels: bytes
    classes: tuple[int, ...]
    names: tuple[str, ...]
    probabilities: tuple[float, ...]


class PictureRefused(Event, frozen=True, kw_only=True, tag="picture_refused"):
    """A file is no picture; the others are answered all the same."""

    picture: str
    message: str
    remedy: str


class PredictionEnded(Event, frozen=True, kw_only=True, tag="prediction_ended"):
    """Every picture was answered or refused.

    Attributes
    ----------
    epoch : int
        Whose network answered.
    """

    epoch: int


class Explained(Event, frozen=True, kw_only=True, tag="explained"):
    """Where in a picture a run's network finds a class.

    Attributes
    ----------
    heat : bytes
        32 x 32 float32 of this machine, 0 to 1.
    layer : str
        Whose map it is, by its name in the network.
    map_height, map_width : int
        Of that map.
    label : int
        The class that is explained.
    probability : float
        What the network gives it.
    """

    heat: bytes
    layer: str
    map_height: int
    map_width: int
    label: int
    probability: float


class Augmented(Event, frozen=True, kw_only=True, tag="augmented"):
    """The versions of a picture that a training shows.

    Attributes
    ----------
    versions : tuple of bytes
        32 x 32 x 3 each, of the first epochs in their order.
    is_trained_on : bool
        Whether the run shows just these; otherwise they are what it would do to such a picture.
    """

    versions: tuple[bytes, ...]
    is_trained_on: bool


class Cancelled(Event, frozen=True, kw_only=True, tag="cancelled"):
    """A short request was given up as asked."""


class RequestFailed(Event, frozen=True, kw_only=True, tag="request_failed"):
    """A short request could not be carried out."""

    message: str
    remedy: str = ""
    details: str = ""


AnyEvent = (
    WorkerReady
    | RunStarted
    | BatchesEnded
    | EvaluationProgressed
    | QuickTestEnded
    | EpochEnded
    | SaveRefused
    | RunPaused
    | RunContinued
    | RunNoticed
    | RunEnded
    | Estimated
    | DataProgressed
    | DataReady
    | RunMended
    | RunEvaluated
    | Predicted
    | PictureRefused
    | PredictionEnded
    | Explained
    | Augmented
    | Cancelled
    | RequestFailed
)

LAST_EVENTS = (
    RunEnded,
    Estimated,
    DataReady,
    RunMended,
    RunEvaluated,
    PredictionEnded,
    Explained,
    Augmented,
    Cancelled,
    RequestFailed,
)
"""The kinds of which each request gets exactly one, as its last event."""
