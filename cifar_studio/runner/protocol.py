"""What goes up and down a worker's pipes: requests as JSON lines in, envelopes of events out."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.analysis.confusion_cells import Level
from cifar_studio.runs.analysis.convergence import ConvergenceRule
from cifar_studio.runs.analysis.summary import DEFAULT_RULE
from cifar_studio.runs.answers import AnyEvent
from cifar_studio.runs.folder.environment import TrialOf
from cifar_studio.runs.folder.events import Moment
from cifar_studio.runs.queue_rules import PlannedRun


class Command(StrEnum):
    """What a person wants of work that goes on.

    PRUNE is a search's: the trial is not worth its other epochs. ABANDON is nobody's: the asking
    process is gone.
    """

    PAUSE = "pause"
    CONTINUE = "continue"
    STOP_AFTER_EPOCH = "stop_after_epoch"
    STOP_NOW = "stop_now"
    PRUNE = "prune"
    ABANDON = "abandon"


class Request(msgspec.Struct, frozen=True, kw_only=True, tag_field="request"):
    """Base of all requests. Every event that answers one carries its `id`."""

    id: int


class TrainRequest(PlannedRun, frozen=True, kw_only=True, tag_field="request", tag="train"):
    """Train a network in a new run folder inside the folder `runs`.

    `command` is what a person would type to get this run; `trial` is its place in an experiment.
    """

    id: int
    runs: str
    command: list[str] = msgspec.field(default_factory=list)
    trial: TrialOf | None = None


class ResumeRequest(Request, frozen=True, kw_only=True, tag="resume"):
    """Go on with a run where its checkpoint stands.

    Attributes
    ----------
    data : str
        As `TrainRequest` means it; "auto" is the data that the run was started with.
    epochs : int or None
        A new number of epochs, at least those that are done; None leaves it.
    device : str or None
        Another device, as `TrainConfig.device` takes it; None leaves it.
    schedule_epochs : int or None
        Over how many epochs the schedule of the learning rate is to run, such as the epochs so far:
        a longer run then holds its last rate. 0 is over all of them, None leaves it.
    """

    folder: str
    data: str
    epochs: int | None = None
    device: str | None = None
    schedule_epochs: int | None = None
    command: list[str] = []


class EstimateRequest(Request, frozen=True, kw_only=True, tag="estimate"):
    """Measure the speed of a config for a few batches."""

    config: TrainConfig


class PrepareDataRequest(Request, frozen=True, kw_only=True, tag="prepare_data"):
    """Read, verify and keep the pictures of a folder or archive."""

    data: str


class FetchDataRequest(Request, frozen=True, kw_only=True, tag="fetch_data"):
    """Download CIFAR-100, verify and keep it."""


class FindRepeatsRequest(Request, frozen=True, kw_only=True, tag="find_repeats"):
    """Find pictures that occur more than once, unless they were found before."""

    data: str


class MendRequest(Request, frozen=True, kw_only=True, tag="mend"):
    """Write what is damaged in a run folder anew from its checkpoint."""

    folder: str


class OpenBundleRequest(Request, frozen=True, kw_only=True, tag="open_bundle"):
    """Put the run of a .cifarrun file into a folder of runs."""

    bundle: str
    runs: str


class EvaluateRequest(Request, frozen=True, kw_only=True, tag="evaluate"):
    """Evaluate a run's network and keep the arrays in its folder.

    They are the pictures that the run uses, without augmentation; of its training pictures only
    the best epoch's network is evaluated. `data` is as `ResumeRequest` means it.
    """

    folder: str
    moment: Moment = "best"
    split: Literal["test", "train"] = "test"
    data: str = "auto"


class PredictRequest(Request, frozen=True, kw_only=True, tag="predict"):
    """Let a run's network name what is in picture files."""

    folder: str
    pictures: list[str]
    moment: Moment = "best"


class ExplainRequest(Request, frozen=True, kw_only=True, tag="explain"):
    """Say where in a picture a run's network finds a class.

    `pixels` are 32 x 32 x 3 bytes; `label` None is the likeliest class.
    """

    folder: str
    pixels: bytes
    label: int | None = None
    moment: Moment = "best"


class AugmentRequest(Request, frozen=True, kw_only=True, tag="augment"):
    """Show the versions of a picture that the training of a config makes.

    `position` is in the complete split; `data` is as `TrainRequest` means it.
    """

    config: TrainConfig
    data: str
    split: Literal["test", "train"]
    position: int


