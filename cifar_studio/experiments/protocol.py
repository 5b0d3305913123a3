"""What goes down to a dispatcher and comes up from it: JSON lines, as a worker's do.

What happens in a training comes up as the worker said it, under the id that `JobBegan` gave it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from cifar_studio.runner.protocol import Command
from cifar_studio.runs.answers import AnyEvent
from cifar_studio.runs.folder.events import Event
from cifar_studio.runs.queue_rules import PlannedRun

ExperimentCommand = Literal["pause", "continue", "stop_after_epoch", "stop_now"]
Activity = Literal["waiting", "running", "pausing", "paused", "stopping", "ended"]
HeldBy = Literal["", "person", "failures"]


class DispatchRequest(msgspec.Struct, frozen=True, kw_only=True, tag_field="request"):
    """Base of all requests."""


class Warm(DispatchRequest, frozen=True, kw_only=True, tag="warm"):
    """Have a worker import torch, so that the next training begins at once."""


class StartRun(DispatchRequest, frozen=True, kw_only=True, tag="start_run"):
    """Train a single run: when its turn in the queue comes, or before all others."""

    planned: PlannedRun
    at_once: bool = False


class ResumeRun(DispatchRequest, frozen=True, kw_only=True, tag="resume_run"):
    """Go on with a run that has ended; now, while a slot is free. As `ResumeRequest` means it."""

    folder: str
    data: str = "auto"
    epochs: int | None = None
    device: str | None = None
    schedule_epochs: int | None = None


class DropRun(DispatchRequest, frozen=True, kw_only=True, tag="drop_run"):
    """Take a run out of the queue."""

    trial: int


class OrderQueue(DispatchRequest, frozen=True, kw_only=True, tag="order_queue"):
    """Give the runs that wait another order."""

    trials: list[int]


class HoldQueue(DispatchRequest, frozen=True, kw_only=True, tag="hold_queue"):
    """Begin no run of the queue."""


class ReleaseQueue(DispatchRequest, frozen=True, kw_only=True, tag="release_queue"):
    """Begin the runs of the queue again."""


class CommandJob(DispatchRequest, frozen=True, kw_only=True, tag="command_job"):
    """Pause, continue or stop one training."""

    id: int
    command: Command


class KillJob(DispatchRequest, frozen=True, kw_only=True, tag="kill_job"):
    """End a training that does not answer; what is on the disk stays there."""

    id: int


class RunExperiment(DispatchRequest, frozen=True, kw_only=True, tag="run_experiment"):
    """Go on with an experiment, in its folder, after those that were asked for before."""

    folder: str


class CommandExperiment(DispatchRequest, frozen=True, kw_only=True, tag="command_experiment"):
    """Pause, continue or stop an experiment and all its trainings."""

    name: str
    command: ExperimentCommand


class LetGo(DispatchRequest, frozen=True, kw_only=True, tag="let_go"):
    """Go on when standard input closes, until the experiments are done."""


QueueRequest = StartRun | DropRun | OrderQueue | HoldQueue | ReleaseQueue
AnyDispatchRequest = (
    Warm
    | QueueRequest
    | ResumeRun
    | CommandJob
    | KillJob
    | RunExperiment
    | CommandExperiment
    | LetGo
)


class JobBegan(Event, frozen=True, kw_only=True, tag="job_began"):
    """A worker was asked for a training. Its events follow, RunEnded last in every case.

    Attributes
    ----------
    experiment : str
        The name; "" for a run of the queue, and for one that goes on by itself.
    trial, part : int
        0 where there is none.
    planned : PlannedRun or None
        What it was asked for as; None where it goes on with a run that had ended.
    folder : str
        The run's folder where it goes on; empty for a new one.
    pid : int
        The process that trains.
    """

    experiment: str
    trial: int = 0
    part: int = 0
    planned: PlannedRun | None = None
    folder: str = ""
    pid: int = 0


class QueuedRun(msgspec.Struct, frozen=True):
    """A run that waits, and its number in the queue's ledger."""

    trial: int
    planned: PlannedRun


class QueueChanged(Event, frozen=True, kw_only=True, tag="queue_changed"):
    """The runs that wait, in their order; `fault` is what held them, where failures did."""

    runs: tuple[QueuedRun, ...]
    held_by: HeldBy = ""
    fault: str = ""


class ExperimentChanged(Event, frozen=True, kw_only=True, tag="experiment_changed"):
    """A trial of an experiment was planned, begun or ended, or the experiment itself changed.

    What its trials are now is read from its folder.
    """

    name: str
    folder: str
    activity: Activity
    message: str = ""  # why it paused or ended by itself
    remedy: str = ""


class RequestRefused(Event, frozen=True, kw_only=True, tag="request_refused"):
    """A request to the dispatcher could not be carried out."""

    message: str
    remedy: str = ""


AnyDispatchEvent = AnyEvent | JobBegan | QueueChanged | ExperimentChanged | RequestRefused


class DispatchEnvelope(msgspec.Struct, frozen=True):
    """An event and the id of the training that it is of; 0 where it is of none."""

    id: int
    event: AnyDispatchEvent


dispatch_request_decoder: msgspec.json.Decoder[AnyDispatchRequest] = msgspec.json.Decoder(
    AnyDispatchRequest
)
dispatch_envelope_decoder: msgspec.json.Decoder[DispatchEnvelope] = msgspec.json.Decoder(
    DispatchEnvelope
)


def dispatch_line(value: AnyDispatchRequest | DispatchEnvelope) -> bytes:
    """One JSON line, with its newline."""
    return msgspec.json.encode(value) + b"\n"
