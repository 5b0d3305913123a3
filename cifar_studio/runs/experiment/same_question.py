"""Finds the experiment that asks the same question: a command given again goes on with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.errors import StudioError
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder, create
from cifar_studio.runs.experiment.trials import Planned


def found_or_created(
    parent: Path, wished: str, experiment: Experiment, trials: Sequence[Planned] = ()
) -> ExperimentFolder:
    """The experiment that asks the same question under this name, or this name and a number.

    Where there is none it is made. Raises as `create`.
    """
    name, number = wished, 1
    while (parent / name).exists():
        if _asks_the_same(ExperimentFolder(parent / name), experiment, trials):
            return ExperimentFolder(parent / name)
        number += 1
        name = f"{wished}-{number}"
    return create(parent, name, experiment, trials)


def _asks_the_same(
    folder: ExperimentFolder, experiment: Experiment, trials: Sequence[Planned]
) -> bool:
    try:
        known = folder.read_experiment()
    except StudioError:
        return False  # of a later version, or damaged
    if replace(known, created="") != replace(experiment, created=""):
        return False
    planned = folder.read_table(known).trials
    return all(
        trial.trial in planned and planned[trial.trial].parameters == trial.parameters
        for trial in trials
    )
