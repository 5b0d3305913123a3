"""The trainings of an experiment in a terminal: one as `train` shows it, several a line each."""

from __future__ import annotations

from typing import Any, Protocol

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from cifar_studio.cli.output.progress_bar import stderr_console
from cifar_studio.cli.output.training_display import TrainingDisplay
from cifar_studio.cli.usage import NAME
from cifar_studio.config.presets import AS_PRINTED, PRESETS
from cifar_studio.config.study import StudyRun
from cifar_studio.errors import ConfigError, StudioError
from cifar_studio.experiments.protocol import DispatchEnvelope, JobBegan
from cifar_studio.plain_text import printable
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder, ExperimentState
from cifar_studio.runs.experiment.trials import Part
from cifar_studio.runs.experiment.words import (
    figure_title,
    figure_words,
    parameters_words,
    varied_keys,
)
from cifar_studio.runs.folder.events import (
    BatchesEnded,
    EpochEnded,
    RunEnded,
    RunNoticed,
    RunStarted,
)
from cifar_studio.runs.folder.events import EvaluationProgressed as Evaluating
from cifar_studio.terminal import LastingStderr, tell


class _Display(Protocol):
    def began(self, id_: int, title: str) -> None: ...
    def show(self, id_: int, event: object) -> None: ...
    def ended(self, id_: int) -> None: ...
    def say(self, line: str) -> None: ...


class ExperimentDisplay:
    """Shows what a dispatcher says of one experiment.

    Attributes
    ----------
    stopping : bool
        Somebody has asked for the end: trainings that end before they began are no news then.
    """

    def __init__(self, folder: ExperimentFolder, *, slots: int) -> None:
        self.stopping = False
        self._folder = folder
        self._jobs: dict[int, tuple[int, int]] = {}
        self._display: _Display = _OneByOne() if slots == 1 else _SideBySide()

    def __enter__(self) -> ExperimentDisplay:
        return self

    def __exit__(self, *_: Any) -> None:
        for id_ in list(self._jobs):
            self._display.ended(id_)

    def show(self, envelope: DispatchEnvelope) -> None:
        """Show what happened in a training; everything else is passed over."""
        id_, event = envelope.id, envelope.event
        if isinstance(event, JobBegan):
            self._jobs[id_] = event.trial, event.part
            self._display.began(id_, trial_title(self._folder.read(), event.trial, event.part))
        elif id_ in self._jobs:
            self._display.show(id_, event)
            if isinstance(event, RunEnded):
                number, part = self._jobs.pop(id_)
                self._display.ended(id_)
                self._tell_end(number, part, event)

    def _tell_end(self, number: int, part_number: int, event: RunEnded) -> None:
        state = self._folder.read()
        trial = next((one for one in state.trials if one.number == number), None)
        if trial is None:
            return
        part = trial.part(part_number)
        if event.state in ("failed", "crashed"):
            if not self.stopping:
                self._display.say(f"{NAME}: {StudioError(event.message, event.remedy)}")
        elif part.state in ("finished", "pruned"):
            head = _head(state, number, part_number)
            self._display.say(f"{head}: {_outcome(state, part)}")


def trial_title(state: ExperimentState, number: int, part: int = 0) -> str:
    """What is trained: "trial 3/12 · learning_rate 0.01, momentum 0.9"."""
    head = _head(state, number, part)
    trial = next((one for one in state.trials if one.number == number), None)
    if trial is None:
        return head
    preset = PRESETS.get(trial.preset) or AS_PRINTED.get(trial.preset)
    if state.experiment.kind == "report" and preset is not None:
        try:
            run = StudyRun(preset, state.experiment.trial_config(trial.parameters))
        except ConfigError:
            return head
        return f"{head.removeprefix('trial ')} {report_title(run)}"
    keys = [key for key in varied_keys(state.experiment, state.trials) if key != "folds"]
    sets = parameters_words(trial.parameters, keys)
    return f"{head} · {sets}" if sets else head


def report_title(run: StudyRun) -> str:
    """A run of the report's study: "ResNet18, seed 0, short"."""
    short = ", short" if run.mark else ""
    return f"{run.preset.title}, seed {run.config.seed}{short}"


def _head(state: ExperimentState, number: int, part: int) -> str:
    experiment = state.experiment
    count = experiment.trial_count
    if count is None and experiment.is_planned_ahead:
        count = len(state.trials)
    words = f"trial {number}" if count is None else f"trial {number}/{count}"
    return f"{words}, fold {part}/{experiment.folds}" if part else words


def _outcome(state: ExperimentState, part: Part) -> str:
    if part.state == "pruned":
        return f"ended early after {part.epochs} epochs"
    if part.value is None:
        return part.message or "no figure"
    title = figure_title(state.experiment).rpartition(",")[0]
    return f"{title} {figure_words(state.experiment, part.value)} at epoch {part.best_epoch}"


class _OneByOne:
    """One training at a time, with all that `train` shows."""

    def __init__(self) -> None:
        self._shown: TrainingDisplay | None = None

    def began(self, _id: int, title: str) -> None:
        tell(title)
        self._shown = TrainingDisplay().__enter__()

    def show(self, _id: int, event: object) -> None:
        if self._shown is not None:
            self._shown.show(event)

    def ended(self, _id: int) -> None:
        if self._shown is not None:
            self._shown.__exit__(None, None, None)
            self._shown = None

    def say(self, line: str) -> None:
        tell(line)


class _SideBySide:
    """Several trainings at a time, a bar each."""

    def __init__(self) -> None:
        console = stderr_console(LastingStderr())
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[facts]}"),
        )
        self._console = console
        self._bars = Progress(
            *columns, console=console, transient=True, disable=not console.is_terminal
        )
        self._tasks: dict[int, TaskID] = {}
        self._epochs: dict[int, int] = {}

    def began(self, id_: int, title: str) -> None:
        self.say(title)
        if not self._tasks:
            self._bars.start()
        self._tasks[id_] = self._bars.add_task(printable(title), total=None, facts="")

    def show(self, id_: int, event: object) -> None:
        if isinstance(event, RunStarted):
            self._epochs[id_] = event.config.epochs
        elif isinstance(event, BatchesEnded):
            facts = f"epoch {event.epoch}/{self._epochs[id_]} · top-1 {event.epoch_top1:.2f} %"
            self._bars.update(
                self._tasks[id_], completed=event.batch, total=event.batches, facts=facts
            )
        elif isinstance(event, Evaluating):
            self._bars.update(self._tasks[id_], completed=event.done, total=event.total)
        elif isinstance(event, EpochEnded) and event.row.val_top1 is not None:
            facts = f"epoch {event.row.epoch} · validation {event.row.val_top1:.2f} %"
            self._bars.update(self._tasks[id_], facts=facts)
        elif isinstance(event, RunNoticed):
            self.say(f"{NAME}: {event.message.rstrip('.')}.")

    def ended(self, id_: int) -> None:
        self._bars.remove_task(self._tasks.pop(id_))
        if not self._tasks:
            self._bars.stop()

    def say(self, line: str) -> None:
        self._console.print(printable(line), highlight=False, markup=False, soft_wrap=True)
