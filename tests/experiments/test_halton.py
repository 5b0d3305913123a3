"""Points of the quasi-random search, against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import qmc

from cifar_studio.experiments.search.halton import halton_point, shifted_point


@pytest.mark.parametrize("dimensions", [1, 2, 7, 40])
def test_that_the_plain_points_are_those_of_scipy(dimensions: int) -> None:
    expected = qmc.Halton(dimensions, scramble=False).random(300)
    points = [halton_point(dimensions, index) for index in range(300)]
    np.testing.assert_allclose(points, expected, rtol=0, atol=1e-14)


@given(st.integers(0, 2**63), st.integers(0, 10_000), st.integers(1, 12))
def test_that_a_seed_moves_all_points_by_the_same_way(seed: int, index: int, count: int) -> None:
    point = np.array(shifted_point(count, index, seed))
    way = np.array(shifted_point(count, 0, seed))  # the plain sequence begins at 0
    assert np.all((point >= 0) & (point < 1))
    apart = (point - way - np.array(halton_point(count, index)) + 0.5) % 1 - 0.5
    np.testing.assert_allclose(apart, 0, atol=1e-12)


def test_that_two_seeds_give_other_points_and_one_seed_the_same() -> None:
    assert shifted_point(3, 5, 1) == shifted_point(3, 5, 1)
    assert shifted_point(3, 5, 1) != shifted_point(3, 5, 2)


def test_that_shifted_points_fill_the_square_more_evenly_than_independent_ones() -> None:
    for seed in range(5):
        points = [shifted_point(2, index, seed) for index in range(200)]
        independent = np.random.default_rng(seed).random((200, 2))
        assert qmc.discrepancy(points) < 0.5 * qmc.discrepancy(independent)
