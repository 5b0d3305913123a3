"""What the short requests of a worker are answered with, apart from trainings."""

from __future__ import annotations

from cifar_studio.runs.folder.events import Event, Moment, Phase, RunEnded, RunEvent, WorkerReady


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


class RepeatsFound(Event, frozen=True, kw_only=True, tag="repeats_found"):
    """The pictures that occur more than once are known, and kept in the cache folder.

    Attributes
    ----------
    path : str
        The file that `cifar_studio.data.repeats.kept_repeats` reads.
    pairs : int
    """

    path: str
    pairs: int


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


class RunOpened(Event, frozen=True, kw_only=True, tag="run_opened"):
    """The run of a bundle stands in the folder of runs.

    Attributes
    ----------
    folder : str
    was_there : bool
        Whether it stood there before.
    """

    folder: str
    was_there: bool


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


class FigureSaved(Event, frozen=True, kw_only=True, tag="figure_saved"):
    """A figure was written.

    Attributes
    ----------
    path : str
        The file.
    """

    path: str


class ExportProgressed(Event, frozen=True, kw_only=True, tag="export_progressed"):
    """A file is being written.

    Attributes
    ----------
    done, total : int
        Files.
    name : str
        Of the one that is next.
    """

    done: int
    total: int
    name: str


class Exported(Event, frozen=True, kw_only=True, tag="exported"):
    """Runs were written into a folder.

    Attributes
    ----------
    folder : str
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


class Cancelled(Event, frozen=True, kw_only=True, tag="cancelled"):
    """A short request was given up as asked."""


class RequestFailed(Event, frozen=True, kw_only=True, tag="request_failed"):
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

LAST_EVENTS = (
    RunEnded,
    Estimated,
    DataReady,
    RepeatsFound,
    RunMended,
    RunOpened,
    RunEvaluated,
    PredictionEnded,
    Explained,
    Augmented,
    FigureSaved,
    Exported,
    Cancelled,
    RequestFailed,
)
"""The kinds of which each request gets exactly one, as its last event."""
