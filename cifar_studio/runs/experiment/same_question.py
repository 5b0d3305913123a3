"""Finds the experiment that asks the same question: a command given again goes on with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from cifar_studio.config.experiment.experiment import Experiment, planned_parameters
from cifar_studio.errors import RunFolderError, StudioError
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder, create
from cifar_studio.runs.experiment.trials import Planned


def found_or_created(
    parent: Path, wished: str, experiment: Experiment, trials: Sequence[Planned] = ()
) -> ExperimentFolder:
    """The experiment that asks the same question under this name, or this name and a number.

    Where there is none it is made. One of fewer seeds gets those that it lacks: the others are
    not trained again. Raises as `create`, and RunFolderError where that cannot be written.
    """
    name, number = wished, 1
    while (parent / name).exists():
        folder = ExperimentFolder(parent / name)
        known = _that_asks_the_same(folder, experiment, trials)
        if known is not None:
            if known.seeds < experiment.seeds:
                _give_seeds(folder, replace(known, seeds=experiment.seeds))
            return folder
        number += 1
        name = f"{wished}-{number}"
    return create(parent, name, experiment, trials)


def _that_asks_the_same(
    folder: ExperimentFolder, experiment: Experiment, trials: Sequence[Planned]
) -> Experiment | None:
    try:
        known = folder.read_experiment()
        planned = folder.read_table(known).trials
    except StudioError:
        return None  # of a later version, or damaged
    alike = {"created": ""}
    is_of_seeds = known.kind == experiment.kind == "seeds"
    if is_of_seeds:  # how many there are is no other question
        alike["seeds"] = 1  # type: ignore[assignment]
    if replace(known, **alike) != replace(experiment, **alike):
        return None
    wanted = {trial.trial: trial.parameters for trial in trials}
    if is_of_seeds:
        wanted = dict(enumerate(planned_parameters(experiment), 1)) | wanted
        have = {number: trial.parameters for number, trial in planned.items()}
        is_same = all(wanted.get(number, seed) == seed for number, seed in have.items())
    else:
        is_same = all(
            number in planned and planned[number].parameters == parameters
            for number, parameters in wanted.items()
        )
    return known if is_same else None


def _give_seeds(folder: ExperimentFolder, experiment: Experiment) -> None:
    try:
        folder.write_experiment(experiment)
    except OSError as error:
        raise RunFolderError(
            f"{folder.path} cannot be written ({error.strerror or error})", "Free space there"
        ) from error
