"""Many runs, one after another, each in a worker process of its own, and how long they take.

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
from cifar_studio.runner.protocol import Command, EstimateRequest, ResumeRequest, TrainRequest
from cifar_studio.runner.training.speeds import Speed, SpeedBook, speed_key
from cifar_studio.runner.worker_process import WorkerProcess, new_id
from cifar_studio.runs.answers import AnyEvent, Estimated, RequestFailed
from cifar_studio.runs.folder.events import RunEnded
from cifar_studio.runs.folder.library import RESUMABLE, Run, list_runs
from cifar_studio.runs.folder.run_folder import RunFolder


@dataclass(frozen=True)
class StudyStep:
    """A run of the study, and what was found of it, finished or such that it can go on."""

    run: StudyRun
    found: Run | None = None

    @property
    def state(self) -> Literal["new", "resumable", "finished"]:
        if self.found is None:
            return "new"
        return "finished" if self.found.status.state == "finished" else "resumable"


def plan(runs: Iterable[StudyRun], folder: Path, data: str) -> list[StudyStep]:
    """Look up which runs of a study are done, or begun.

    `data` is as `TrainRequest` means it: a run of the demo set is none of CIFAR-100.
    """
    present = list_runs(folder)
    return [_step(run, present, data) for run in runs]


def _step(planned: StudyRun, present: Sequence[Run], data: str) -> StudyStep:
    same = [run for run in present if run.config == planned.config and _is_of(run, data)]
    finished = [run for run in same if run.status.state == "finished"]
    resumable = [
        run
        for run in same
        if run.status.state in RESUMABLE and RunFolder(run.path).has_checkpoint()
    ]
    return StudyStep(planned, next(iter(finished + resumable), None))


def _is_of(run: Run, data: str) -> bool:
    facts = run.environment.data if run.environment else None
    return facts is not None and facts.is_demo == (data == DEMO)


class StudyRunner:
    """Carries steps out. `stop` and `kill` may be called from another thread.

    `command` is what a person typed, for the runs' environments.
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
        if (worker := self._worker) is not None:
            worker.command(self._id, Command.STOP_NOW)

    def kill(self) -> None:
        """End the run that goes on at once; what is on the disk stays there."""
        self.is_stopped = True
        if (worker := self._worker) is not None:
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


@dataclass(frozen=True)
class StudyEstimate:
    """Seconds and peak memory of each run of a study; None where it could not be measured.

    A run that is finished takes 0 seconds.
    """

    seconds: tuple[float | None, ...]
    memory_mib: tuple[float | None, ...]

    @property
    def total_seconds(self) -> float | None:
        """Of all runs; None where one is not known."""
        known = [seconds for seconds in self.seconds if seconds is not None]
        return sum(known) if len(known) == len(self.seconds) else None


def estimate_of(steps: Sequence[StudyStep], book: SpeedBook) -> StudyEstimate:
    """Reckon with the speeds that are known."""
    seconds: list[float | None] = []
    memory: list[float | None] = []
    for step in steps:
        speed = book.lookup(step.run.config)
        memory.append(speed.memory_mib if speed else None)
        if step.state == "finished":
            seconds.append(0.0)
        elif speed is None:
            seconds.append(None)
        else:
            done = len(step.found.rows) if step.found else 0
            left = max(step.run.config.epochs - done, 0) / step.run.config.epochs
            seconds.append(speed.seconds(step.run.config) * left)
    return StudyEstimate(tuple(seconds), tuple(memory))


def configs_to_measure(steps: Iterable[StudyStep], book: SpeedBook) -> list[TrainConfig]:
    """One config of each kind whose speed decides how long the study takes, and is not known."""
    kinds = {speed_key(s.run.config): s.run.config for s in steps if s.state != "finished"}
    return [config for config in kinds.values() if book.lookup(config) is None]


def measure(configs: Iterable[TrainConfig], book: SpeedBook) -> list[str]:
    """Have each config trained for a few batches and keep the speeds; what failed, in words.

    Raises WorkerError where no process can be started.
    """
    faults: list[str] = []
    for config in configs:
        # A process each: memory that one has left behind would count for the next.
        worker = WorkerProcess(warm=False)
        request = EstimateRequest(id=new_id(), config=config)
        worker.send(request)
        for envelope in worker.events():
            event = envelope.event
            if isinstance(event, Estimated):
                train, test = event.train_images_per_second, event.test_images_per_second
                book.remember(config, Speed(train, test, event.memory_mib))
            elif isinstance(event, RequestFailed):
                faults.append(f"{config.architecture}: {event.message}")
            if envelope.id == request.id:
                worker.close()
    return faults
