"""An experiment that is being run: what is next, what came of it, and its ledger.

Whatever it decides it decides from the ledger and the run folders, so that a process that was
killed at any moment leaves nothing but what the next one finds.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from cifar_studio import paths
from cifar_studio.config.experiment.experiment import planned_parameters
from cifar_studio.errors import BadInputError, StudioError
from cifar_studio.experiments.protocol import Activity
from cifar_studio.experiments.search.importance import importance
from cifar_studio.experiments.search.search import Search
from cifar_studio.experiments.task import Job, Task
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.experiment.results import figure_of
from cifar_studio.runs.experiment.trials import (
    AnyLine,
    Begun,
    Ended,
    EndState,
    Part,
    Planned,
    PlannedAgain,
    Trial,
)
from cifar_studio.runs.folder.environment import TrialOf
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.events import RunEnded
from cifar_studio.runs.folder.library import Run, load, run_paths
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.runs.queue_rules import MOST_FAILURES, FailureCount, PlannedRun

MOST_CRASHES = 3
"""A training whose process dies so often without finishing an epoch has failed."""
HELD_LIMIT_S = 60.0
"""So long a run folder may be held by the worker of a dispatcher that is gone: it saves."""
IMPORTANCE_EVERY_S = 10.0


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
        self._lock = folder.hold()
        try:
            self.experiment = folder.read_experiment()
            self._lines = folder.read_lines()
            self._table = folder.read_table(self.experiment)
        except BaseException:
            self._lock.release()
            raise
        self.activity: Activity = "waiting"
        self.message = self.remedy = ""
        self._unwritten: list[AnyLine] = []
        self._active: set[tuple[int, int]] = set()
        self._put_aside: set[tuple[int, int]] = set()  # stopped by a person, one by one
        self._crashes: dict[tuple[int, int], int] = {}
        self._held_since: dict[Path, float] = {}
        self._failures = FailureCount()
        self._weighed_s = 0.0
        self.last_seconds = 0.0  # of the training that ended last; 0 before there is one
        self._question_stat = self._stat()
        self._plan_ahead()
        self._offer_again()
        self._adopt()
        self._search = self._make_search()

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def runs_folder(self) -> Path:
        return Path(self.experiment.runs) if self.experiment.runs else paths.runs_folder()

    @property
    def is_over(self) -> bool:
        """Whether no training goes on and none will begin."""
        if self._active or self._unwritten:
            return False
        return self.activity == "stopping" or (self.activity == "running" and self._is_done())

    def close(self) -> None:
        """Let the next process have it."""
        self._weigh(at_once=True)
        self._lock.release()

    def pause(self, message: str = "", remedy: str = "") -> None:
        """Begin no training until `go_on`."""
        self.activity = "pausing" if self._active else "paused"
        self.message, self.remedy = message, remedy

    def go_on(self) -> None:
        self.activity = "running"
        self.message = self.remedy = ""
        self._failures.clear()
        self._write_down()

    def stop(self) -> None:
        """Begin no training any more."""
        self.activity = "stopping"

    def tick(self) -> None:
        """Try once more what the disk refused, and look whether more is asked for."""
        if self._unwritten and self.activity == "paused":
            self._write_down()
        if (stat := self._stat()) != self._question_stat:
            self._question_stat = stat
            with contextlib.suppress(StudioError):
                self.experiment = self.folder.read_experiment()
                self._plan_ahead()

    # What is next

    def next_task(self) -> Task | None:
        if self.activity != "running":
            return None
        for trial, part in self._candidates():
            task = self._task(trial, part)
            if task is not None:
                self._active.add((task.number, task.part))
                return task
            if self.activity != "running":
                return None
        return None

    def _candidates(self) -> Iterator[tuple[Trial, Part]]:
        """Trainings that are not over, in order; then what the search proposes."""
        for number in self._table.waiting:
            for part in self._table.trials[number].parts:
                key = number, part.number
                is_free = key not in self._active and key not in self._put_aside
                if is_free and part.state not in ("finished", "pruned", "failed"):
                    yield self._table.trials[number], part
        while (trial := self._propose()) is not None:
            yield from ((trial, part) for part in trial.parts)

    def _propose(self) -> Trial | None:
        if self._search is None or self._is_spent():
            return None
        parameters = self._search.propose()
        if parameters is None:
            return None
        number = self._table.next_number
        self._append(Planned(trial=number, parameters=parameters))
        return self._table.trials[number]

    def _is_spent(self) -> bool:
        """Whether a search has used up what it was given."""
        experiment, trials = self.experiment, self._table.trials.values()
        if experiment.kind != "search" or experiment.method == "grid":
            return True
        if experiment.trials is not None and len(self._table.trials) >= experiment.trials:
            return True
        hours = sum(trial.seconds for trial in trials) / 3600
        return experiment.hours is not None and hours >= experiment.hours

    def _is_done(self) -> bool:
        left = (
            (number, part.number)
            for number in self._table.waiting
            for part in self._table.trials[number].parts
            if part.state not in ("finished", "pruned", "failed")
        )
        return self._is_spent() and all(key in self._put_aside for key in left)

    def _task(self, trial: Trial, part: Part) -> Task | None:
        """The training of a part; None where it turned out to be over, or has to wait."""
        path = self.runs_folder / part.run if part.run else None
        if path is not None and self._has_run(part.run):
            return self._task_that_goes_on(trial, part, path)
        try:
            config = self.experiment.trial_config(trial.parameters, part.number)
        except BadInputError as error:
            self._end(trial.number, part.number, "failed", message=error.fault)
            return None
        planned = PlannedRun(
            config,
            trial.data or self.experiment.data,
            trial.preset or self.experiment.preset,
            trial.repeats,
        )
        place = TrialOf(experiment=self.name, trial=trial.number, part=part.number)
        return Task(trial.number, part.number, planned, None, self.runs_folder, place)

    def _task_that_goes_on(self, trial: Trial, part: Part, path: Path) -> Task | None:
        if RunFolder(path).is_held():
            since = self._held_since.setdefault(path, time.monotonic())
            if time.monotonic() - since < HELD_LIMIT_S:
                return None
            self._end(trial.number, part.number, "failed", message="another process holds its run")
            return None
        try:
            run = load(path)
        except StudioError:
            run = None  # resuming says what is wrong, and mends what can be mended
        if run is not None and run.status.state == "finished":
            self._end_of_run(trial.number, part.number, "finished", run.rows)
            return None
        if run is not None and self._is_to_be_pruned(trial.number, run):
            self._end_of_run(trial.number, part.number, "pruned", run.rows)
            return None
        return Task(trial.number, part.number, None, path, self.runs_folder)

    def _is_to_be_pruned(self, trial: int, run: Run) -> bool:
        """Whether a training was cut off just when it was to end early."""
        if self._search is None or self.experiment.pruning == "none" or not run.rows:
            return False
        is_short = len(run.rows) < run.config.epochs
        return is_short and self._search.report(trial, run.rows[-1])

    # What came of it

    def began(self, job: Job) -> None:
        name = Path(job.folder).name
        self._append(Begun(trial=job.task.number, part=job.task.part, run=name))

    def epoch_ended(self, job: Job, row: EpochRow) -> bool:
        self._crashes.pop((job.task.number, job.task.part), None)
        self._failures.clear()
        if self._search is None or self.experiment.pruning == "none":
            return False
        return self._search.report(job.task.number, row)

    def ended(self, job: Job, event: RunEnded) -> None:
        number, part = job.task.number, job.task.part
        key = number, part
        self._active.discard(key)
        self.last_seconds = job.seconds
        rows = RunFolder(Path(job.folder)).read_epochs() if job.folder else []
        if event.state == "finished":
            self._end_of_run(number, part, "finished", rows, job.seconds)
        elif job.is_pruned and event.state == "stopped":
            self._end_of_run(number, part, "pruned", rows, job.seconds)
        elif event.state == "stopped":
            if self.activity != "stopping":
                self._put_aside.add(key)
            self._end_of_run(number, part, "stopped", rows, job.seconds, event.message)
        elif event.state == "failed":
            self._failed(job, event, rows)
        elif event.state == "crashed":
            self._crashes[key] = self._crashes.get(key, 0) + 1
            if self._crashes[key] >= MOST_CRASHES:
                self._failed(job, event, rows)
        if self.activity == "pausing" and not self._active:
            self.activity = "paused"

    def _failed(self, job: Job, event: RunEnded, rows: Iterable[EpochRow]) -> None:
        number, part = job.task.number, job.task.part
        if event.reason == "disk":
            self.pause(event.message, event.remedy)
            return  # nothing is wrong with the trial
        if event.reason == "not_finite" and self.experiment.is_test_locked:
            # What such settings lead to, however often they are tried: an answer too.
            self._end(number, part, "finished", seconds=job.seconds, message=event.message)
            return
        self._end_of_run(number, part, "failed", list(rows), job.seconds, event.message)
        self._failures.add()
        if self._failures.is_too_many:
            self.pause(
                f"{MOST_FAILURES} trainings in a row have failed, the last one so: {event.message}",
                event.remedy,
            )

    def _end_of_run(
        self,
        number: int,
        part: int,
        state: EndState,
        rows: Iterable[EpochRow],
        seconds: float = 0.0,
        message: str = "",
    ) -> None:
        rows = list(rows)
        figure = figure_of(rows, self.experiment)
        self._end(
            number,
            part,
            state,
            value=figure.value,
            best_epoch=figure.epoch,
            epochs=len(rows),
            seconds=seconds,
            message=message,
        )

    def _end(self, number: int, part: int, state: EndState, **facts: object) -> None:
        line = Ended(trial=number, part=part, state=state, **facts)  # type: ignore[arg-type]
        self._append(line)
        trial = self._table.trials[number]
        if state != "stopped" and trial.is_over and self._search is not None:
            end: EndState = trial.state  # type: ignore[assignment]
            self._search.ended(number, end, trial.value if end == "finished" else line.value)
        self._weigh()

    def _append(self, line: AnyLine) -> None:
        self._table.take(line)
        self._lines.append(line)
        self._unwritten.append(line)
        self._write_down()

    def _write_down(self) -> None:
        """Write the lines that are not on the disk; where it refuses, the experiment pauses."""
        while self._unwritten:
            try:
                self.folder.append(self._unwritten[0])
            except OSError as error:
                self.pause(
                    f"{self.folder.ledger_file} cannot be written ({error.strerror or error})",
                    "Free space there, then go on",
                )
                return
            del self._unwritten[0]

    def _weigh(self, *, at_once: bool = False) -> None:
        """Keep how much each setting matters, which the window shows and does not reckon."""
        is_due = time.monotonic() - self._weighed_s > IMPORTANCE_EVERY_S
        if self.experiment.kind != "search" or not (is_due or at_once):
            return
        shares = importance(self.experiment, self._table.in_order())
        with contextlib.suppress(OSError):
            self.folder.write_importance(len(self._table.trials), shares)
        self._weighed_s = time.monotonic()

    # What was before

    def _make_search(self) -> Search | None:
        experiment = self.experiment
        if experiment.kind != "search":
            return None
        if experiment.method == "grid" and experiment.pruning == "none":
            return None
        return Search(experiment, self._lines, self._rows_of)

    def _rows_of(self, run: str) -> list[EpochRow]:
        return RunFolder(self.runs_folder / run).read_epochs()

    def _plan_ahead(self) -> None:
        """Plan the trials that are known from the start and not in the ledger yet."""
        planned = planned_parameters(self.experiment)
        for number, parameters in enumerate(planned, 1):
            if number not in self._table.trials:
                self._append(Planned(trial=number, parameters=parameters))

    def _stat(self) -> tuple[int, int]:
        try:
            found = self.folder.experiment_file.stat()
        except OSError:
            return 0, 0
        return found.st_mtime_ns, found.st_ino

    def _offer_again(self) -> None:
        """Trials that failed, or whose run was deleted, get their turn once more."""
        for trial in self._table.in_order():
            for part in trial.parts:
                is_gone = bool(part.run) and not self._has_run(part.run)
                if part.state == "failed" or (is_gone and part.state in ("finished", "pruned")):
                    self._append(PlannedAgain(trial=trial.number, part=part.number))

    def _has_run(self, name: str) -> bool:
        path: Path = RunFolder(self.runs_folder / name).config_file
        return path.exists()

    def _adopt(self) -> None:
        """Find the folders of trainings that began when nobody could note it any more."""
        lacking = {
            (trial.number, part.number)
            for trial in self._table.in_order()
            for part in trial.parts
            if part.state in ("planned", "running") and not (part.run and self._has_run(part.run))
        }
        known = {part.run for trial in self._table.in_order() for part in trial.parts}
        if not lacking:
            return
        found: dict[tuple[int, int], Path] = {}
        for path in run_paths(self.runs_folder):
            if path.name in known:
                continue
            with contextlib.suppress(StudioError):
                place = RunFolder(path).read_environment().trial
                if place is not None and place.experiment == self.name:
                    key = place.trial, place.part
                    if key in lacking and _is_further(path, found.get(key)):
                        found[key] = path
        for (number, part), path in sorted(found.items()):
            if not self._was_given_up(path):
                self._append(Begun(trial=number, part=part, run=path.name))

    def _was_given_up(self, path: Path) -> bool:
        """Whether a folder was a training of an earlier attempt, which failed."""
        return any(isinstance(line, Begun) and line.run == path.name for line in self._lines)


def _is_further(path: Path, other: Path | None) -> bool:
    """Whether a run has more epochs than another one of the same trial."""
    if other is None:
        return True
    return len(RunFolder(path).read_epochs()) > len(RunFolder(other).read_epochs())
