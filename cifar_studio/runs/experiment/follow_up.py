"""What an experiment's answer leads to: its winner with all training pictures, tested once."""

from __future__ import annotations

from msgspec.structs import replace

from cifar_studio.config.experiment.experiment import (
    VALIDATION_SHARE,
    Experiment,
    checked_experiment,
)
from cifar_studio.config.settings import bounds_of
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import BadInputError
from cifar_studio.runs.experiment.experiment_folder import ExperimentState
from cifar_studio.runs.experiment.results import best_trial
from cifar_studio.runs.experiment.says import folds_summary


def follow_up(state: ExperimentState, seeds: int) -> Experiment:
    """The settings that won, or those of the folds, on all training pictures, with n seeds.

    The test set is looked at once, when a training ends, with the weights of its last epoch: there
    are no validation pictures left to choose another one. Of folds that is the mean best epoch;
    of a search that ended its trials early the winner's best epoch. A schedule that follows the
    validation loss keeps some pictures for that.

    Parameters
    ----------
    state : ExperimentState
        Of kind `search` or `folds`.
    seeds : int
        1 to 1000.

    Raises
    ------
    BadInputError
        It is of another kind, or no trial has finished yet.
    ConfigError
        The settings do not fit without validation pictures.
    """
    experiment = state.experiment
    if experiment.kind not in ("search", "folds"):
        raise BadInputError(
            f"{state.name} is of kind {experiment.kind}, which has no winner",
            "Finish a search, or folds",
        )
    best = best_trial(state.trials, experiment)
    if best is None:
        raise BadInputError(
            f"no trial of {state.name} has finished with a figure", "Run the experiment first"
        )
    if experiment.kind == "folds":
        config = _as_long_as(experiment.config, _mean_best_epoch(state))
    else:
        config = experiment.trial_config(best.parameters, experiment.parts[0])
        if config.early_stopping != "off":
            config = _as_long_as(config, _mean([part.best_epoch for part in best.parts]))
    return checked_experiment(
        Experiment(
            kind="seeds",
            config=_with_all_pictures(config),
            data=experiment.data,
            preset=experiment.preset,
            seeds=seeds,
            runs=experiment.runs,
            follows=state.name,
        )
    )


def _with_all_pictures(config: TrainConfig) -> TrainConfig:
    most = int(bounds_of("train_per_class").high)
    pictures = min(config.train_per_class + config.validation_per_class, most)
    held_out = max(1, pictures // VALIDATION_SHARE) if config.schedule == "plateau" else 0
    return replace(
        config,
        train_per_class=pictures - held_out,
        validation_per_class=held_out,
        folds=0,
        fold=1,
        early_stopping="off",
        test="at_end",
    )


def _as_long_as(config: TrainConfig, epochs: int) -> TrainConfig:
    """So many epochs of it, with the rates that they had in it."""
    scheduled = config.scheduled_epochs
    has_length = config.schedule in ("cosine", "one-cycle")
    schedule_epochs = scheduled if has_length and scheduled != epochs else config.schedule_epochs
    return replace(config, epochs=epochs, schedule_epochs=schedule_epochs)


def _mean_best_epoch(state: ExperimentState) -> int:
    summary = folds_summary(state)
    if summary is None or summary.mean_best_epoch is None:
        raise BadInputError(
            f"no fold of {state.name} has a best epoch", "Train one of them to its end"
        )
    return summary.mean_best_epoch


def _mean(epochs: list[int]) -> int:
    return max(1, round(sum(epochs) / len(epochs)))
