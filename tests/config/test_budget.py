"""More of what an experiment may do."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from cifar_studio.config.experiment.axis import parse_axis
from cifar_studio.config.experiment.budget import budget_words, with_more
from cifar_studio.config.experiment.experiment import Experiment, settled
from cifar_studio.errors import BadInputError

SEARCH = settled(
    Experiment(
        kind="search", axes=(parse_axis("learning_rate=0.001..0.1:log"),), trials=10, hours=2.0
    )
)


def test_that_bounds_are_raised_by_so_much() -> None:
    assert with_more(SEARCH, trials=5).trials == 15
    assert with_more(SEARCH, hours=0.5).hours == 2.5
    assert with_more(Experiment(kind="seeds", seeds=3), seeds=2).seeds == 5


@pytest.mark.parametrize(
    ("experiment", "more", "said"),
    [
        (SEARCH, {}, "how much more is not said"),
        (SEARCH, {"trials": 1, "hours": 1.0}, "more than one"),
        (SEARCH, {"trials": 0}, "must be above 0"),
        (SEARCH, {"hours": float("inf")}, "must be above 0"),
        (SEARCH, {"trials": 10_000}, "must be 1 to 10,000"),
        (SEARCH, {"seeds": 1}, "kind search cannot have more seeds"),
        (replace(SEARCH, trials=None), {"trials": 1}, "no bound of trials"),
        (Experiment(kind="folds", folds=5), {"trials": 1}, "kind folds cannot have more trials"),
    ],
)
def test_that_what_cannot_be_raised_is_refused(
    experiment: Experiment, more: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadInputError, match=said):
        with_more(experiment, **more)


def test_that_a_budget_is_told_in_words() -> None:
    assert budget_words(SEARCH) == "10 trials, or 2 hours of training"
    assert budget_words(Experiment(kind="seeds", seeds=1)) == "1 training"