class FiguresRequest(Request, frozen=True, kw_only=True):
    """Base of the requests that draw figures.

    Width and height are inches, None what suits a figure; `dpi` are a PNG file's dots an inch.
    """

    width_in: float | None = None
    height_in: float | None = None
    dpi: int = 300


class SaveFigureRequest(FiguresRequest, frozen=True, kw_only=True, tag="save_figure"):
    """Write a figure of a run's evaluation to a file.

    Attributes
    ----------
    folder : str
        Run A's.
    moment : str
        Which of its evaluations; run B's is always of its best epoch.
    level : str
        Of the confusion matrix, as `percent` and `logarithmic` are.
    percent : bool
        Per cent of the true class's pictures, else counts.
    logarithmic : bool
        How strongly cells are coloured.
    beside : str
        Run B's folder; "" for none.
    side : str
        Whose figure; the difference, A's counts less B's, is of the confusion matrix only.
    path : str
        Its suffix, .png, .svg or .pdf, says the format. A file of that name is replaced.
    """

    folder: str
    path: str
    moment: Moment = "best"
    figure: Literal["confusion", "calibration"] = "confusion"
    level: Level = "superclasses"
    percent: bool = False
    logarithmic: bool = True
    beside: str = ""
    side: Literal["a", "b", "difference"] = "a"


class SaveCurvesRequest(FiguresRequest, frozen=True, kw_only=True, tag="save_curves"):
    """Write the curves of runs to a file.

    Attributes
    ----------
    path : str
        As `SaveFigureRequest` means it.
    by_seed : bool
        Runs that differ only in their seed as their mean, with a band of one standard deviation.
    report : bool
        The report's figures as lines, where all runs are of one of its networks.
    """

    folders: list[str]
    path: str
    by_seed: bool = False
    report: bool = False
    panels: Literal["both", "loss", "accuracy"] = "both"


class ExportRequest(FiguresRequest, frozen=True, kw_only=True, tag="export"):
    """Write what runs are into a folder, for other people and programs.

    Attributes
    ----------
    to : str
        Made where it is not there. Each run gets a folder of its name in it.
    formats : list of str
        Keys of `export.formats.FORMATS`.
    data : str
        As `ResumeRequest` means it; exported networks are checked on test pictures.
    rule : ConvergenceRule
        Of the table of the runs.
    """

    folders: list[str]
    to: str
    formats: list[str]
    data: str = "auto"
    rule: ConvergenceRule = DEFAULT_RULE


ExperimentFigure = Literal["history", "curves", "parallel", "slices", "importance", "band"]


class ExportExperimentRequest(FiguresRequest, frozen=True, kw_only=True, tag="export_experiment"):
    """Write what an experiment says into a folder, for other people and programs.

    Attributes
    ----------
    folder : str
        The experiment's.
    to : str
        Made where it is not there.
    formats : list of str
        Keys of `export.formats.EXPERIMENT_FORMATS`.
    data : str
        As `ResumeRequest` means it; the report shows pictures of the best trial.
    """

    folder: str
    to: str
    formats: list[str]
    data: str = "auto"


class SaveExperimentFigureRequest(
    FiguresRequest, frozen=True, kw_only=True, tag="save_experiment_figure"
):
    """Write a figure of an experiment to a file; `path` is as `SaveFigureRequest` means it.

    The band is of seeds and folds; what a search varied has all the others.
    """

    folder: str
    path: str
    figure: ExperimentFigure


class ControlRequest(Request, frozen=True, kw_only=True, tag="control"):
    """A command for the work with the same id."""

    command: Command


AnyRequest = (
    TrainRequest
    | ResumeRequest
    | EstimateRequest
    | PrepareDataRequest
    | FetchDataRequest
    | FindRepeatsRequest
    | MendRequest
    | OpenBundleRequest
    | EvaluateRequest
    | PredictRequest
    | ExplainRequest
    | AugmentRequest
    | SaveFigureRequest
    | SaveCurvesRequest
    | ExportRequest
    | ExportExperimentRequest
    | SaveExperimentFigureRequest
    | ControlRequest
)


class Envelope(msgspec.Struct, frozen=True):
    """An event and the id of the request that it answers; 0 where it answers none."""

    id: int
    event: AnyEvent


request_decoder: msgspec.json.Decoder[AnyRequest] = msgspec.json.Decoder(AnyRequest)
envelope_decoder: msgspec.json.Decoder[Envelope] = msgspec.json.Decoder(Envelope)


def to_line(value: AnyRequest | Envelope) -> bytes:
    """One JSON line, with its newline."""
    return msgspec.json.encode(value) + b"\n"
