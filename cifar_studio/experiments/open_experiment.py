"""An experiment that is being run: what is next, and what came of it.

Whatever it decides it decides from the ledger and the run folders, so that a process that was
killed at any moment leaves nothing but what the next one finds.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.errors import BadInputError, StudioError
from cifar_studio.experiments.adoption import Key
from cifar_studio.experiments.ledger import Ledger
from cifar_studio.experiments.proposals import Proposals
from cifar_studio.experiments.protocol import Activity
from cifar_studio.experiments.task import Job, Task
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.experiment.trials import Begun, EndState, Part, Trial
from cifar_studio.runs.folder.environment import TrialOf
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.events import RunEnded
from cifar_studio.runs.folder.library import load
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.runs.queue_rules import MOST_FAILURES, FailureCount, PlannedRun

MOST_CRASHES = 3
"""A training whose process dies so often without finishing an epoch has failed."""
HELD_LIMIT_S = 60.0
"""So long a run folder may be held by the worker of a dispatcher that is gone: it saves."""
_OVER = ("finished", "pruned", "failed")


def _key(job: Job) -> Key:
    return job.task.number, job.task.part


class OpenExperiment:
    """Hands out the trainings of one experiment, and writes its ledger.

    Attributes
    ----------
    activity : Activity
    message, remedy : str
        Why it paused by itself.

    Raises
    ------
    StudioError
        Another process runs it, or it is damaged.
    """

    def __init__(self, folder: ExperimentFolder) -> None:
        self.folder = folder
        self.activity: Activity = "waiting"
        self.message = self.remedy = ""
        self._active: set[Key] = set()
        self._put_aside: set[Key] = set()  # stopped by a person, one by one
        self._crashes: dict[Key, int] = {}
        self._held_since: dict[Path, float] = {}
        self._failures = FailureCount()
        self.last_seconds = 0.0  # of the training that ended last; 0 before there is one
        self._lock = folder.hold()
        try:
            self._question_stat = self._stat()
            self._ledger = Ledger(folder, self._refused)
            self._ledger.plan_ahead()
            self._ledger.offer_again()
            self._ledger.look_for_strays()
            self._ledger.adopt(self._ledger.table.in_order())
            self._proposals = Proposals(self._ledger)
        except BaseException:
            self._lock.release()
            raise

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def experiment(self) -> Experiment:
        return self._ledger.experiment

    @property
    def is_over(self) -> bool:
        """Whether no training goes on and none will begin."""
        if self._active:
            return False
        if self.activity == "stopping":
            return True  # what could not be written is told by the run folders too
        is_written = self.activity == "running" and self._ledger.is_written
        return is_written and self._proposals.is_spent and next(self._left(), None) is None

    def close(self) -> None:
        """Let the next process have it."""
        self._ledger.write_down()
        self._proposals.weigh(self.folder, at_once=True)
        self.folder.say_paused(False)
        self._lock.release()

    def pause(self, message: str = "", remedy: str = "") -> None:
        """Begin no training until `go_on`."""
        self.activity = "pausing" if self._active else "paused"
        self.message, self.remedy = message, remedy

    def go_on(self) -> None:
        self.activity = "running"
        self.message = self.remedy = ""
        self._failures.clear()
        self._ledger.write_down()

    def stop(self) -> None:
        """Begin no training any more."""
        self.activity = "stopping"
        self.message = self.remedy = ""

    def tick(self) -> None:
        """Try once more what the disk refused, and look whether more is asked for."""
        self._ledger.write_down()
        if (stat := self._stat()) != self._question_stat:
            self._question_stat = stat
            with contextlib.suppress(StudioError):
                self._ledger.experiment = self.folder.read_experiment()
                self._proposals.more_is_asked_for()
                self._ledger.plan_ahead()
        self._proposals.weigh(self.folder)

    # What is next

    def next_task(self) -> Task | None:
        is_waiting = False
        for trial, part in self._left():
            if self._is_held(part):
                is_waiting = True
                continue
            if (task := self._task_of(trial, part)) is not None:
                return task
        # What is proposed may depend on those that wait.
        while self.activity == "running" and not is_waiting:
            proposed = self._proposals.propose()
            if proposed is None:
                break
            for part in proposed.parts:
                if (task := self._task_of(proposed, part)) is not None:
                    return task
        return None

    def _left(self) -> Iterator[tuple[Trial, Part]]:
        """Trainings that are planned and not over, in order, but for those in slots."""
        table = self._ledger.table
        for number in table.waiting if self.activity == "running" else []:
            for part in table.trials[number].parts:
                key = number, part.number
                if part.state not in _OVER and key not in self._active | self._put_aside:
                    yield table.trials[number], part

    def _is_held(self, part: Part) -> bool:
        """Whether a training has to wait for a process that still works on its run."""
        path = self._ledger.run_path(part)
        if path is None:
            return False
        if not RunFolder(path).is_held():
            self._held_since.pop(path, None)
            return False
        since = self._held_since.setdefault(path, time.monotonic())
        return time.monotonic() - since < HELD_LIMIT_S

    def _task_of(self, trial: Trial, part: Part) -> Task | None:
        """The training of a part; None where it is over, or nothing may begin now."""
        if self.activity != "running":
            return None
        path = self._ledger.run_path(part)
        task = self._new_run(trial, part) if path is None else self._go_on(trial, part, path)
        if task is not None:
            self._active.add((task.number, task.part))
        return task

    def _new_run(self, trial: Trial, part: Part) -> Task | None:
        try:
            config = self.experiment.trial_config(trial.parameters, part.number)
        except BadInputError as error:
            self._end((trial.number, part.number), "failed", message=error.fault)
            if not self.experiment.is_planned_ahead:
                self._count_failure(error.fault, error.remedy)
            return None
        planned = PlannedRun(
            config,
            trial.data or self.experiment.data,
            trial.preset or self.experiment.preset,
            trial.repeats,
        )
        place = TrialOf(experiment=self.name, trial=trial.number, part=part.number)
        return Task(trial.number, part.number, planned, None, self._ledger.runs_folder, place)

    def _go_on(self, trial: Trial, part: Part, path: Path) -> Task | None:
        key = trial.number, part.number
        if RunFolder(path).is_held():
            self._end(key, "failed", message="another process holds its run")
            return None
        try:
            run = load(path)
        except (StudioError, OSError):
            # Resuming says what is wrong, and mends what can be mended.
            return Task(*key, None, path, self._ledger.runs_folder)
        if run.status.state == "finished":
            self._end(key, "finished", run.rows)
            return None
        is_short = 0 < len(run.rows) < run.config.epochs
        if is_short and self._proposals.is_to_end(trial.number, run.rows[-1]):
            # Cut off just when it was to end early.
            self._end(key, "pruned", run.rows)
            return None
        return Task(*key, None, path, self._ledger.runs_folder, device=run.config.device)

    # What came of it

    def began(self, job: Job) -> None:
        number, part = _key(job)
        self._ledger.append(Begun(trial=number, part=part, run=Path(job.folder).name))

    def epoch_ended(self, job: Job, row: EpochRow) -> bool:
        self._crashes.pop(_key(job), None)
        self._failures.clear()
        return self._proposals.is_to_end(job.task.number, row)

    def ended(self, job: Job, event: RunEnded) -> None:
        key = _key(job)
        self._active.discard(key)
        self.last_seconds = job.seconds
        rows = RunFolder(Path(job.folder)).read_epochs() if job.folder else []
        if event.state == "finished":
            self._end(key, "finished", rows, job.seconds)
        elif job.is_pruned and event.state == "stopped":
            self._end(key, "pruned", rows, job.seconds)
        elif event.state == "stopped" or job.is_put_aside:
            if job.is_put_aside:
                self._put_aside.add(key)
            self._end(key, "stopped", rows, job.seconds, event.message)
        elif event.state == "failed":
            self._failed(job, event, rows)
        else:
            self._crashed(job, event, rows)
        if self.activity == "pausing" and not self._active:
            self.activity = "paused"

    def _crashed(self, job: Job, event: RunEnded, rows: Iterable[EpochRow]) -> None:
        """A worker has died: the training goes on in another one, unless that was in vain."""
        key = _key(job)
        if not job.folder:
            self._ledger.look_for_strays()
            self._ledger.adopt([self._ledger.table.trials[job.task.number]])
        self._crashes[key] = self._crashes.get(key, 0) + 1
        if self._crashes[key] >= MOST_CRASHES:
            self._failed(job, event, rows)

    def _failed(self, job: Job, event: RunEnded, rows: Iterable[EpochRow]) -> None:
        if event.reason == "disk":
            self._pause_by_itself(event.message, event.remedy)
            return  # nothing is wrong with the trial
        if event.reason == "not_finite" and self.experiment.is_test_locked:
            # What such settings lead to, however often they are tried: an answer too.
            self._end(_key(job), "finished", (), job.seconds, event.message)
            return
        self._end(_key(job), "failed", rows, job.seconds, event.message)
        self._count_failure(event.message, event.remedy)

    def _count_failure(self, message: str, remedy: str) -> None:
        self._failures.add()
        if self._failures.is_too_many:
            self._pause_by_itself(
                f"{MOST_FAILURES} trainings in a row have failed, the last one so: {message}",
                remedy,
            )

    def _pause_by_itself(self, message: str, remedy: str) -> None:
        """Pause, unless a person wants it to end."""
        if self.activity != "stopping":
            self.pause(message, remedy)

    def _end(
        self,
        key: Key,
        state: EndState,
        rows: Iterable[EpochRow] = (),
        seconds: float = 0.0,
        message: str = "",
    ) -> None:
        line = self._ledger.end(key, state, rows, seconds, message)
        self._proposals.ended(line)

    def _refused(self, error: OSError) -> None:
        self._pause_by_itself(
            f"{self.folder.ledger_file} cannot be written ({error.strerror or error})",
            "Free space there, then go on",
        )

    def _stat(self) -> tuple[int, int]:
        with contextlib.suppress(OSError):
            found = self.folder.experiment_file.stat()
            return found.st_mtime_ns, found.st_ino
        return 0, 0
