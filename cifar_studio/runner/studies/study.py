"""Many runs, one after another, each in a worker process of its own.

What is done and what is not is read from the folder of runs: a study that was cut short, by
whatever, goes on when it is asked for again.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cifar_studio.config.study import StudyRun
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import DEMO
from cifar_studio.runner.protocol import Command, ResumeRequest, TrainRequest
from cifar_studio.runner.training.speeds import speed_key
from cifar_studio.runner.worker_process import WorkerProcess, new_id
from cifar_studio.runs.answers import AnyEvent
from cifar_studio.runs.folder.events import RunEnded
from cifar_studio.runs.folder.library import RESUMABLE, Run, list_runs
from cifar_studio.runs.folder.run_folder import RunFolder

State = Literal["new", "resumable", "finished"]


@dataclass(frozen=True)
class StudyStep:
    """A run of the study and what is there of it.

    Attributes
    ----------
    run : StudyRun
    state : {"new", "resumable", "finished"}
    found : Run or None
        In the folder of runs.
    """

    run: StudyRun
    state: State
    found: Run | None = None


def plan(runs: Iterable[StudyRun], folder: Path, data: str) -> list[StudyStep]:
    """Look up which runs of a study are done, or begun.

    Parameters
    ----------
    runs : iterable of StudyRun
    folder : Path
        Of runs.
    data : str
        As `TrainRequest` means it: a run of the demo set is none of CIFAR-100.
    """
    present = list_runs(folder)
    return [_step(run, present, data) for run in runs]


def _step(wanted: StudyRun, present: Sequence[Run], data: str) -> StudyStep:
    same = [run for run in present if run.config == wanted.config and _is_of(run, data)]
    for run in same:
        if run.status.state == "finished":
            return StudyStep(wanted, "finished", run)
    for run in same:
        if run.status.state in RESUMABLE and RunFolder(run.path).has_checkpoint():
            return StudyStep(wanted, "resumable", run)
    return StudyStep(wanted, "new")


def _is_of(run: Run, data: str) -> bool:
    facts = run.environment.data if run.environment else None
    return facts is not None and facts.is_demo == (data == DEMO)


class StudyRunner:
    """Carries steps out. `stop` and `kill` may be called from another thread.

    Parameters
    ----------
    data : str
    folder : Path
        Of runs.
    command : list of str
        What a person typed, for the runs' environments.
    """

    def __init__(self, data: str, folder: Path, command: Sequence[str]) -> None:
        self._data = data
        self._folder = folder
        self._command = list(command)
        self._worker: WorkerProcess | None = None
        self._id = 0
        self.is_stopped = False

    def train(self, step: StudyStep) -> Generator[AnyEvent, None, None]:
        """Train a run, or go on with it; RunEnded comes last.

        Raises
        ------
        WorkerError
            The process cannot be started.
        """
        self._id = new_id()
        self._worker = WorkerProcess(warm=False)
        try:
            self._worker.send(self._request(step))
            if self.is_stopped:
                self._worker.command(self._id, Command.STOP_NOW)
            for envelope in self._worker.events():
                if envelope.id == self._id:
                    yield envelope.event
                    if isinstance(envelope.event, RunEnded):
                        self._worker.close()
        finally:
            self._worker.close()
            self._worker = None

    def stop(self) -> None:
        """Stop the run that goes on at its next batch, with its state kept, and begin no other."""
        self.is_stopped = True
        worker = self._worker
        if worker is not None:
            worker.command(self._id, Command.STOP_NOW)

    def kill(self) -> None:
        """End the run that goes on at once; what is on the disk stays there."""
        self.is_stopped = True
        worker = self._worker
        if worker is not None:
            worker.kill()

    def _request(self, step: StudyStep) -> TrainRequest | ResumeRequest:
        if step.found is not None:
            return ResumeRequest(
                id=self._id, folder=str(step.found.path), data="auto", command=self._command
            )
        return TrainRequest(
            id=self._id,
            config=step.run.config,
            data=self._data,
            runs=str(self._folder),
            command=self._command,
        )


def configs_to_measure(steps: Iterable[StudyStep]) -> list[TrainConfig]:
    """One config of each kind whose speed decides how long the study takes."""
    kinds = {speed_key(s.run.config): s.run.config for s in steps if s.state != "finished"}
    return list(kinds.values())
