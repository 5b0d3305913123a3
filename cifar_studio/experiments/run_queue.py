"""Single runs that wait for their turn: an experiment without a question.

Its ledger keeps them in order through a crash. What began is a run like any other, and is not gone
on with by itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import filelock

from cifar_studio.config.serialization import checked, from_mapping
from cifar_studio.experiments.protocol import (
    DropRun,
    HeldBy,
    HoldQueue,
    OrderQueue,
    QueueChanged,
    QueuedRun,
    QueueRequest,
    StartRun,
)
from cifar_studio.experiments.queue_folder import as_line
from cifar_studio.experiments.task import Job, Task
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.experiment.trials import (
    AnyLine,
    Begun,
    Ended,
    EndState,
    Ordered,
    Trial,
    TrialTable,
    Withdrawn,
)
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.events import RunEnded
from cifar_studio.runs.queue_rules import FailureCount, PlannedRun, is_failure


class RunQueue:
    """The runs that wait, in order.

    Without a folder they wait in memory alone.

    A run that could not even begin is put at the end, so that it is not lost and the others get
    their turn. `queue_rules.MOST_FAILURES` runs in a row that fail before their first epoch hold
    the queue; a person may hold it too, and runs of last time wait until a person lets them go.
    """

    def __init__(
        self,
        kept: tuple[ExperimentFolder, filelock.BaseFileLock] | None,
        runs: Path,
    ) -> None:
        self._folder = kept[0] if kept is not None else None
        self._lock = kept[1] if kept is not None else None
        self._runs_folder = runs
        self._table = TrialTable()
        if self._folder is not None:
            self._table.feed(self._folder.read_lines())
        self._failures = FailureCount()
        self._active: set[int] = set()
        self._at_once: set[int] = set()
        self._plans: dict[int, tuple[Trial, PlannedRun]] = {}
        self._held_by: HeldBy = "person" if self._waiting() else ""
        self._fault = ""

    @property
    def name(self) -> str:
        return ""

    def close(self) -> None:
        if self._lock is not None:
            self._lock.release()

    def carry_out(self, request: QueueRequest) -> None:
        """Do what a person wants with it. Raises ConfigError."""
        if isinstance(request, StartRun):
            self.add(request.planned)
        elif isinstance(request, DropRun):
            self.drop(request.trial)
        elif isinstance(request, OrderQueue):
            self.order(request.trials)
        elif isinstance(request, HoldQueue):
            self.hold()
        else:
            self.release()

    def state(self) -> QueueChanged:
        """The runs that wait, and why they are held."""
        runs = tuple(QueuedRun(trial.number, self._planned(trial)) for trial in self._waiting())
        return QueueChanged(
            runs=runs,
            held_by=self._held_by if runs else "",
            fault=self._fault if self._held_by == "failures" else "",
        )

    def add(self, planned: PlannedRun) -> int:
        """Put a run at the end; its number. Raises ConfigError where it cannot be trained."""
        checked(planned.config)
        number = self._table.next_number
        self._append(as_line(planned, number))
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
        return self._take(waiting[0].number)

    def start_at_once(self, planned: PlannedRun) -> Task:
        """A run that goes before all others. Where it cannot begin, it does not wait again.

        Raises ConfigError where it cannot be trained.
        """
        number = self.add(planned)
        self._at_once.add(number)
        return self._take(number)

    def _take(self, number: int) -> Task:
        self._active.add(number)
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
        """The run, read once: what waits is looked at with each thing that a worker says."""
        known, planned = self._plans.get(trial.number, (None, None))
        if planned is None or known is not trial:
            config = from_mapping(trial.parameters)
            planned = PlannedRun(config, trial.data or "auto", trial.preset, trial.repeats)
            self._plans[trial.number] = trial, planned
        return planned

    def _append(self, line: AnyLine) -> None:
        self._table.take(line)
        # A disk that refuses it is no reason to keep a person from training.
        if self._folder is not None:
            with contextlib.suppress(OSError):
                self._folder.append(line)
