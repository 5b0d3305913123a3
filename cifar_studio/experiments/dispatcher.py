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
from cifar_studio.experiments.agenda import Agenda
from cifar_studio.experiments.local_pool import Gone, LocalPool, NoWorker, PoolWorker, Said, Slot
from cifar_studio.experiments.open_experiment import OpenExperiment
from cifar_studio.experiments.protocol import (
    AnyDispatchEvent,
    AnyDispatchRequest,
    QueueChanged,
    RequestRefused,
)
from cifar_studio.experiments.queue_folder import take_queue
from cifar_studio.experiments.run_queue import RunQueue
from cifar_studio.experiments.task import Job, Source, Task
from cifar_studio.runner.protocol import Command
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
        self._agenda = Agenda(self._jobs, functools.partial(tell, 0))
        self._queue: RunQueue | None = None
        self._queue_told: QueueChanged | None = None
        self._queue_fault: StudioError | None = None
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

    @property
    def is_let_go(self) -> bool:
        """Whether it goes on when nobody listens: it was told to, and something trains or will."""
        return self._is_let_go and (
            any(not job.is_paused for job in self._jobs.values())
            or any(experiment.activity == "running" for experiment in self._agenda)
        )

    # What it is told

    def request(self, request: AnyDispatchRequest) -> None:
        """Do what is asked for; what cannot be done is answered by RequestRefused."""
        try:
            self._carry_out(request)
        except StudioError as error:
            self._refuse(error)
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
        """Some time has passed."""
        self._agenda.tick()
        if self._closing_since is None:
            self._fill()
        elif time.monotonic() - self._closing_since > START_LIMIT_S:
            self._pool.kill(spared=[job.worker for job in self._jobs.values() if job.has_begun])

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
        self._agenda.close()
        if self._queue is not None:
            self._queue.close()

    # Requests

    @functools.singledispatchmethod
    def _carry_out(self, request: AnyDispatchRequest) -> None:
        raise TypeError(f"{type(request).__name__} is no request")

    @_carry_out.register
    def _(self, _request: protocol.Warm) -> None:
        self._warm_up()
        self._open_queue()

    @_carry_out.register
    def _(self, request: protocol.ResumeRun) -> None:
        slot = self._free_slot()
        if slot is None:
            raise StudioError("another run is on", "Resume this one when that has ended")
        task = Task(0, 0, None, Path(request.folder), self._runs_folder)
        self._begin(task, None, slot, request)

    @_carry_out.register
    def _(self, request: protocol.QueueRequest) -> None:
        queue, slot = self._open_queue(), self._free_slot()
        if isinstance(request, protocol.StartRun) and request.at_once and slot is not None:
            self._begin(queue.start_at_once(request.planned), queue, slot)
            return
        queue.carry_out(request)
        if isinstance(request, protocol.StartRun) and self._queue_fault is not None:
            self._refuse(self._queue_fault)

    @_carry_out.register
    def _(self, request: protocol.CommandJob) -> None:
        if (job := self._jobs.get(request.id)) is not None:
            if request.command is not Command.PAUSE:
                job.is_put_aside = request.command is not Command.CONTINUE
            job.worker.command(job.id, request.command)

    @_carry_out.register
    def _(self, request: protocol.KillJob) -> None:
        if (job := self._jobs.get(request.id)) is not None:
            job.is_put_aside = True
            job.worker.kill()

    @_carry_out.register
    def _(self, request: protocol.RunExperiment) -> None:
        self._agenda.run(Path(request.folder))

    @_carry_out.register
    def _(self, request: protocol.CommandExperiment) -> None:
        self._agenda.command_named(request.name, request.command)

    @_carry_out.register
    def _(self, _request: protocol.LetGo) -> None:
        self._is_let_go = True

    def _refuse(self, error: StudioError) -> None:
        self._tell(0, RequestRefused(message=error.fault, remedy=error.remedy))

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
        self._agenda.settle()

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
        request = task.request(slot, self._command, resumes)
        folder = str(task.folder) if task.folder is not None else ""
        worker: PoolWorker | None = None
        fault: StudioError | None = None
        try:
            worker = self._pool.take(slot)
            worker.send(request)
        except StudioError as error:
            fault = error
            if worker is not None:
                self._pool.give_back(slot, worker)
                worker = None
        job = Job(request.id, source, task, slot, worker or NoWorker(), folder)
        self._jobs[job.id] = job
        self._tell(job.id, job.began())
        if fault is not None:
            self._follow(job, RunEnded.of(fault, folder))

    def _follow(self, job: Job, event: AnyDispatchEvent) -> None:
        """What happens in a training: into the ledger first, then to whoever listens."""
        source = job.source
        if isinstance(event, RunStarted):
            job.has_begun, job.folder, job.began_s = True, event.folder, time.monotonic()
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
            job.is_paused = True
            if event.message and isinstance(source, OpenExperiment):
                self._agenda.pause_beside(job, event.message, event.remedy)
        elif isinstance(event, RunContinued):
            job.is_paused = False
        elif isinstance(event, RunEnded):
            self._end(job, event)
        self._tell(job.id, event)
        if isinstance(source, OpenExperiment) and isinstance(event, _NEWS_OF_A_TRIAL):
            self._agenda.tell_of(source)

    def _end(self, job: Job, event: RunEnded) -> None:
        del self._jobs[job.id]
        job.worker.close()
        job.folder = event.folder or job.folder
        is_closing = self._closing_since is not None
        # What was cut off by the end of this process goes on in the next one.
        is_cut_off = is_closing and (event.state == "interrupted" or not job.has_begun)
        if job.source is not None and not is_cut_off:
            job.source.ended(job, event)
        if not is_closing:
            self._warm_up()

    def _warm_up(self) -> None:
        """Have a worker at hand for the next training."""
        slot = self._free_slot() or self._pool.slots[0]
        with contextlib.suppress(WorkerError):  # said when a run begins and a person waits for it
            self._pool.warm_up(slot)

    def _open_queue(self) -> RunQueue:
        if self._queue is None:
            try:
                kept = take_queue(self._experiments_folder, self._old_queue_file)
            except StudioError as error:  # no reason to keep a person from training
                self._queue_fault = error  # said when a run is to wait
                kept = None
            self._queue = RunQueue(kept, self._runs_folder)
        return self._queue

    def _tell_queue(self) -> None:
        """Say how the queue is now, once all that led there was told."""
        if self._queue is not None and (state := self._queue.state()) != self._queue_told:
            self._queue_told = state
            self._tell(0, state)


_NEWS_OF_A_TRIAL = (RunStarted, EpochEnded, RunPaused, RunContinued, RunEnded)
