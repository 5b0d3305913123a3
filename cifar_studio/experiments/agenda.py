"""The experiments that are being run, in the order in which they were asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from cifar_studio.experiments.control_file import take_command
from cifar_studio.experiments.open_experiment import OpenExperiment
from cifar_studio.experiments.protocol import ExperimentChanged, ExperimentCommand
from cifar_studio.experiments.task import Job
from cifar_studio.runner.protocol import Command
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder


class Agenda:
    """Experiments, and what others are told of them.

    Parameters
    ----------
    jobs : mapping
        All trainings that go on, of experiments and others; the dispatcher keeps it.
    tell : callable
    """

    def __init__(self, jobs: Mapping[int, Job], tell: Callable[[ExperimentChanged], None]) -> None:
        self._jobs = jobs
        self._tell = tell
        self._experiments: list[OpenExperiment] = []
        self._told: dict[OpenExperiment, ExperimentChanged] = {}

    def __iter__(self) -> Iterator[OpenExperiment]:
        return iter(list(self._experiments))

    def __len__(self) -> int:
        return len(self._experiments)

    def run(self, path: Path) -> None:
        """Go on with an experiment. Raises StudioError where it cannot be."""
        known = next((one for one in self if one.folder.path == path), None)
        if known is None:
            known = OpenExperiment(ExperimentFolder(path))
            self._experiments.append(known)
            take_command(known.folder)  # whatever was asked of the process before
        self.command(known, "continue")

    def command(self, experiment: OpenExperiment, command: ExperimentCommand) -> None:
        """Pause, continue or stop an experiment and its trainings."""
        if command == "pause":
            experiment.pause()
        elif command == "continue":
            experiment.go_on()
        else:
            experiment.stop()
        for job in self._jobs_of(experiment):
            job.worker.command(job.id, Command(command))
        self.tell_of(experiment)

    def command_named(self, name: str, command: ExperimentCommand) -> None:
        for experiment in self:
            if experiment.name == name:
                self.command(experiment, command)

    def pause_beside(self, refused: Job, message: str, remedy: str) -> None:
        """The disk refuses one training of an experiment: it would refuse the others too."""
        experiment = refused.source
        assert isinstance(experiment, OpenExperiment)
        experiment.pause(message, remedy)
        for job in self._jobs_of(experiment):
            if job is not refused:
                job.worker.command(job.id, Command.PAUSE)

    def tick(self) -> None:
        """Look what other processes ask for, and what the disk takes."""
        for experiment in self:
            command = take_command(experiment.folder)
            if command is not None:
                self.command(experiment, command)
            experiment.tick()

    def settle(self) -> None:
        """Let go of those that are over, and tell of those that paused by themselves."""
        for experiment in self:
            if experiment.is_over:
                self._experiments.remove(experiment)
                self._told.pop(experiment, None)
                experiment.close()
                folder = str(experiment.folder.path)
                self._tell(ExperimentChanged(name=experiment.name, folder=folder, activity="ended"))
            elif self._told.get(experiment) != self._state_of(experiment):
                self.tell_of(experiment)

    def tell_of(self, experiment: OpenExperiment) -> None:
        """Tell that something has changed, be it in the ledger alone."""
        before, state = self._told.get(experiment), self._state_of(experiment)
        if before is None or before.activity != state.activity:
            experiment.folder.say_paused(state.activity == "paused")
        self._told[experiment] = state
        self._tell(state)

    def close(self) -> None:
        """Let other processes have them."""
        for experiment in self:
            experiment.close()

    def _jobs_of(self, experiment: OpenExperiment) -> list[Job]:
        return [job for job in self._jobs.values() if job.source is experiment]

    def _state_of(self, experiment: OpenExperiment) -> ExperimentChanged:
        activity, jobs = experiment.activity, self._jobs_of(experiment)
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
