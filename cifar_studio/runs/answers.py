"""What the short requests of a worker are answered with, apart from trainings."""

from __future__ import annotations

import msgspec

from cifar_studio.runs.folder.events import Event, Moment, Phase, RunEnded, RunEvent, WorkerReady


class LastEvent(Event, frozen=True, kw_only=True):
    """Base of the events of which each short request gets exactly one, as its last."""


class Estimated(LastEvent, frozen=True, kw_only=True, tag="estimated"):
    """Speed of a config measured on this machine for a few batches."""

    train_images_per_second: float
    test_images_per_second: float
    memory_mib: float  # peak of the process (CPU) or of the device
    device: str


class DataProgressed(Event, frozen=True, kw_only=True, tag="data_progressed"):
    """Pictures are being fetched or read; at most ten times a second."""

    phase: str  # what is done now, such as "downloading", for a person
    done: int  # bytes, or parts of the work
    total: int  # 0 where it is not known
    bytes_per_second: float = 0.0  # of a download; 0 otherwise


class DataReady(LastEvent, frozen=True, kw_only=True, tag="data_ready"):
    """Pictures were read and verified, and are kept for the next start."""

    name: str
    source: str


class RepeatsFound(LastEvent, frozen=True, kw_only=True, tag="repeats_found"):
    """The pictures that occur more than once are known, and kept in the cache folder."""

    path: str  # the file that `cifar_studio.data.repeats.kept_repeats` reads
    pairs: int


class RunMended(LastEvent, frozen=True, kw_only=True, tag="run_mended"):
    """What was damaged in a run folder, files of these names, was written anew."""

    folder: str
    files: tuple[str, ...]


class RunOpened(LastEvent, frozen=True, kw_only=True, tag="run_opened"):
    """The run of a bundle stands in the folder of runs."""

    folder: str
    was_there: bool  # whether it stood there before


class RunEvaluated(LastEvent, frozen=True, kw_only=True, tag="run_evaluated"):
    """A run's network was evaluated, and its arrays lie in the run folder."""

    folder: str
    moment: Moment
    split: Phase
    epoch: int  # whose network it is
    pictures: int
    loss: float | None  # None where it is not finite
    top1: float
    top5: float


class Predicted(Event, frozen=True, kw_only=True, tag="predicted"):
    """What a run's network answers for one picture file: the five likeliest classes."""

    picture: str  # the file
    pixels: bytes  # 32 x 32 x 3, as the network sees them
    classes: tuple[int, ...]  # likeliest first
    names: tuple[str, ...]
    probabilities: tuple[float, ...]


class PictureRefused(Event, frozen=True, kw_only=True, tag="picture_refused"):
    """A file is no picture; the others are answered all the same."""

    picture: str
    message: str
    remedy: str


class PredictionEnded(LastEvent, frozen=True, kw_only=True, tag="prediction_ended"):
    """Every picture was answered or refused."""

    epoch: int  # whose network answered


class Explained(LastEvent, frozen=True, kw_only=True, tag="explained"):
    """Where in a picture a run's network finds a class."""

    heat: bytes  # 32 x 32 float32 of this machine, 0 to 1
    layer: str  # whose map it is, by its name in the network
    map_height: int
    map_width: int
    label: int  # the class that is explained
    probability: float  # what the network gives it


class MixedClasses(msgspec.Struct, frozen=True):
    """Two classes in one picture, by their titles; the second has the rest of the share."""

    first: str
    share: float
    second: str


class Augmented(LastEvent, frozen=True, kw_only=True, tag="augmented"):
    """The versions of a picture that a training shows.

    Attributes
    ----------
    versions : tuple of bytes
        32 x 32 x 3 each, of the first epochs in their order.
    mixed : tuple of MixedClasses or None
        Of each, where it is mixed with another picture.
    is_trained_on : bool
        Whether the run shows just these; otherwise they are what it would do to such a picture.
    """

    versions: tuple[bytes, ...]
    mixed: tuple[MixedClasses | None, ...]
    is_trained_on: bool


class FigureSaved(LastEvent, frozen=True, kw_only=True, tag="figure_saved"):
    """A figure was written to the file `path`."""

    path: str


class ExportProgressed(Event, frozen=True, kw_only=True, tag="export_progressed"):
    """The file `name` is being written, after `done` of `total` files."""

    done: int
    total: int
    name: str


class Exported(LastEvent, frozen=True, kw_only=True, tag="exported"):
    """Runs were written into a folder.

    Attributes
    ----------
    files : tuple of str
        What was written, below the folder.
    checks : tuple of str
        How networks that were written answered, held against their runs.
    faults : tuple of str
        What could not be written, and why, sentences.
    """

    folder: str
    files: tuple[str, ...]
    checks: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


class Cancelled(LastEvent, frozen=True, kw_only=True, tag="cancelled"):
    """A short request was given up as asked."""


class RequestFailed(LastEvent, frozen=True, kw_only=True, tag="request_failed"):
    """A short request could not be carried out."""

    message: str
    remedy: str = ""
    details: str = ""


AnyEvent = (
    WorkerReady
    | RunEvent
    | Estimated
    | DataProgressed
    | DataReady
    | RepeatsFound
    | RunMended
    | RunOpened
    | RunEvaluated
    | Predicted
    | PictureRefused
    | PredictionEnded
    | Explained
    | Augmented
    | FigureSaved
    | ExportProgressed
    | Exported
    | Cancelled
    | RequestFailed
)

LAST_EVENTS = (RunEnded, LastEvent)
"""What a request ends with: a training, and a short one."""
