"""Single runs that wait for their turn: an experiment without a question.

Its ledger keeps them in order through a crash. What began is a run like any other, and is not gone
on with by itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import filelock

from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.config.serialization import from_mapping, to_mapping
from cifar_studio.errors import ConfigError, RunFolderError
from cifar_studio.experiments.protocol import HeldBy, QueueChanged, QueuedRun
from cifar_studio.experiments.task import Job, Task
from cifar_studio.runs.experiment import experiment_folder as folders
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.experiment.trials import (
    AnyLine,
    Begun,
    Ended,
    EndState,
    Ordered,
    Planned,
    Trial,
    TrialTable,
    Withdrawn,
)
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.events import RunEnded
from cifar_studio.runs.queue_rules import FailureCount, PlannedRun, is_failure, read_queue

NAME = "queue"
MOST_QUEUES = 100


class RunQueue:
    """The runs that wait, in order.

    A run that could not even begin is put at the end, so that it is not lost and the others get
    their turn. `queue_rules.MOST_FAILURES` runs in a row that fail before their first epoch hold
    the queue; a person may hold it too, and runs of last time wait until a person lets them go.
    """

    def __init__(
        self,
        folder: ExperimentFolder | None,
        lock: filelock.BaseFileLock | None,
        runs: Path,
    ) -> None:
        self._folder = folder
        self._lock = lock
        self._runs_folder = runs
        self._table = TrialTable()
        if folder is not None:
            self._table.feed(folder.read_lines())
        self._failures = FailureCount()
        self._active: set[int] = set()
        self._at_once: set[int] = set()
        self._held_by: HeldBy = "person" if self._waiting() else ""
        self._fault = ""

    @property
    def name(self) -> str:
        return NAME

    @property
    def is_empty(self) -> bool:
        return not self._waiting()

    def close(self) -> None:
        if self._lock is not None:
            self._lock.release()

    def state(self) -> QueueChanged:
        """The runs that wait, and why they are held."""
        runs = tuple(QueuedRun(trial.number, self._planned(trial)) for trial in self._waiting())
        return QueueChanged(
            runs=runs,
            held_by=self._held_by if runs else "",
            fault=self._fault if self._held_by == "failures" else "",
        )

    def add(self, planned: PlannedRun) -> int:
        """Put a run at the end; its number."""
        number = self._table.next_number
        self._append(
            Planned(
                trial=number,
                parameters=to_mapping(planned.config),
                preset=planned.preset,
                data=planned.data,
                repeats=planned.repeats,
            )
        )
        return number

    def drop(self, number: int) -> None:
        """Take a run out, as a person does."""
        if number not in self._active:
            self._append(Withdrawn(trial=number))
        if not self._waiting():  # whatever comes later was not part of what failed
            self._failures.clear()
            self._held_by = ""

    def order(self, numbers: Sequence[int]) -> None:
        self._append(Ordered(trials=list(numbers)))

    def hold(self) -> None:
        self._held_by = "person"

    def release(self) -> None:
        self._failures.clear()
        self._held_by = ""

    def next_task(self) -> Task | None:
        waiting = self._waiting()
        if not waiting or self._held_by:
            return None
        return self.take(waiting[0].number)

    def take(self, number: int, *, at_once: bool = False) -> Task:
        """A run that waits, taken out; one that did not wait for its turn does not wait again."""
        self._active.add(number)
        if at_once:
            self._at_once.add(number)
        planned = self._planned(self._table.trials[number])
        return Task(number, 0, planned, None, self._runs_folder)

    def began(self, job: Job) -> None:
        self._append(Begun(trial=job.task.number, run=Path(job.folder).name))

    def epoch_ended(self, job: Job, row: EpochRow) -> bool:
        self._failures.clear()
        if self._held_by == "failures":
            self._held_by = ""
        return False

    def ended(self, job: Job, event: RunEnded) -> None:
        number = job.task.number
        self._active.discard(number)
        if job.has_begun:
            state: EndState = (
                "finished"
                if event.state == "finished"
                else "failed"
                if is_failure(event.state)
                else "stopped"
            )
            self._append(
                Ended(trial=number, state=state, seconds=job.seconds, message=event.message)
            )
        elif is_failure(event.state) and number not in self._at_once:
            others = [trial.number for trial in self._waiting() if trial.number != number]
            self._append(Ordered(trials=[*others, number]))
        elif event.state != "interrupted":
            self._append(Withdrawn(trial=number))
        if is_failure(event.state):
            self._failures.add()
            self._fault = event.message
            if self._failures.is_too_many and not self._held_by:
                self._held_by = "failures"
        elif job.has_begun:
            self._failures.clear()

    def _waiting(self) -> list[Trial]:
        trials = (self._table.trials[number] for number in self._table.order)
        return [
            trial
            for trial in trials
            if trial.state == "planned" and trial.number not in self._active
        ]

    def _planned(self, trial: Trial) -> PlannedRun:
        return PlannedRun(
            from_mapping(trial.parameters), trial.data or "auto", trial.preset, trial.repeats
        )

    def _append(self, line: AnyLine) -> None:
        self._table.take(line)
        # A disk that refuses it is no reason to keep a person from training.
        if self._folder is not None:
            with contextlib.suppress(OSError):
                self._folder.append(line)


def open_queue(parent: Path, runs: Path, old_file: Path | None = None) -> RunQueue:
    """The queue that nobody else has: of several windows each gets one of its own.

    Where none can be kept on the disk it lasts as long as the process.

    Parameters
    ----------
    old_file : Path, optional
        Where versions before 0.3 kept it; its runs are taken over and the file is removed.

    """
    for number in range(1, MOST_QUEUES):
        folder = ExperimentFolder(parent / (NAME if number == 1 else f"{NAME}-{number}"))
        try:
            folder.path.mkdir(parents=True, exist_ok=True)
            lock = folder.hold()
        except OSError:
            break
        except RunFolderError:
            if folder.is_held():
                continue
            break
        try:
            # Anew: a ledger that only grows would be read in vain.
            folders.rewrite(folder, Experiment(kind="queue"), _waiting_in(folder))
        except OSError:
            lock.release()
            break
        queue = RunQueue(folder, lock, runs)
        if old_file is not None and number == 1:
            for planned in read_queue(old_file):
                queue.add(planned)
                queue.hold()
            with contextlib.suppress(OSError):
                old_file.unlink(missing_ok=True)
        return queue
    return RunQueue(None, None, runs)


def _waiting_in(folder: ExperimentFolder) -> list[Planned]:
    """The runs that wait in a folder, in order and numbered anew; [] where it is damaged."""
    try:
        table = folder.read_table(folder.read_experiment())
    except (RunFolderError, ConfigError):
        return []
    kept = []
    for number in table.order:
        trial = table.trials[number]
        if trial.state == "planned":
            with contextlib.suppress(ConfigError):  # settings that this version does not take
                from_mapping(trial.parameters)
                kept.append(trial)
    return [
        Planned(
            trial=number,
            parameters=trial.parameters,
            preset=trial.preset,
            data=trial.data,
            repeats=trial.repeats,
        )
        for number, trial in enumerate(kept, 1)
    ]
