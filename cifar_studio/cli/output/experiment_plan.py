"""What an experiment will do, told before it trains."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from cifar_studio import paths
from cifar_studio.cli.usage import NAME
from cifar_studio.config.experiment.budget import budget_words
from cifar_studio.config.experiment.experiment import METHOD_TITLES, PRUNING_TITLES, Experiment
from cifar_studio.data.cifar100.places import locate
from cifar_studio.plain_text import printable
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder, ExperimentState
from cifar_studio.runs.experiment.results import best_trial
from cifar_studio.runs.experiment.show import progress_state
from cifar_studio.runs.experiment.words import axis_words, figure_title, number_of
from cifar_studio.terminal import print_result, tell


def tell_of_new(folder: ExperimentFolder, settings: Sequence[str]) -> None:
    """Say what a new experiment will do and how to run it; its folder is the result."""
    state = folder.read()
    for line in _plan_lines(state, settings):
        tell(line)
    home = paths.experiments_folder()
    name = folder.name if folder.path.parent == home else str(folder.path)
    if locate(state.experiment.data) is None:
        tell(
            f"{NAME}: its pictures are not here yet. `{NAME} data fetch` gets CIFAR-100; an "
            "experiment made with --data demo does without."
        )
    tell(f"Run it: {NAME} experiment run {shlex.quote(name)}")
    print_result(f"experiment: {printable(str(folder.path))}")


def tell_of_winner(state: ExperimentState, winner: ExperimentFolder) -> None:
    """Say what is trained in the end, and how it is tested."""
    asked = winner.read_experiment()
    config, best = asked.config, best_trial(state.trials, state.experiment)
    which = "the settings of the folds"
    if best is not None and state.experiment.kind == "search":
        which = f"trial {best.number} of {state.name}, the winner"
    if progress_state(state) != "finished":
        tell(f"{NAME}: {state.name} is not at its end: this is what is best so far.")
    held = (
        f"; {config.validation_per_class} pictures a class stay held out: their loss lowers the "
        "rate"
        if config.has_validation
        else ""
    )
    pictures = number_of(config.train_per_class, "training picture")
    length, seeds = number_of(config.epochs, "epoch"), number_of(asked.seeds, "seed")
    tell(f"{winner.name}: {which}, with {pictures} a class for {length}, {seeds}{held}.")
    tell("The test set is looked at once by each, when it ends.")


def _plan_lines(state: ExperimentState, settings: Sequence[str]) -> list[str]:
    asked = state.experiment
    lines = [f"{state.name}: {_question(asked, len(state.trials))}."]
    lines += [f"  {axis.key}: {axis_words(axis)}" for axis in asked.axes]
    if asked.kind == "search" and asked.pruning != "none":
        lines.append(f"Trials may end early: {PRUNING_TITLES[asked.pruning]}.")
    if asked.is_test_locked:
        held = (
            f"one of {asked.folds} folds of the training pictures"
            if asked.folds
            else f"{number_of(asked.config.validation_per_class, 'training picture')} a class"
        )
        title = figure_title(asked).rpartition(",")[0]
        lines.append(f"Judged by {title} on {held}, held out. The test set stays locked.")
        if any(word.partition("=")[0].strip() == "test" for word in settings):
            lines.append("What --set says of test counts for nothing here: no trial is tested.")
    return lines


def _question(asked: Experiment, trials: int) -> str:
    epochs = number_of(asked.config.epochs, "epoch")
    if asked.kind == "report":
        return f"the report's study, {number_of(trials, 'training')}"
    if asked.kind == "folds":
        return f"{asked.folds} trainings of {epochs}, each with another fold held out"
    if asked.kind == "seeds":
        first = asked.config.seed
        last = first + asked.seeds - 1
        return f"{number_of(asked.seeds, 'training')} of {epochs}, seeds {first} to {last}"
    each = f"{asked.folds} trainings of {epochs}" if asked.folds else f"a training of {epochs}"
    return f"a search, {METHOD_TITLES[asked.method]}: {budget_words(asked)}, each {each}"
