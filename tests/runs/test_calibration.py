"""Reliability and calibration error against a plain loop and scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve
from torchmetrics.functional.classification import multiclass_calibration_error

from cifar_studio.runs.analysis.calibration import BINS, calibrate
from support import make_evaluation


def spread(confidence_N: NDArray[np.floating], right_N: NDArray[np.bool_]) -> tuple:
    """Answers "class 0" of these confidences, right or wrong, over two classes."""
    probabilities = np.stack([confidence_N, 1 - confidence_N], axis=1)
    said = np.zeros(len(confidence_N), dtype=np.uint8)
    return np.where(right_N, 0, 1).astype(np.uint8), said, probabilities


def by_hand(confidences: list[float], right: list[bool], bins: int) -> tuple[float, float]:
    """Expected and maximum calibration error, picture by picture."""
    expected, worst = 0.0, 0.0
    for index in range(bins):
        low, high = index / bins, (index + 1) / bins
        inside = [
            place
            for place, value in enumerate(confidences)
            if low < value <= high or (index == 0 and value == 0)
        ]
        if inside:
            accuracy = sum(right[place] for place in inside) / len(inside)
            confidence = math.fsum(confidences[place] for place in inside) / len(inside)
            gap = abs(accuracy - confidence)
            expected += gap * len(inside) / len(confidences)
            worst = max(worst, gap)
    return expected, worst


def test_that_the_errors_are_those_of_a_plain_loop() -> None:
    shown = make_evaluation(3_000)
    sharpened = shown.probabilities.astype(np.float64) ** 3
    probabilities = (sharpened / sharpened.sum(axis=1, keepdims=True)).astype(np.float16)
    result = calibrate(shown.true, shown.predicted, probabilities)
    confidences = [
        float(row[said]) for row, said in zip(probabilities, shown.predicted, strict=True)
    ]
    right = (shown.true == shown.predicted).tolist()
    expected, worst = by_hand(confidences, right, BINS)
    assert result.expected_error == pytest.approx(expected, abs=1e-12)
    assert result.maximum_error == pytest.approx(worst, abs=1e-12)
    assert result.pictures == 3_000
    assert result.mean_confidence == pytest.approx(np.mean(confidences), abs=1e-12)
    assert result.mean_accuracy == pytest.approx(np.mean(right), abs=1e-12)


def test_that_the_errors_are_those_of_torchmetrics() -> None:
    shown = make_evaluation(3_000)
    sharpened = shown.probabilities.astype(np.float64) ** 3
    probabilities = sharpened / sharpened.sum(axis=1, keepdims=True)
    result = calibrate(shown.true, shown.predicted, probabilities)
    given = torch.from_numpy(probabilities), torch.from_numpy(shown.true.astype(np.int64))
    for norm, error in (("l1", result.expected_error), ("max", result.maximum_error)):
        judged = multiclass_calibration_error(*given, num_classes=100, n_bins=BINS, norm=norm)
        assert error == pytest.approx(float(judged), abs=1e-6)


def test_that_the_reliability_curve_is_that_of_scikit_learn() -> None:
    generator = np.random.default_rng(5)
    confidence_N = generator.random(5_000)
    right_N = generator.random(5_000) < confidence_N**2
    result = calibrate(*spread(confidence_N, right_N))
    accuracy, confidence = calibration_curve(right_N, confidence_N, n_bins=BINS)
    np.testing.assert_allclose(result.accuracy, accuracy, rtol=0, atol=1e-12)
    np.testing.assert_allclose(result.confidence, confidence, rtol=0, atol=1e-12)


def test_that_a_confidence_on_an_edge_counts_to_the_bin_below() -> None:
    confidence_N = np.array([0.0, 0.25, 0.5, 0.5000001, 1.0])
    result = calibrate(*spread(confidence_N, np.ones(5, dtype=bool)), bins=4)
    assert result.counts.tolist() == [2, 1, 1, 1]


@pytest.mark.parametrize("bins", [1, 3, 7, 10, 15, 49])
def test_that_each_edge_itself_closes_its_bin(bins: int) -> None:
    edges = np.array([(index + 1) / bins for index in range(bins)])
    result = calibrate(*spread(edges, np.ones(bins, dtype=bool)), bins=bins)
    assert result.counts.tolist() == [1] * bins


def test_that_a_probability_that_float16_rounded_above_one_is_kept() -> None:
    result = calibrate(*spread(np.array([1.001]), np.array([True])))
    assert result.counts[-1] == 1


def test_that_what_is_no_number_is_left_out_and_told() -> None:
    confidence_N = np.array([0.5, np.nan, np.inf], dtype=np.float16)
    result = calibrate(*spread(confidence_N, np.array([True, True, False])))
    assert (result.pictures, result.left_out) == (1, 2)
    assert result.expected_error == 0.5


def test_that_no_picture_gives_no_error() -> None:
    empty = make_evaluation(0)
    result = calibrate(empty.true, empty.predicted, empty.probabilities)
    assert result.expected_error is None
    assert result.maximum_error is None
    assert result.mean_confidence is None
    assert result.mean_accuracy is None
    assert np.isnan(result.accuracy).all()


def test_that_certainty_that_is_always_right_has_no_error() -> None:
    result = calibrate(*spread(np.ones(40, dtype=np.float16), np.ones(40, dtype=bool)))
    assert (result.expected_error, result.maximum_error) == (0.0, 0.0)


@given(
    st.lists(
        st.tuples(st.floats(0, 1, width=16), st.booleans()),
        min_size=1,
        max_size=60,
    ),
    st.integers(1, 30),
)
@settings(max_examples=200, deadline=None)
def test_that_any_answers_are_binned_as_by_hand(
    answers: list[tuple[float, bool]], bins: int
) -> None:
    confidences, right = [list(part) for part in zip(*answers, strict=True)]
    values = np.array(confidences, dtype=np.float16)
    probabilities = np.stack([values, values], axis=1)
    true = np.where(right, 0, 1).astype(np.uint8)
    result = calibrate(true, np.zeros_like(true), probabilities, bins)
    expected, worst = by_hand([float(value) for value in values], right, bins)
    assert result.expected_error == pytest.approx(expected, abs=1e-12)
    assert result.maximum_error == pytest.approx(worst, abs=1e-12)
    assert result.expected_error <= result.maximum_error + 1e-12 <= 1 + 2e-12
    assert np.array_equal(result.right + result.wrong, result.counts)
    assert result.counts.sum() == len(answers)
