"""The rule of convergence, on curves made by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cifar_studio.errors import BadInputError
from cifar_studio.runs.analysis.convergence import ConvergenceRule, trailing_mean
from cifar_studio.runs.folder.epochs import EpochRow
from support import make_row

losses = st.lists(st.none() | st.floats(0, 10), max_size=40)


def curve(*values: float | None) -> list[EpochRow]:
    """Epochs from 1 on with these test losses."""
    return [
        msgspec.structs.replace(make_row(epoch), test_loss=value)
        for epoch, value in enumerate(values, 1)
    ]


def plain_mean(values: Sequence[float | None], window: int) -> list[float]:
    """The definition word by word."""
    means = []
    for place, value in enumerate(values):
        around = [v for v in values[max(0, place - window + 1) : place + 1] if v is not None]
        means.append(math.nan if value is None else math.fsum(around) / len(around))
    return means


def test_that_a_mean_is_of_the_epoch_and_those_before() -> None:
    np.testing.assert_array_equal(trailing_mean([6, 3, 0, 9], 3), [6, 4.5, 3, 4])
    np.testing.assert_array_equal(trailing_mean([6, 3, 0], 1), [6, 3, 0])
    np.testing.assert_array_equal(trailing_mean([6, 3, 0], 99), [6, 4.5, 3])
    assert len(trailing_mean([], 3)) == 0


def test_that_missing_losses_do_not_count_in_a_mean() -> None:
    np.testing.assert_array_equal(
        trailing_mean([6, None, 0, math.nan, math.inf, 5], 3), [6, np.nan, 3, np.nan, np.nan, 5]
    )


def test_that_a_huge_loss_leaves_no_rounding_behind() -> None:
    assert trailing_mean([1e38, 1.0, 2.0, 3.0], 3)[-1] == 2.0


@given(losses, st.integers(1, 10))
def test_that_means_are_as_defined(values: list[float | None], window: int) -> None:
    np.testing.assert_allclose(trailing_mean(values, window), plain_mean(values, window))


@pytest.mark.parametrize(
    ("values", "rule", "epoch"),
    [
        # The minimum is 2: within 1 % is at most 2.02.
        ((4.0, 3.0, 2.021, 2.02, 2.0), ConvergenceRule(1.0, 1), 4),
        ((4.0, 3.0, 2.021, 2.02, 2.0), ConvergenceRule(1.06, 1), 3),
        ((4.0, 3.0, 2.021, 2.02, 2.0), ConvergenceRule(0.0, 1), 5),
        ((4.0, 3.0, 2.0, 2.0, 2.0), ConvergenceRule(0.0, 1), 3),
        # Means over three: 4, 3.5, 3, 2.33, 2, 2. The lag is one epoch.
        ((4.0, 3.0, 2.0, 2.0, 2.0, 2.0), ConvergenceRule(), 5),
        # One lucky epoch does not converge a run: means 4, 2.5, 2.67, 2.33, 2.63, 2.33, 2.
        ((4.0, 1.0, 3.0, 3.0, 1.9, 2.1, 2.0), ConvergenceRule(), 7),
        ((4.0, 1.0, 3.0, 3.0, 1.9, 2.1, 2.0), ConvergenceRule(window=1), 2),
        # A curve that rises again converged before.
        ((4.0, 2.0, 2.0, 2.0, 3.0, 5.0), ConvergenceRule(), 4),
        ((3.0, 2.0, 1.0), ConvergenceRule(), 3),
        ((0.0, 0.0), ConvergenceRule(), 1),
        ((2.0,), ConvergenceRule(), 1),
        ((None, 2.0, None), ConvergenceRule(), 2),
        ((4.0, 2.0, None, math.nan, math.inf), ConvergenceRule(window=1), 2),
        ((None, math.nan), ConvergenceRule(), None),
        ((), ConvergenceRule(), None),
    ],
)
def test_that_hand_made_curves_converge_where_they_should(
    values: tuple[float | None, ...], rule: ConvergenceRule, epoch: int | None
) -> None:
    assert rule.epoch(curve(*values)) == epoch


@given(losses, st.floats(0, 100), st.integers(1, 10))
def test_that_the_rule_is_as_described(
    values: list[float | None], within_percent: float, window: int
) -> None:
    found = ConvergenceRule(within_percent, window).epoch(curve(*values))
    known = [mean for mean in trailing_mean(values, window) if not math.isnan(mean)]
    if not known:
        assert found is None
        return
    enough = min(known) + min(known) * within_percent / 100
    means = trailing_mean(values, window)
    assert found == next(e for e, mean in enumerate(means, 1) if mean <= enough)


def test_that_a_wider_margin_converges_no_later() -> None:
    rows = curve(*(4 * math.exp(-epoch / 10) + 2 for epoch in range(70)))
    epochs = [ConvergenceRule(within_percent).epoch(rows) for within_percent in (0, 1, 5, 50)]
    assert epochs == sorted(epochs, key=lambda epoch: -(epoch or 0))


def test_that_the_measure_can_be_chosen() -> None:
    rows = [
        msgspec.structs.replace(row, train_loss=1.0, val_loss=4.0 - row.epoch)
        for row in curve(2.0, 1.0, 2.0)
    ]
    assert ConvergenceRule(window=1).epoch(rows) == 2
    assert ConvergenceRule(window=1, measure="train_loss").epoch(rows) == 1
    assert ConvergenceRule(window=1, measure="val_loss").epoch(rows) == 3


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            ConvergenceRule(),
            "first epoch whose test loss, averaged with the 2 epochs before it, is within 1 % of "
            "its minimum",
        ),
        (
            ConvergenceRule(2.5, 1, "val_loss"),
            "first epoch whose validation loss is within 2.5 % of its minimum",
        ),
        (
            ConvergenceRule(0, 2, "train_loss"),
            "first epoch whose training loss, averaged with the epoch before it, is at its minimum",
        ),
    ],
)
def test_that_a_rule_says_itself(rule: ConvergenceRule, words: str) -> None:
    assert rule.describe() == words


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"within_percent": -1.0}, "within_percent of the convergence rule is -1. Choose one from"),
        ({"within_percent": math.nan}, "is nan. Choose one from 0 to 100 per cent"),
        ({"window": 0}, "window of the convergence rule is 0. Choose one from 1 to 1000 epochs"),
        ({"window": 2.0}, "window of the convergence rule is 2"),
        ({"window": 10**9}, "Choose one from 1 to 1000 epochs"),
        ({"measure": "top1"}, "Choose one of test_loss, val_loss, train_loss"),
    ],
)
def test_that_a_rule_without_sense_is_refused(values: dict[str, object], words: str) -> None:
    with pytest.raises(BadInputError, match=words):
        ConvergenceRule(**values)  # type: ignore[arg-type]
