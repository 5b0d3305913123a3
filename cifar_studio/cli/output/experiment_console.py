"""Experiments in a terminal: what a new one will do, its trainings, and what they say."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cifar_studio import paths
from cifar_studio.cli.output.experiment_display import ExperimentDisplay
from cifar_studio.cli.output.signals import SignalControl
from cifar_studio.cli.usage import NAME
from cifar_studio.errors import BadInputError, StudioError
from cifar_studio.experiments import protocol
from cifar_studio.experiments.dispatch import Dispatch
from cifar_studio.experiments.local_pool import Slot
from cifar_studio.export.tables.experiment_table import best_table, report_rows, trial_table
from cifar_studio.export.tables.markdown import to_markdown
from cifar_studio.export.tables.report_table import report_table
from cifar_studio.plain_text import plain, printable
from cifar_studio.runs.experiment.experiment_folder import (
    ExperimentFolder,
    ExperimentState,
    experiment_paths,
)
from cifar_studio.runs.experiment.results import best_trial
from cifar_studio.runs.experiment.says import runs_of
from cifar_studio.runs.experiment.show import (
    describe_experiment,
    experiment_object,
    headline,
    progress_state,
)
from cifar_studio.runs.experiment.words import usable
from cifar_studio.runs.folder.events import RunEnded, RunStarted
from cifar_studio.terminal import as_json, print_result, tell

MOST_SHOWN = 20
GOES_ON = "Stopped. The same command goes on where it was."


@dataclass(frozen=True)
class Trained:
    """How the work on an experiment ended.

    Attributes
    ----------
    stopped : bool
        A signal, or another process, asked for the end.
    fault : StudioError or None
        Why it paused by itself.
    """

    state: ExperimentState
    stopped: bool
    fault: StudioError | None

    @property
    def failed(self) -> int:
        """How many trials have failed."""
        return sum(trial.state == "failed" for trial in self.state.trials)

    @property
    def exit_code(self) -> int:
        return 1 if self.fault is not None or (self.failed and not self.stopped) else 0


def train_experiment(
    folder: ExperimentFolder, slots: Sequence[Slot], command: Sequence[str]
) -> Trained:
    """Train what is left of an experiment, and show it.

    Raises
    ------
    BadInputError
        Another process runs it, or it is damaged.
    """
    state = folder.read()
    dispatch = Dispatch(
        slots, experiments=paths.experiments_folder(), runs=state.runs_folder, command=command
    )
    dispatch.ask(protocol.RunExperiment(folder=str(folder.path)))
    follower = _Follower(folder, dispatch)

    display = ExperimentDisplay(folder, slots=len(slots))
    with (
        SignalControl(follower.stop, dispatch.kill) as control,
        contextlib.closing(iter(dispatch)) as envelopes,  # type: ignore[type-var]
        display,
    ):
        for envelope in envelopes:
            display.stopping = follower.is_stopped
            display.show(envelope)
            follower.take(envelope)
    if follower.refused is not None:
        raise follower.refused
    if follower.fault is not None:
        tell(f"{NAME}: {follower.fault}")
    stopped = control.stop_requested or follower.is_stopped
    if stopped:
        tell(GOES_ON)
    return Trained(folder.read(), stopped, follower.fault)


class _Follower:
    """Follows what a dispatcher says of the experiment itself, and ends it where it has to."""

    def __init__(self, folder: ExperimentFolder, dispatch: Dispatch) -> None:
        self._folder = folder
        self._dispatch = dispatch
        self._activity: protocol.Activity = "running"
        self._open: set[int] = set()
        self._trains: set[int] = set()
        self.is_stopped = False
        self.refused: BadInputError | None = None
        self.fault: StudioError | None = None

    def stop(self) -> None:
        """Have every training stopped with its state kept; from any thread."""
        self.is_stopped = True
        self._dispatch.ask(protocol.CommandExperiment(name=self._folder.name, command="stop_now"))
        self._end_if_nothing_trains()

    def take(self, envelope: protocol.DispatchEnvelope) -> None:
        """Take in what happened."""
        id_, event = envelope.id, envelope.event
        if isinstance(event, protocol.JobBegan):
            self._open.add(id_)
        elif isinstance(event, RunStarted):
            self._trains.add(id_)
        elif isinstance(event, RunEnded):
            self._open.discard(id_)
            self._trains.discard(id_)
        elif isinstance(event, protocol.RequestRefused):
            self.refused = BadInputError(event.message, event.remedy)
        elif isinstance(event, protocol.ExperimentChanged):
            self._changed(event)
        if self.is_stopped:
            self._end_if_nothing_trains()

    def _end_if_nothing_trains(self) -> None:
        """What has not begun has nothing to save: nobody has to wait until it can be stopped."""
        if self._open and not self._trains:
            self._dispatch.stop()

    def _changed(self, event: protocol.ExperimentChanged) -> None:
        if event.activity == self._activity:
            return
        before, self._activity = self._activity, event.activity
        if event.activity == "stopping":
            self.is_stopped = True
        elif event.message and event.activity in ("pausing", "paused"):
            if self.fault is None:
                self.fault = StudioError(event.message, event.remedy)
            if event.activity == "paused":  # nobody is here who would tell it to go on
                self._dispatch.stop()
        elif event.activity == "paused":
            name = shlex.quote(self._folder.name)
            tell(f"Paused. `{NAME} experiment go-on {name}` goes on.")
        elif event.activity == "running" and before in ("pausing", "paused"):
            tell("Goes on.")


def run_in_console(
    folder: ExperimentFolder, slots: Sequence[Slot], *, command: Sequence[str], json: bool
) -> int:
    """Train what is left of an experiment and say what there is; the exit code.

    Raises
    ------
    BadInputError
        Another process runs it, or it is damaged.
    """
    trained = train_experiment(folder, slots, command)
    show_experiment(trained.state, json=json)
    if not json:
        print_result(f"experiment: {printable(str(folder.path))}")
    return trained.exit_code


def show_experiment(state: ExperimentState, *, json: bool) -> None:
    """Print where an experiment stands and what it says."""
    is_report = state.experiment.kind == "report"
    if json:
        rows = {"table": report_rows(state)} if is_report else None
        print_result(as_json(experiment_object(state, rows)))
        return
    for line in describe_experiment(state):
        print_result(line)
    if is_report:
        runs = runs_of(state, state.trials)
        sheet = report_table(runs).sheet() if runs else None
    elif best_trial(state.trials, state.experiment) is None:
        sheet = None
    elif state.experiment.kind == "search" or len(state.trials) > MOST_SHOWN:
        sheet = best_table(state).sheet()
    else:
        sheet = trial_table(state).sheet()
    if sheet is not None:
        print_result("\n" + to_markdown(sheet).rstrip("\n"))


def list_experiments(parent: Path, *, json: bool) -> None:
    """Print the experiments below a folder, without the queues of single runs."""
    states = []
    for path in experiment_paths(parent):
        try:
            state = ExperimentFolder(path).read()
        except StudioError as error:
            tell(f"{NAME}: {error}")
            continue
        if state.experiment.kind != "queue":
            states.append(state)
    if json:
        print_result(as_json([_entry(state) for state in states]))
    elif states:
        names = [printable(state.name) for state in states]
        width = max(map(len, names))
        for name, state in zip(names, states, strict=True):
            print_result(f"{name:{width}}  {progress_state(state):8}  {printable(headline(state))}")
    else:
        tell(f"{NAME}: there are no experiments in {parent}.")


def _entry(state: ExperimentState) -> dict[str, object]:
    best = best_trial(state.trials, state.experiment)
    return {
        "name": plain(state.name),
        "folder": plain(str(state.path)),
        "kind": state.experiment.kind,
        "state": progress_state(state),
        "created": plain(state.experiment.created),
        "trials": len(state.trials),
        "ended": sum(trial.is_over for trial in state.trials),
        "best": None if best is None else best.number,
        "value": None if best is None else usable(best.value),
    }
