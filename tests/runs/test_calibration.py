"""Calibration against the paper's definition in a plain loop, and scikit-learn's reliability."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from cifar_studio.runs.calibration import calibrate, calibration_of
from support import make_evaluation


def by_definition(confidences: list[float], right: list[bool], bins: int) -> float:
    """The sum over bins of |B| / n * |acc(B) - conf(B)|, B = ((m - 1) / M, m / M]."""
    error = 0.0
    for m in range(1, bins + 1):
        inside = [
            (c, r)
            for c, r in zip(confidences, right, strict=True)
            if (m - 1) / bins < c <= m / bins or (m == 1 and c == 0)
        ]
        if inside:
            accuracy = math.fsum(r for _, r in inside) / len(inside)
            confidence = math.fsum(c for c, _ in inside) / len(inside)
            error += len(inside) / len(right) * abs(accuracy - confidence)
    return error


# Not on an edge: there the last bit of a product decides.
sure = st.floats(0, 1).filter(lambda c: abs(c * 15 - round(c * 15)) > 1e-9)


@given(st.lists(st.tuples(sure, st.booleans()), min_size=1, max_size=200))
def test_that_the_expected_error_is_the_papers(answers: list[tuple[float, bool]]) -> None:
    confidences, right = zip(*answers, strict=True)
    made = calibrate(np.array(confidences), np.array(right))
    assert made.expected_error == pytest.approx(
        by_definition(list(confidences), list(right), 15), abs=1e-12
    )
    assert made.expected_error <= made.largest_error + 1e-12 <= 1 + 1e-12
    assert (made.right_M + made.wrong_M).sum() == len(answers)
    assert made.right_M.sum() == sum(right)


def test_that_bins_are_scikit_learns() -> None:
    random = np.random.default_rng(2)
    confidence = random.random(5000)
    right = random.random(5000) < confidence**2
    made = calibrate(confidence, right)
    share, mean = calibration_curve(right, confidence, n_bins=15)
    np.testing.assert_allclose(made.accuracy_M, share, rtol=1e-12)
    np.testing.assert_allclose(made.confidence_M, mean, rtol=1e-12)


def test_that_an_edge_belongs_to_the_lower_bin_and_an_empty_bin_has_no_figures() -> None:
    made = calibrate(np.array([0.0, 0.25, 0.5, 1.0]), np.array([False, True, False, True]), 4)
    np.testing.assert_array_equal(made.right_M, [1, 0, 0, 1])
    np.testing.assert_array_equal(made.wrong_M, [1, 1, 0, 0])
    np.testing.assert_array_equal(np.isnan(made.accuracy_M), [False, False, True, False])


def test_that_no_answers_have_no_error() -> None:
    made = calibrate(np.empty(0), np.empty(0, bool))
    assert math.isnan(made.expected_error)
    assert math.isnan(made.largest_error)


def test_that_an_evaluation_is_judged_by_the_class_it_answers() -> None:
    evaluation = make_evaluation(500)
    made = calibration_of(evaluation)
    confidence = [
        float(row[answer])
        for row, answer in zip(evaluation.probabilities, evaluation.predicted, strict=True)
    ]
    right = (evaluation.predicted == evaluation.true).tolist()
    assert made.expected_error == pytest.approx(by_definition(confidence, right, 15), abs=1e-9)
