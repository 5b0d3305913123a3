"""An Optuna study of an experiment: its sampler, its pruner and the trials that it knows.

It lives in memory: the ledger and the run folders are what lasts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.study import StudyDirection
from optuna.trial import TrialState

from cifar_studio.config.experiment.axis import Axis
from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.experiments.search.space import to_places
from cifar_studio.runs.folder.epochs import LARGEST

optuna.logging.set_verbosity(optuna.logging.ERROR)


def distributions(axes: Sequence[Axis]) -> dict[str, BaseDistribution]:
    """The axes as Optuna draws from them; of values it draws the index."""
    return {axis.key: _distribution(axis) for axis in axes}


def direction(experiment: Experiment) -> StudyDirection:
    return StudyDirection.MAXIMIZE if experiment.is_maximized else StudyDirection.MINIMIZE


class Study:
    """Takes the trials of an experiment one by one; what is not to be proposed has no axes."""

    def __init__(self, experiment: Experiment) -> None:
        seed = experiment.seed % 2**32
        self._axes = experiment.axes if experiment.method == "tpe" else ()
        self._distributions = distributions(self._axes)
        self._metric = experiment.metric
        self._worst = -LARGEST if experiment.is_maximized else LARGEST
        # Hyperband alone keeps something between two looks at a trial.
        self.judges_each_epoch = experiment.pruning == "hyperband"
        self._study = optuna.create_study(
            study_name=f"search-{seed}",  # by which Hyperband deals trials out to its brackets
            direction=direction(experiment),
            sampler=optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True),
            pruner=_pruner(experiment),
        )

    def propose(self) -> optuna.Trial:
        """A trial, begun, with what the sampler draws; its `params` are places on the axes."""
        return self._study.ask(self._distributions)

    def begin(self, parameters: dict[str, Any]) -> optuna.Trial:
        """A trial, begun, with these parameters; without any where they are not of the axes."""
        places = to_places(parameters, self._axes)
        if not places:
            return self._study.ask()
        self._study.enqueue_trial(places)
        return self._study.ask(self._distributions)

    def report(self, trial: optuna.Trial, epoch: int, value: float | None) -> None:
        """Tell the metric of an epoch; one that is not finite is worse than any other."""
        known = self._worst if value is None or not math.isfinite(value) else value
        trial.report(known, epoch)

    def tell(self, trial: optuna.Trial, state: str, value: float | None) -> None:
        """End a trial: it counts by its value, or as pruned, or not at all."""
        can_count = trial.params.keys() == self._distributions.keys()
        if can_count and state == "finished" and value is not None and math.isfinite(value):
            self._study.tell(trial, value)
        else:
            is_pruned = can_count and state == "pruned"
            self._study.tell(trial, state=TrialState.PRUNED if is_pruned else TrialState.FAIL)


def _distribution(axis: Axis) -> BaseDistribution:
    if not axis.is_range:
        return CategoricalDistribution(tuple(range(len(axis.values))))
    assert axis.low is not None
    assert axis.high is not None
    if axis.is_whole:
        return IntDistribution(int(axis.low), int(axis.high), log=axis.logarithmic)
    return FloatDistribution(axis.low, axis.high, log=axis.logarithmic)


def _pruner(experiment: Experiment) -> optuna.pruners.BasePruner:
    if experiment.pruning == "median":
        return optuna.pruners.MedianPruner()
    if experiment.pruning == "hyperband":
        most = _most_epochs(experiment)
        return optuna.pruners.HyperbandPruner(min_resource=1, max_resource=most)
    return optuna.pruners.NopPruner()


def _most_epochs(experiment: Experiment) -> int:
    """How many epochs the longest trial has."""
    for axis in experiment.axes:
        if axis.key == "epochs":
            return int(axis.high if axis.high is not None else max(axis.values))
    return experiment.config.epochs
