"""Spread over seeds, paired differences and McNemar's test, with SciPy and NumPy as judges."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from cifar_studio.errors import BadInputError
from cifar_studio.runs.analysis.comparison import compare
from cifar_studio.runs.analysis.statistics import (
    Spread,
    bootstrap_interval,
    mcnemar,
    paired_difference,
    spread,
)
from long_forms import daily
from support import make_evaluation

figures = st.floats(-1e6, 1e6)


@given(st.lists(figures, min_size=2, max_size=30))
def test_that_mean_and_spread_are_numpys(values: list[float]) -> None:
    result = spread(values)
    assert result.n == len(values)
    assert result.mean == pytest.approx(np.mean(values), abs=1e-6)
    assert result.standard_deviation == pytest.approx(np.std(values, ddof=1), abs=1e-6)


def test_that_one_seed_says_nothing_of_the_spread() -> None:
    assert spread([51.62]) == Spread(1, 51.62, None)
    assert spread([]) == Spread(0, None, None)


def test_that_what_is_not_known_does_not_count() -> None:
    assert spread([None, 1.0, math.nan, 3.0, math.inf]) == spread([1.0, 3.0])
    assert spread([None, math.nan]) == Spread(0, None, None)


@pytest.mark.parametrize("seed", daily((0,), range(5)))
@pytest.mark.parametrize("n", [3, 5, 12, 40])
def test_that_the_interval_is_scipys(n: int, seed: int) -> None:
    values = np.random.default_rng(seed).gamma(1.0, size=n)  # skewed, so that both corrections act
    judge = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="BCa", rng=np.random.default_rng(seed + 100)
    ).confidence_interval
    low, high = bootstrap_interval(values, resamples=20_000)
    assert (low, high) == pytest.approx(
        (judge.low, judge.high), abs=0.05 * (judge.high - judge.low)
    )


@given(st.lists(figures, min_size=2, max_size=8), st.floats(0.5, 0.99))
@settings(deadline=None)
def test_that_an_interval_lies_within_its_values(values: list[float], confidence: float) -> None:
    low, high = bootstrap_interval(np.array(values), confidence=confidence, resamples=200)
    slack = 1e-9 * max(map(abs, values))
    assert min(values) - slack <= low <= high <= max(values) + slack


def test_that_the_interval_of_few_seeds_holds_the_mean_less_often_than_it_says() -> None:
    generator = np.random.default_rng(0)
    held = {3: 0, 10: 0}
    for n in held:
        for _ in range(200):
            low, high = bootstrap_interval(generator.normal(size=n), resamples=200)
            held[n] += low <= 0 <= high
    assert 0.60 < held[3] / 200 < 0.82
    assert 0.85 < held[10] / 200 < 0.96


def test_that_runs_are_paired_by_seed() -> None:
    a = {0: 51.0, 1: 52.0, 2: 53.5, 3: None, 7: 99.0}
    b = {2: 51.0, 1: 50.5, 0: 50.0, 3: 1.0, 8: 1.0}
    result = paired_difference(a, b)
    assert (result.seeds, result.n) == ((0, 1, 2), 3)
    judge = scipy.stats.ttest_rel([51.0, 52.0, 53.5], [50.0, 50.5, 51.0])
    assert result.mean == pytest.approx(np.mean([1.0, 1.5, 2.5]))
    assert result.standard_deviation is not None
    assert result.mean / (result.standard_deviation / math.sqrt(3)) == pytest.approx(
        judge.statistic
    )
    assert result.low is not None
    assert result.high is not None
    assert 1.0 <= result.low < result.mean < result.high <= 2.5
    assert paired_difference(a, b) == result


def test_that_the_interval_turns_round_with_the_groups() -> None:
    a = dict(enumerate([3.0, 1.0, 4.0, 1.5, 5.0]))
    b = dict.fromkeys(a, 0.0)
    forth, back = paired_difference(a, b), paired_difference(b, a)
    assert back.mean == -forth.mean
    assert back.low == pytest.approx(-forth.high, abs=0.1)
    assert back.high == pytest.approx(-forth.low, abs=0.1)


def test_that_one_shared_seed_has_a_difference_and_no_interval() -> None:
    result = paired_difference({0: 2.0, 1: 9.0}, {0: 1.5})
    assert (result.n, result.mean) == (1, 0.5)
    assert (result.standard_deviation, result.low, result.high) == (None, None, None)


def test_that_equal_differences_are_a_point() -> None:
    result = paired_difference({0: 2.0, 1: 3.0}, {0: 1.0, 1: 2.0})
    assert (result.low, result.high, result.standard_deviation) == (1.0, 1.0, 0.0)


@pytest.mark.parametrize("b", [{}, {1: 2.0}, {0: None}, {0: math.nan}])
def test_that_groups_without_a_shared_seed_are_refused(b: dict[int, float | None]) -> None:
    with pytest.raises(BadInputError, match="The two groups share no seed"):
        paired_difference({0: 1.0}, b)


@pytest.mark.parametrize("confidence", [0.0, 1.0, math.nan, 95.0])
def test_that_a_confidence_is_a_share(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence is above 0 and below 1"):
        paired_difference({0: 1.0}, {0: 2.0}, confidence=confidence)


@given(st.integers(0, 24), st.integers(0, 24))
def test_that_few_discordant_pictures_are_judged_by_the_binomial(a: int, b: int) -> None:
    result = mcnemar(a, b)
    if a + b >= 25:
        assert result.method == "chi-square"
        return
    judge = scipy.stats.binomtest(a, a + b, 0.5).pvalue if a + b else 1.0
    assert (result.method, result.statistic) == ("exact", None)
    assert result.p_value == pytest.approx(judge)


@given(st.integers(0, 5000), st.integers(25, 5000))
def test_that_many_are_judged_by_chi_square(a: int, b: int) -> None:
    result = mcnemar(a, b)
    # A goodness-of-fit test of equal counts with Yates's correction is the same test.
    moved = np.array([a, b]) - 0.5 * np.sign(a - b) * np.array([1, -1])
    judge = scipy.stats.chisquare(moved)
    assert result.method == "chi-square"
    assert result.statistic == pytest.approx(judge.statistic, abs=1e-12)
    assert result.p_value == pytest.approx(judge.pvalue, rel=1e-9, abs=1e-300)


def test_that_both_forms_of_the_test_agree_about_many() -> None:
    for a, b in [(30, 20), (60, 40), (100, 150)]:
        exact = scipy.stats.binomtest(a, a + b, 0.5).pvalue
        assert mcnemar(a, b).p_value == pytest.approx(exact, abs=0.01)


def test_that_equal_answers_do_not_differ() -> None:
    shown = make_evaluation(300)
    same = compare(shown, shown)
    assert mcnemar(len(same.a_only), len(same.b_only)).p_value == 1.0
    assert mcnemar(40, 40).p_value == 1.0


@given(st.integers(0, 300), st.integers(0, 300))
def test_that_the_test_does_not_know_which_is_a(a: int, b: int) -> None:
    result = mcnemar(a, b)
    assert result.p_value == mcnemar(b, a).p_value
    assert 0 <= result.p_value <= 1


def test_that_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="counts are 0 or more"):
        mcnemar(-1, 3)
