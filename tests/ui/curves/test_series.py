"""The numbers behind the curves: growth, thinning, smoothing, steps of axes."""

from __future__ import annotations

import numpy as np
import pytest

from cifar_studio.ui.curves.data.run_colours import RunColours
from cifar_studio.ui.curves.data.series import (
    GrowingTable,
    Smoother,
    accuracy_limit,
    epoch_limit,
    loss_floor,
    loss_limit,
    thin,
)
from cifar_studio.ui.curves.plot.placement import most_free
from cifar_studio.ui.plots.value_axis import nice_step


def test_that_a_table_keeps_every_row_while_it_doubles() -> None:
    table = GrowingTable(2, room=4)
    for number in range(1000):
        table.append(number, -number)
    assert len(table) == 1000
    assert table.room == 1024
    np.testing.assert_array_equal(table.column(0), np.arange(1000))
    np.testing.assert_array_equal(table.column(1), -np.arange(1000))


def test_that_a_table_takes_many_rows_at_once_and_none_as_nan() -> None:
    table = GrowingTable(2, room=2)
    table.extend(np.arange(10.0).reshape(5, 2))
    table.append(None, 1.0)
    assert len(table) == 6
    assert np.isnan(table.column(0)[-1])


def test_that_thinning_keeps_the_extremes_at_their_places() -> None:
    x = np.linspace(0, 100, 50_000)
    y = np.random.default_rng(0).normal(size=x.size)
    y[12_345], y[40_000] = 50.0, -50.0
    thin_x, thin_y = thin(x, y, 0, 100, 400)
    assert len(thin_x) <= 1000
    assert np.all(np.diff(thin_x) >= 0)
    assert thin_x[thin_y.argmax()] == x[12_345]
    assert thin_x[thin_y.argmin()] == x[40_000]


def test_that_thinning_does_not_move_old_points_when_new_ones_come() -> None:
    x = np.arange(10_000.0)
    y = np.random.default_rng(1).normal(size=x.size)
    before = thin(x[:9000], y[:9000], 0, 1e9, 300)
    after = thin(x[:9050], y[:9050], 0, 1e9, 300)
    same = len(before[0]) - 4
    np.testing.assert_array_equal(before[0][:same], after[0][:same])
    np.testing.assert_array_equal(before[1][:same], after[1][:same])


def test_that_thinning_leaves_few_points_and_gaps_alone() -> None:
    x, y = np.arange(10.0), np.full(10, np.nan)
    y[3] = 1.0
    assert thin(x, y, 0, 9, 100)[1] is not None
    np.testing.assert_array_equal(thin(x, y, 0, 9, 100)[1], y)
    long = np.full(5000, np.nan)
    assert np.isnan(thin(np.arange(5000.0), long, 0, 5000, 50)[1]).all()


def test_that_thinning_keeps_one_neighbour_outside_the_window() -> None:
    x = np.arange(100.0)
    thin_x, _ = thin(x, x, 10.5, 20.5, 100)
    assert thin_x[0] == 10
    assert thin_x[-1] == 21


def test_that_smoothing_is_the_weighted_mean_of_what_went_before() -> None:
    x = np.cumsum(np.random.default_rng(2).uniform(0.01, 0.2, 200))
    y = np.random.default_rng(3).normal(size=200)
    scale = 0.7
    expected = [
        np.average(y[: i + 1], weights=np.exp(-(x[i] - x[: i + 1]) / scale)) for i in range(200)
    ]
    np.testing.assert_allclose(Smoother(scale).extend(x, y), expected, rtol=1e-9, atol=1e-12)


def test_that_smoothing_bit_by_bit_equals_smoothing_at_once() -> None:
    x = np.linspace(0.01, 2000, 30_000)
    y = np.random.default_rng(4).normal(size=x.size)
    whole = Smoother(0.1).extend(x, y)
    smoother = Smoother(0.1)
    parts = [smoother.extend(x[i : i + 777], y[i : i + 777]) for i in range(0, x.size, 777)]
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=1e-9, atol=1e-12)
    assert np.isfinite(whole).all()


def test_that_smoothing_leaves_gaps_and_goes_on_after_them() -> None:
    y = np.array([1.0, np.nan, 1.0, np.nan])
    np.testing.assert_allclose(Smoother(1.0).extend(np.arange(4.0), y), y)


@pytest.mark.parametrize(
    ("position", "planned", "limit"),
    [
        (0, 70, 10),
        (10, 70, 10),
        (10.01, 70, 20),
        (39, 70, 40),
        (41, 70, 70),
        (70, 70, 70),
        (2, 3, 3),
        (3, 10, 10),
        (5, 10_000, 10),
        (5000, 10_000, 10_000),
        (75, 70, 320),
    ],
)
def test_that_the_epoch_axis_grows_in_steps(position: float, planned: int, limit: float) -> None:
    assert epoch_limit(position, planned) == limit


def test_that_the_accuracy_axis_grows_in_steps() -> None:
    limits = [accuracy_limit([np.array([top])]) for top in (0.0, 20.0, 24.9, 40.0, 60.0, 100.0)]
    assert limits == [25, 25, 50, 50, 100, 100]
    assert accuracy_limit([np.array([np.nan])]) == 25


def test_that_the_loss_axis_stands_at_five_unless_losses_are_larger() -> None:
    assert loss_limit([np.array([4.9, np.nan])]) == 5
    assert loss_limit([np.array([7.0])]) == 8
    trace = np.full(1000, 3.0)
    trace[:5] = 5.8
    assert loss_limit([], [trace]) == 5
    trace[:50] = 5.8
    assert loss_limit([], [trace]) == 6


def test_that_a_logarithmic_axis_ends_below_the_smallest_loss() -> None:
    assert loss_floor([np.array([2.0, 0.3])]) == 0.1
    assert loss_floor([np.array([0.0, np.nan])]) == 1.0


@pytest.mark.parametrize(("span", "most", "step"), [(100, 5, 20), (5, 5, 1), (70, 8, 10)])
def test_that_ticks_stand_at_round_numbers(span: float, most: int, step: float) -> None:
    assert nice_step(span, most) == pytest.approx(step)


def test_that_a_label_stays_where_it_covers_nothing() -> None:
    boxes = [(0.0, 0.0, 10.0, 10.0), (20.0, 0.0, 10.0, 10.0)]
    points = np.array([[5.0, 5.0]])
    assert most_free(boxes, points) == 1
    assert most_free(boxes, np.empty((0, 2))) == 0
    assert most_free(boxes, np.empty((0, 2)), current=1) == 1
    assert most_free(boxes, points, current=0) == 1


def test_that_a_run_keeps_its_colour_for_life() -> None:
    colours = RunColours(3)
    assert [colours.place_of(name, "abc") for name in "abc"] == [0, 1, 2]
    assert colours.place_of("b") == 1
    again = RunColours(3, colours.assigned)
    assert again.place_of("c") == 2
    assert again.place_of("d", compared_with=["a", "b"]) == 2
