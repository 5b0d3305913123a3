"""A dispatcher whose workers play what a test tells them: in this process, without any training.

What they play is on the disk as a real training leaves it: run folders with settings, epochs and
status, held while they go on.
"""

from __future__ import annotations

import contextlib
import itertools
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import filelock
import pytest
from msgspec.structs import replace

from cifar_studio.config.experiment.axis import Axis
from cifar_studio.config.experiment.experiment import (
    Experiment,
    checked_experiment,
    settled,
)
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import WorkerError
from cifar_studio.experiments import local_pool
from cifar_studio.experiments.dispatcher import Dispatcher
from cifar_studio.experiments.local_pool import Gone, LocalPool, Said, Slot
from cifar_studio.experiments.protocol import (
    AnyDispatchEvent,
    AnyDispatchRequest,
    ExperimentChanged,
    QueueChanged,
    RunExperiment,
    StartRun,
)
from cifar_studio.runner.protocol import Command, Envelope, ResumeRequest, TrainRequest
from cifar_studio.runs.experiment import experiment_folder as folders
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.experiment.trials import Trial
from cifar_studio.runs.folder import run_folder
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.events import EpochEnded, RunEnded, RunPaused, RunState
from cifar_studio.runs.folder.run_folder import RunFolder, Status
from cifar_studio.runs.queue_rules import PlannedRun
from scripted_worker import ready, started
from support import make_environment, make_row

CONFIG = TrainConfig(epochs=2, validation_per_class=50, train_per_class=450, device="cpu")
AXES = (
    Axis(key="learning_rate", values=(0.01, 0.02, 0.03)),
    Axis(key="momentum", values=(0.8, 0.9)),
)
_pids = itertools.count(1000)
_E = TypeVar("_E")


def figure(config: TrainConfig, epoch: int) -> float:
    """What a training reaches: of its settings alone, as a real one's is."""
    return round(1000 * config.learning_rate * config.momentum, 3) + epoch + config.seed


def row_of(config: TrainConfig, epoch: int) -> EpochRow:
    row = make_row(epoch, top1=figure(config, epoch))
    if not config.has_validation:
        return row
    return replace(
        row,
        test_loss=None if config.test == "never" else row.test_loss,
        test_top1=None if config.test == "never" else row.test_top1,
        test_top5=None if config.test == "never" else row.test_top5,
        val_loss=10.0 / figure(config, epoch),
        val_top1=figure(config, epoch),
        val_top5=figure(config, epoch) + 1,
    )


