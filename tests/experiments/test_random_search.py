"""Proposals at random, and of a grid."""

from __future__ import annotations

import itertools
import json
import math
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cifar_studio.config.experiment.axis import Axis
from cifar_studio.experiments.search.search import Search
from cifar_studio.runs.experiment.trials import Planned
from experiments.searches import AXES, Bench, search_of

FINITE = (
    Axis(key="momentum", values=(0.8, 0.9, 0.95)),
    Axis(key="batch_size", low=30, high=33),
    Axis(key="milestones", values=((2, 4), (3,))),
)


def proposals(count: int, **changes: object) -> list[dict[str, object]]:
    search = Search(search_of(**changes))
    found = [search.propose() for _ in range(count)]
    return [one for one in found if one is not None]


@settings(deadline=None)
@given(st.integers(0, 2**40))
def test_that_each_value_is_in_its_range_and_of_its_type(seed: int) -> None:
    for parameters in proposals(20, seed=seed):
        assert list(parameters) == [axis.key for axis in AXES]
        for axis in AXES:
            value = parameters[axis.key]
            if not axis.is_range:
                assert value in axis.values
                continue
            assert type(value) is (int if axis.is_whole else float)
            assert axis.low <= value <= axis.high


@settings(deadline=None)
@given(st.integers(0, 2**40), st.floats(1e-6, 1), st.floats(1.01, 1e6))
def test_that_a_range_by_ratio_is_drawn_from_by_ratio(seed: int, low: float, ratio: float) -> None:
    high = min(low * ratio, 10.0)
    axis = Axis(key="learning_rate", low=low, high=high, logarithmic=True)
    found = [one["learning_rate"] for one in proposals(64, axes=(axis,), seed=seed)]
    middle = math.sqrt(low * high)
    assert all(low <= value <= high for value in found)
    assert abs(sum(value < middle for value in found) - 32) <= 2


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**40), st.integers(2, 40))
def test_that_values_and_whole_numbers_are_all_reached_equally_often(seed: int, count: int) -> None:
    axes = (
        Axis(key="momentum", low=0.5, high=0.9),
        Axis(key="dropout", values=tuple(number / 100 for number in range(count))),
        Axis(key="cutout_size", low=1, high=min(count, 32)),
    )
    found = proposals(60 * count, axes=axes, seed=seed)
    for axis in axes[1:]:
        reached = [one[axis.key] for one in found]
        several = len(set(reached))
        assert several == (len(axis.values) or axis.high)
        assert all(abs(reached.count(one) - len(found) / several) < 16 for one in set(reached))


def test_that_a_proposal_depends_on_seed_and_place_alone() -> None:
    bench = Bench(search_of(seed=5))
    for _ in range(12):
        bench.train()
        bench.rebuild()
    assert bench.parameters() == proposals(12, seed=5)
    assert bench.parameters() != proposals(12, seed=6)


@pytest.mark.parametrize("method", ["random", "tpe"])
@pytest.mark.parametrize("seed", range(3))
def test_that_each_combination_is_proposed_once_and_then_none(method: str, seed: int) -> None:
    bench = Bench(search_of(axes=FINITE, method=method, seed=seed))
    for number in range(24):
        bench.train()
        if number % 5 == 0:
            bench.rebuild()
    assert bench.search.propose() is None
    bench.rebuild()
    assert bench.search.propose() is None
    expected = itertools.product((0.8, 0.9, 0.95), range(30, 34), ((2, 4), (3,)))
    assert sorted(map(json.dumps, bench.parameters())) == sorted(
        json.dumps(dict(zip(("momentum", "batch_size", "milestones"), one, strict=True)))
        for one in expected
    )


@pytest.mark.parametrize("count", [1, 2, 3])
def test_that_parameters_from_elsewhere_take_no_combination_away(count: int) -> None:
    axes = (Axis(key="momentum", values=(0.8, 0.9)),)
    elsewhere: list[dict[str, object]] = [
        {"momentum": 0.7},
        {"momentum": 0.8, "dropout": 0.1},
        {},
    ]
    lines = [Planned(trial=n, parameters=one) for n, one in enumerate(elsewhere[:count], start=1)]
    search = Search(search_of(axes=axes), lines)
    assert sorted(json.dumps(search.propose()) for _ in range(2)) == [
        '{"momentum": 0.8}',
        '{"momentum": 0.9}',
    ]
    assert search.propose() is None


def test_that_a_grid_is_planned_ahead_and_not_proposed() -> None:
    assert Search(search_of(axes=FINITE[:1], method="grid", trials=None)).propose() is None


def test_that_a_search_at_random_does_without_optuna() -> None:
    code = """
import sys
from experiments.searches import Bench, search_of
bench = Bench(search_of())
bench.train()
bench.rebuild()
bench.train()
assert "optuna" not in sys.modules and "scipy" not in sys.modules
"""
    paths = f"import sys; sys.path[:0] = {sys.path!r}\n"
    subprocess.run([sys.executable, "-W", "error", "-c", paths + code], check=True, timeout=60)
