"""How much each varied setting matters, against Optuna called directly."""

from __future__ import annotations

from typing import Any

import optuna
import pytest
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from cifar_studio.config.experiment.axis import Axis
from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.experiments.search.importance import importance
from cifar_studio.runs.experiment.trials import Part, Trial, TrialState, TrialTable
from experiments.searches import Bench, losses, search_of, top1s

DISTRIBUTIONS = {
    "learning_rate": FloatDistribution(0.001, 0.1, log=True),
    "momentum": FloatDistribution(0.5, 0.95),
    "batch_size": IntDistribution(16, 256, log=True),
    "warmup_epochs": CategoricalDistribution([0.0, 1.0, 2.0]),
    "schedule_epochs": CategoricalDistribution([None, 5, 8]),
    "milestones": CategoricalDistribution(["at 2 and 4", "at 3", "nowhere"]),
    "nesterov": CategoricalDistribution([False, True]),
}
NAMES = {(2, 4): "at 2 and 4", (3,): "at 3", (): "nowhere"}
TWO = (
    Axis(key="dropout", low=0.0, high=0.5),
    Axis(key="momentum", values=(0.8, 0.9)),
)


def trained(count: int, **changes: Any) -> tuple[Experiment, list[Trial]]:
    experiment = search_of(**changes)
    bench = Bench(experiment, losses if experiment.metric == "val_loss" else top1s)
    for _ in range(count):
        bench.train()
    table = TrialTable()
    table.feed(bench.lines)
    return experiment, table.in_order()


def trial(
    number: int, value: float | None, state: TrialState = "finished", **parameters: Any
) -> Trial:
    return Trial(number, parameters, (Part(state=state, value=value),))


def two(number: int, value: float | None, state: TrialState = "finished") -> Trial:
    """Of which the dropout alone says how good it is."""
    dropout, momentum = 0.5 - 0.01 * number, (0.8, 0.9)[number % 2]
    return trial(number, value, state, dropout=dropout, momentum=momentum)


@pytest.mark.parametrize(
    ("metric", "direction"), [("val_top1", "maximize"), ("val_loss", "minimize")]
)
@pytest.mark.parametrize("count", [12, 30, 80])
@pytest.mark.parametrize("method", ["random", "tpe"])
def test_that_it_is_what_optuna_says(count: int, method: str, metric: str, direction: str) -> None:
    experiment, trials = trained(count, method=method, metric=metric)
    study = optuna.create_study(direction=direction)
    for one in trials:
        params = {**one.parameters, "milestones": NAMES[tuple(one.parameters["milestones"])]}
        study.add_trial(
            optuna.create_trial(params=params, distributions=DISTRIBUTIONS, value=one.value)
        )
    share = {12: 5 / 12, 30: 5 / 30, 80: 0.1}[count]
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=share)
    expected = optuna.importance.get_param_importances(study, evaluator=evaluator)
    found = importance(experiment, trials)
    assert list(found) == [axis.key for axis in experiment.axes]
    assert found == pytest.approx(expected, abs=1e-12)
    assert sum(found.values()) == pytest.approx(1)
    assert min(found.values()) >= 0


def test_that_what_decides_matters_most() -> None:
    found = importance(search_of(axes=TWO), [two(number, number) for number in range(1, 31)])
    assert found["dropout"] > 0.9


def test_that_only_finished_trials_with_a_figure_count() -> None:
    experiment = search_of(axes=TWO)
    trials = [two(number, float(number)) for number in range(1, 21)]
    others = [
        two(21, 99.0, "pruned"),
        two(22, 99.0, "failed"),
        two(23, 99.0, "running"),
        two(24, None),
        trial(25, 99.0, dropout=0.7, momentum=0.8),  # of a wider range
        trial(26, 99.0, dropout=0.2),
    ]
    assert importance(experiment, [*others, *trials]) == importance(experiment, trials)


def test_that_few_trials_say_nothing() -> None:
    experiment = search_of(axes=TWO)
    trials = [two(number, float(number)) for number in range(1, 11)]
    assert importance(experiment, trials)
    assert importance(experiment, trials[1:]) == {}
    assert importance(experiment, []) == {}


def test_that_a_setting_with_one_value_in_all_trials_is_left_out() -> None:
    experiment = search_of(axes=TWO)
    same = [
        trial(number, float(number), dropout=0.01 * number, momentum=0.8) for number in range(1, 21)
    ]
    assert importance(experiment, same) == {"dropout": 1.0}
    none = [trial(number, float(number), dropout=0.1, momentum=0.8) for number in range(1, 21)]
    assert importance(experiment, none) == {}


@pytest.mark.parametrize("worst_from", [0, 1, 4])
def test_that_equal_figures_say_nothing(worst_from: int) -> None:
    trials = [two(number, 50.0 if number <= worst_from else 1.0) for number in range(1, 21)]
    assert importance(search_of(axes=TWO), trials) == {}
    assert importance(search_of(axes=TWO), [*trials[5:], *(two(n, 50.0 + n) for n in range(5))])
