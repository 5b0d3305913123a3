"""How much each setting that a search varied matters for reaching the best figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.experiments.search.space import to_places
from cifar_studio.runs.experiment.results import ranking
from cifar_studio.runs.experiment.trials import Trial

FEWEST_TRIALS = 10
"""Of fewer finished trials nothing can be said."""
GOOD_SHARE = 0.1
FEWEST_GOOD = 5
"""The best tenth of the trials is set against all of them, but never fewer than so many."""


def importance(experiment: Experiment, trials: Sequence[Trial]) -> dict[str, float]:
    """The share of each varied setting in what sets the best trials apart; together they are 1.

    Of finished trials with a figure it compares where the best ones and where all of them lie
    (PED-ANOVA, Watanabe and others 2023, as Optuna has it). Settings with one value in all of
    these trials are left out. Empty where there are too few trials, nothing varies, or the best
    are not told from the rest.
    """
    known = [
        (places, trial.value)
        for trial in ranking(trials, experiment)
        if trial.value is not None
        and (places := to_places(trial.parameters, experiment.axes)) is not None
    ]
    varied = [
        axis for axis in experiment.axes if len({places[axis.key] for places, _ in known}) > 1
    ]
    if len(known) < FEWEST_TRIALS or not varied:
        return {}
    share = max(GOOD_SHARE, FEWEST_GOOD / len(known))
    if known[math.ceil(share * len(known)) - 1][1] == known[-1][1]:
        return {}

    import optuna

    from cifar_studio.experiments.search.studies import direction, distributions

    drawn_from = distributions(varied)
    study = optuna.create_study(direction=direction(experiment))
    for places, value in known:
        params = {axis.key: places[axis.key] for axis in varied}
        study.add_trial(optuna.create_trial(value=value, params=params, distributions=drawn_from))
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=share)
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {axis.key: found[axis.key] for axis in varied}
