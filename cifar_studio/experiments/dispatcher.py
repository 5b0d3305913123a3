"""The dispatcher: hands trainings to slots as they get free, and follows them.

It is told what happens (`request`, `said`, `gone`, `tick`) and does at once what follows from it;
it waits for nothing, and knows no threads. `dispatch` and `process` pull it.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from cifar_studio.errors import StudioError, WorkerError
from cifar_studio.experiments import protocol
from cifar_studio.experiments.control_file import take_command
from cifar_studio.experiments.local_pool import Gone, LocalPool, PoolWorker, Said, Slot
from cifar_studio.experiments.open_experiment import OpenExperiment
from cifar_studio.experiments.protocol import (
    AnyDispatchEvent,
    AnyDispatchRequest,
    ExperimentChanged,
    ExperimentCommand,
    JobBegan,
    QueueChanged,
    RequestRefused,
)
from cifar_studio.experiments.run_queue import RunQueue, open_queue
from cifar_studio.experiments.task import Job, Source, Task
from cifar_studio.runner.protocol import Command, ResumeRequest, TrainRequest
from cifar_studio.runner.worker_process import new_id
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.folder.events import (
    EpochEnded,
    RunContinued,
    RunEnded,
    RunPaused,
    RunStarted,
    WorkerReady,
)

START_LIMIT_S = 3.0
"""A training that has not begun so long after the end was asked for has nothing to save."""
SHORT_S = 60.0
"""After a training that was so short the next worker is made ready while one still trains."""
Tell = Callable[[int, AnyDispatchEvent], None]


class Dispatcher:
    """Runs experiments and single runs in the slots of a pool.

    Parameters
    ----------
    tell : callable
        Gets each event with the id of its training, 0 for none.
    experiments, runs : Path
        Where the queue is kept, and where the runs of the queue are made.
    command : sequence of str
        What a person would type, for the runs' environments.
    """

    def __init__(
        self,
        pool: LocalPool,
        tell: Tell,
        *,
        experiments: Path,
        runs: Path,
        command: Sequence[str] = (),
        old_queue_file: Path | None = None,
    ) -> None:
        self._pool = pool
        self._tell = tell
        self._experiments_folder = experiments
        self._runs_folder = runs
        self._command = list(command)
        self._old_queue_file = old_queue_file
        self._jobs: dict[int, Job] = {}
        self._agenda: list[OpenExperiment] = []
        self._queue: RunQueue | None = None
        self._queue_told: QueueChanged | None = None
        self._closing_since: float | None = None
        self._is_let_go = False

    @property
    def is_busy(self) -> bool:
        """Whether something trains, or an experiment is not at its end."""
        return bool(self._jobs or self._agenda)

    @property
    def is_settled(self) -> bool:
        """Whether nothing trains and no worker is left, after `shut_down`."""
        return self._closing_since is not None and self._pool.is_settled

    # What it is told

    def request(self, request: AnyDispatchRequest) -> None:
        """Do what is asked for; what cannot be done is answered by RequestRefused."""
        try:
            self._carry_out(request)
        except StudioError as error:
            self._tell(0, RequestRefused(message=error.fault, remedy=error.remedy))
        self._fill()
        self._tell_queue()

    def said(self, said: Said) -> None:
        """A worker said something."""
        event = said.envelope.event
        if isinstance(event, WorkerReady):
            self._tell(0, event)
            return
        job = self._jobs.get(said.envelope.id)
        if job is not None and job.worker is said.worker:
            self._follow(job, event)
            self._fill()
            self._tell_queue()

    def gone(self, gone: Gone) -> None:
        """A worker has ended."""
        self._pool.gone(gone.worker)
        job = next((job for job in self._jobs.values() if job.worker is gone.worker), None)
        if job is not None:  # it died before it could take the run
            self._follow(
                job,
                RunEnded(
                    state="crashed",
                    folder=job.folder,
                    message="The training process ended before the run began",
                    remedy="Press Start again",
                ),
            )
        self._fill()
        self._tell_queue()

    def tick(self) -> None:
        """Some time has passed: look what other processes ask for, and what the disk takes."""
        for experiment in self._agenda:
            command = take_command(experiment.folder)
            if command is not None:
                self._command_experiment(experiment, command)
            experiment.tick()
        if self._closing_since is not None:
            if time.monotonic() - self._closing_since > START_LIMIT_S:
                for job in self._jobs.values():
                    if not job.has_begun:
                        job.worker.kill()
            return
        self._fill()
        self._tell_queue()

    @property
    def is_let_go(self) -> bool:
        """Whether it was told to go on when nobody listens any more, and has something to do."""
        return self._is_let_go and self.is_busy

    def shut_down(self) -> None:
        """Have every training saved and every worker end; `is_settled` tells when they have."""
        if self._closing_since is not None:
            return
        self._closing_since = time.monotonic()
        for job in self._jobs.values():
            job.worker.close()
        self._pool.end_warm()

    def close(self) -> None:
        """Let other processes have the experiments and the queue."""
        for experiment in self._agenda:
            experiment.close()
        if self._queue is not None:
            self._queue.close()

    # Requests

    @functools.singledispatchmethod
    def _carry_out(self, request: AnyDispatchRequest) -> None:
        raise TypeError(f"{type(request).__name__} is no request")

    @_carry_out.register
    def _(self, _request: protocol.Warm) -> None:
        self._open_queue()
        self._warm_up()

    @_carry_out.register
    def _(self, request: protocol.StartRun) -> None:
        queue, slot = self._open_queue(), self._free_slot()
        number = queue.add(request.planned)
        if request.at_once and slot is not None:
            self._begin(queue.take(number, at_once=True), queue, slot)

    @_carry_out.register
    def _(self, request: protocol.ResumeRun) -> None:
        slot = self._free_slot()
        if slot is None:
            raise StudioError("another run is on", "Resume this one when that has ended")
        task = Task(0, 0, None, Path(request.folder), self._runs_folder)
        self._begin(task, None, slot, request)

    @_carry_out.register
    def _(self, request: protocol.DropRun) -> None:
        self._open_queue().drop(request.trial)

    @_carry_out.register
    def _(self, request: protocol.OrderQueue) -> None:
        self._open_queue().order(request.trials)

    @_carry_out.register
    def _(self, _request: protocol.HoldQueue) -> None:
        self._open_queue().hold()

    @_carry_out.register
    def _(self, _request: protocol.ReleaseQueue) -> None:
        self._open_queue().release()

    @_carry_out.register
    def _(self, request: protocol.CommandJob) -> None:
        if (job := self._jobs.get(request.id)) is not None:
            job.worker.command(job.id, request.command)

    @_carry_out.register
    def _(self, request: protocol.KillJob) -> None:
        if (job := self._jobs.get(request.id)) is not None:
            job.worker.kill()

    @_carry_out.register
    def _(self, request: protocol.RunExperiment) -> None:
        folder = ExperimentFolder(Path(request.folder))
        known = next((one for one in self._agenda if one.folder.path == folder.path), None)
        if known is None:
            known = OpenExperiment(folder)
            self._agenda.append(known)
            take_command(folder)  # whatever was asked of the process before
        self._command_experiment(known, "continue")

    @_carry_out.register
    def _(self, request: protocol.CommandExperiment) -> None:
        for experiment in self._agenda:
            if experiment.name == request.name:
                self._command_experiment(experiment, request.command)

    @_carry_out.register
    def _(self, _request: protocol.LetGo) -> None:
        self._is_let_go = True

    def _command_experiment(self, experiment: OpenExperiment, command: ExperimentCommand) -> None:
        jobs = [job for job in self._jobs.values() if job.source is experiment]
        if command == "pause":
            experiment.pause()
        elif command == "continue":
            experiment.go_on()
        else:
            experiment.stop()
        for job in jobs:
            job.worker.command(job.id, Command(command))
        self._changed(experiment)
        self._end_what_is_over()

    # Trainings

    def _fill(self) -> None:
        """Hand trainings to free slots, until none is free or none is left."""
        if self._closing_since is not None:
            return
        while (slot := self._free_slot()) is not None:
            for source in self._sources():
                task = source.next_task()
                if task is not None:
                    self._begin(task, source, slot)
                    break
            else:
                break
        self._end_what_is_over()

    def _sources(self) -> Iterable[Source]:
        """Single runs come first: a person waits for them."""
        if self._queue is not None:
            yield self._queue
        yield from self._agenda

    def _free_slot(self) -> Slot | None:
        taken = [job.slot for job in self._jobs.values()]
        for slot in self._pool.slots:
            if slot in taken:
                taken.remove(slot)
            else:
                return slot
        return None

    def _begin(
        self,
        task: Task,
        source: Source | None,
        slot: Slot,
        resumes: protocol.ResumeRun | None = None,
    ) -> None:
        request = self._request_for(task, slot, resumes)
        folder = str(task.folder) if task.folder is not None else ""
        worker: PoolWorker | None = None
        try:
            worker = self._pool.take(slot)
            worker.send(request)
        except StudioError as error:
            job = Job(request.id, source, task, slot, worker or _NoWorker(), folder)
            self._jobs[job.id] = job
            self._announce(job)
            if worker is not None:
                self._pool.give_back(slot, worker)
            self._follow(job, RunEnded.of(error, folder))
            return
        job = Job(request.id, source, task, slot, worker, folder)
        self._jobs[job.id] = job
        self._announce(job)

    def _announce(self, job: Job) -> None:
        self._tell(
            job.id,
            JobBegan(
                experiment=job.source.name if isinstance(job.source, OpenExperiment) else "",
                trial=job.task.number,
                part=job.task.part,
                planned=job.task.planned,
                folder=job.folder,
                pid=job.worker.pid,
            ),
        )

    def _request_for(
        self, task: Task, slot: Slot, resumes: protocol.ResumeRun | None
    ) -> TrainRequest | ResumeRequest:
        if task.planned is None:
            return ResumeRequest(
                id=new_id(),
                folder=str(task.folder),
                data=resumes.data if resumes is not None else "auto",
                epochs=resumes.epochs if resumes is not None else None,
                device=resumes.device if resumes is not None else None,
                schedule_epochs=resumes.schedule_epochs if resumes is not None else None,
                command=self._command,
            )
        return TrainRequest(
            id=new_id(),
            config=task.config_on(slot),
            data=task.planned.data,
            preset=task.planned.preset,
            repeats=task.planned.repeats,
            runs=str(task.runs),
            command=self._command,
            trial=task.trial,
        )

    def _follow(self, job: Job, event: AnyDispatchEvent) -> None:
        """What happens in a training: into the ledger first, then to whoever listens."""
        source = job.source
        if isinstance(event, RunStarted):
            job.has_begun, job.folder = True, event.folder
            if source is not None:
                source.began(job)
            if isinstance(source, OpenExperiment) and 0 < source.last_seconds < SHORT_S:
                self._warm_up()  # else the next one would wait for it
        elif isinstance(event, EpochEnded):
            if source is not None and source.epoch_ended(job, event.row):
                job.is_pruned = True
                job.worker.command(job.id, Command.PRUNE)
            self._warm_up()  # not before: importing torch would slow the first epoch down
        elif isinstance(event, RunPaused):
            self._paused(job, event)
        elif isinstance(event, RunContinued):
            job.is_paused = False
        elif isinstance(event, RunEnded):
            del self._jobs[job.id]
            job.worker.close()
            job.folder = event.folder or job.folder
            # A process that ends because it was asked to has not crashed.
            is_over = event.state != "crashed" or self._closing_since is None
            if source is not None and is_over and event.state != "interrupted":
                source.ended(job, event)
            if self._closing_since is None:
                self._warm_up()
        self._tell(job.id, event)
        if isinstance(source, OpenExperiment) and _tells_of_a_trial(event):
            self._changed(source)

    def _paused(self, job: Job, event: RunPaused) -> None:
        """The disk refuses one training: it would refuse the others too."""
        job.is_paused = True
        if event.message and isinstance(job.source, OpenExperiment):
            job.source.pause(event.message, event.remedy)
            for other in self._jobs.values():
                if other.source is job.source and other is not job:
                    other.worker.command(other.id, Command.PAUSE)

    def _warm_up(self) -> None:
        """Have a worker at hand for the next training."""
        slot = self._free_slot() or self._pool.slots[0]
        with contextlib.suppress(WorkerError):  # said when a run begins and a person waits for it
            self._pool.warm_up(slot)

    # Experiments

    def _open_queue(self) -> RunQueue:
        if self._queue is None:
            self._queue = open_queue(
                self._experiments_folder,
                self._runs_folder,
                self._old_queue_file,
            )
        return self._queue

    def _tell_queue(self) -> None:
        """Say how the queue is now, once all that led there was told."""
        if self._queue is not None and (state := self._queue.state()) != self._queue_told:
            self._queue_told = state
            self._tell(0, state)

    def _changed(self, experiment: OpenExperiment) -> None:
        self._tell(0, self._state_of(experiment))

    def _state_of(self, experiment: OpenExperiment) -> ExperimentChanged:
        activity = experiment.activity
        jobs = [job for job in self._jobs.values() if job.source is experiment]
        if activity == "pausing" and all(job.is_paused for job in jobs):
            activity = "paused"
        elif activity == "running" and not jobs:
            activity = "waiting"
        return ExperimentChanged(
            name=experiment.name,
            folder=str(experiment.folder.path),
            activity=activity,
            message=experiment.message,
            remedy=experiment.remedy,
        )

    def _end_what_is_over(self) -> None:
        for experiment in [one for one in self._agenda if one.is_over]:
            self._agenda.remove(experiment)
            experiment.close()
            state = self._state_of(experiment)
            self._tell(
                0,
                ExperimentChanged(name=state.name, folder=state.folder, activity="ended"),
            )


def _tells_of_a_trial(event: object) -> bool:
    kinds = (RunStarted, EpochEnded, RunPaused, RunContinued, RunEnded)
    return isinstance(event, kinds)


class _NoWorker:
    """Stands for a process that could not be started."""

    pid = 0

    def send(self, request: object) -> None: ...

    def command(self, request_id: int, command: Command) -> None: ...

    def close(self) -> None: ...

    def kill(self) -> None: ...