class ScriptedWorker:
    """As a pool's worker. A test lets it begin, finish epochs, and end.

    Attributes
    ----------
    request : TrainRequest or ResumeRequest or None
    commands : list of Command
        That have come so far.
    """

    def __init__(self, slot: Slot, deliver: Callable[[Said | Gone], None]) -> None:
        self.slot = slot
        self.pid = next(_pids)
        self.request: TrainRequest | ResumeRequest | None = None
        self.commands: list[Command] = []
        self.folder: RunFolder | None = None
        self.is_closed = False
        self.is_gone = False
        self._deliver = deliver
        self._lock: filelock.BaseFileLock | None = None

    # As the dispatcher sees it

    def send(self, request: TrainRequest | ResumeRequest) -> None:
        self.request = request

    def command(self, request_id: int, command: Command) -> None:
        assert self.request is not None
        assert request_id == self.request.id
        self.commands.append(command)

    def close(self) -> None:
        self.is_closed = True

    def kill(self) -> None:
        self.die()

    # As it plays

    @property
    def config(self) -> TrainConfig:
        assert self.folder is not None
        return self.folder.read_config()

    @property
    def is_training(self) -> bool:
        return self.request is not None and not self.is_gone

    def warm(self) -> None:
        self._deliver(Said(self, Envelope(0, ready())))

    def make_folder(self) -> RunFolder:
        """Make or take the run folder, as long as nobody is told."""
        request = self.request
        if isinstance(request, ResumeRequest):
            self.folder = RunFolder(Path(request.folder))
        else:
            assert request is not None
            self.folder = run_folder.create(Path(request.runs), request.config.architecture)
        self._lock = self.folder.hold()
        if isinstance(request, TrainRequest):
            environment = replace(make_environment(), started=run_folder.now(), trial=request.trial)
            self.folder.write_environment(environment)
            self.folder.write_config(request.config)
        self._write("running")
        return self.folder

    def begin(self) -> None:
        if self.folder is None:
            self.make_folder()
        assert self.folder is not None
        first = len(self.folder.read_epochs()) + 1
        self.say(started(self.folder, self.config, first))

    def epoch(self) -> None:
        assert self.folder is not None
        row = row_of(self.config, len(self.folder.read_epochs()) + 1)
        self.folder.append_epoch(row)
        self.say(EpochEnded(row=row, best_epoch=row.epoch))

    def end(self, state: RunState, message: str = "", reason: str = "") -> None:
        folder = str(self.folder.path) if self.folder is not None else ""
        self._write(state)
        self._let_go()
        self.say(RunEnded(state=state, folder=folder, message=message, reason=reason))  # type: ignore[arg-type]
        self.request = None
        self.die()

    def finish(self) -> None:
        """Train to the end, from wherever it stands."""
        self.begin()
        assert self.folder is not None
        while len(self.folder.read_epochs()) < self.config.epochs:
            self.epoch()
        self.end("finished")

    def pause(self, message: str = "") -> None:
        self.say(RunPaused(message=message, reason="disk" if message else ""))

    def die(self) -> None:
        """As the process that was killed; its reader closes what was open."""
        if self.is_gone:
            return
        self.is_gone = True
        self._let_go()
        if self.request is not None:
            folder = str(self.folder.path) if self.folder is not None else ""
            self.say(RunEnded(state="crashed", folder=folder, message="it was killed"))
        self._deliver(Gone(self))

    def say(self, event: AnyDispatchEvent) -> None:
        assert self.request is not None
        self._deliver(Said(self, Envelope(self.request.id, event)))  # type: ignore[arg-type]

    def vanish(self) -> None:
        """As a worker whose dispatcher was killed: it has saved, and tells nobody."""
        self._let_go()

    def _write(self, state: RunState) -> None:
        if self.folder is not None:
            with contextlib.suppress(OSError):
                self.folder.write_status(Status(state=state))

    def _let_go(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None


class Play:
    """A dispatcher on its stage; what workers say is heard at once, in order.

    Attributes
    ----------
    workers : list of ScriptedWorker
        All that were started.
    told : list of (id, event)
    refusals : int
        How many of the next starts of workers fail.
    """

    def __init__(
        self, place: Path, slots: tuple[Slot, ...] = (Slot(),), old_queue: Path | None = None
    ) -> None:
        self.experiments = place / "experiments"
        self.runs = place / "runs"
        self.workers: list[ScriptedWorker] = []
        self.told: list[tuple[int, AnyDispatchEvent]] = []
        self.refusals = 0
        self._heard: deque[Said | Gone] = deque()
        self._is_hearing = False
        self.dispatcher = Dispatcher(
            LocalPool(slots, self._hear),
            lambda id_, event: self.told.append((id_, event)),
            experiments=self.experiments,
            runs=self.runs,
            old_queue_file=old_queue,
        )
        _stages.append(self)

    def start_worker(
        self, slot: Slot, niceness: int, deliver: Callable[[Said | Gone], None]
    ) -> ScriptedWorker:
        if self.refusals:
            self.refusals -= 1
            raise WorkerError("the worker process cannot be started", "Close other programs")
        self.workers.append(ScriptedWorker(slot, deliver))
        return self.workers[-1]

    def ask(self, *requests: AnyDispatchRequest) -> None:
        _stages[:] = [self]
        for request in requests:
            self.dispatcher.request(request)
            self._listen()

    def tick(self) -> None:
        _stages[:] = [self]
        self.dispatcher.tick()
        self._listen()

    def end(self) -> None:
        """As when the asking process has gone: every worker saves and ends."""
        _stages[:] = [self]
        self.dispatcher.shut_down()
        for worker in self.training:
            assert worker.is_closed
            if worker.folder is not None:
                worker.end("interrupted")
            else:
                worker.die()
        for worker in self.workers:
            worker.die()
        assert self.dispatcher.is_settled
        self.dispatcher.close()

    def vanish(self) -> None:
        """As when the process was killed: locks end with it, and workers save."""
        for worker in self.workers:
            worker.vanish()
        self.dispatcher.close()

    @property
    def training(self) -> list[ScriptedWorker]:
        """The workers that have something to train, in the order in which they were started."""
        return [worker for worker in self.workers if worker.is_training]

    @property
    def only(self) -> ScriptedWorker:
        (worker,) = self.training
        return worker

    def play_all(self) -> None:
        """Let every training come to its end, one after another."""
        while self.training:
            self.training[0].finish()

    def last(self, kind: type[_E]) -> _E:
        """The last event of a kind that was told."""
        return [event for _, event in self.told if isinstance(event, kind)][-1]

    def activity(self) -> str:
        return self.last(ExperimentChanged).activity

    def waiting(self) -> list[int]:
        """The seeds of the runs that wait in the queue."""
        return [run.planned.config.seed for run in self.last(QueueChanged).runs]

    def _hear(self, heard: Said | Gone) -> None:
        self._heard.append(heard)
        if not self._is_hearing and _stages:
            self._listen()

    def _listen(self) -> None:
        self._is_hearing = True
        try:
            while self._heard:
                heard = self._heard.popleft()
                if isinstance(heard, Said):
                    self.dispatcher.said(heard)
                else:
                    self.dispatcher.gone(heard)
        finally:
            self._is_hearing = False


_stages: list[Play] = []


@pytest.fixture(autouse=True)
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Workers come from the play that is on."""

    def start(slot: Slot, niceness: int, deliver: Callable[..., None]) -> ScriptedWorker:
        return _stages[-1].start_worker(slot, niceness, deliver)

    monkeypatch.setattr(local_pool, "start_worker", start)
    _stages.clear()
    yield
    _stages.clear()


def grid(place: Path, name: str = "grid", **changes: object) -> ExperimentFolder:
    """Make a search of six trials: every combination of the axes."""
    given: dict[str, object] = {
        "kind": "search",
        "config": CONFIG,
        "data": "demo",
        "axes": AXES,
        "method": "grid",
        "runs": str(place / "runs"),
        **changes,
    }
    experiment = checked_experiment(settled(Experiment(**given)))  # type: ignore[arg-type]
    return folders.create(place / "experiments", name, experiment)


def at_random(place: Path, trials: int | None = 6, **changes: object) -> ExperimentFolder:
    """Make a search whose trials are drawn one by one."""
    axes = (Axis(key="learning_rate", low=0.001, high=0.1), AXES[1])
    return grid(place, "random", method="random", axes=axes, trials=trials, **changes)


def run(folder: ExperimentFolder) -> RunExperiment:
    return RunExperiment(folder=str(folder.path))


def start(seed: int, **changes: object) -> StartRun:
    """A single run, told by its seed."""
    config = replace(CONFIG, seed=seed, **changes)
    return StartRun(planned=PlannedRun(config, "demo"))


def trials(folder: ExperimentFolder) -> tuple[Trial, ...]:
    return folder.read().trials


def states(folder: ExperimentFolder) -> list[str]:
    return [trial.state for trial in trials(folder)]


def table(folder: ExperimentFolder) -> list[tuple[object, ...]]:
    """What must be the same however often it was disturbed."""
    return [
        (trial.number, sorted(trial.parameters.items()), trial.state, part.number, part.value,
         part.best_epoch, part.epochs)
        for trial in trials(folder)
        for part in trial.parts
    ]  # fmt: skip


def unnamed_runs(folder: ExperimentFolder) -> set[str]:
    """The folders among the runs of which the ledger does not tell."""
    state = folder.read()
    named = {part.run for trial in state.trials for part in trial.parts}
    return {path.name for path in state.runs_folder.iterdir()} - named
