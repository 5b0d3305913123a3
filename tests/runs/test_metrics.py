"""Figures of a confusion matrix; scikit-learn is the judge."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    precision_recall_fscore_support,
    top_k_accuracy_score,
)

from cifar_studio.runs.analysis import metrics
from cifar_studio.runs.folder import evaluation
from support import make_evaluation

CLASSES = np.arange(100)
SUPERCLASS_OF = np.random.default_rng(3).permutation(np.repeat(np.arange(20), 5)).astype(np.uint8)
MATRICES = arrays.arrays(np.int64, (10, 10), elements=st.integers(0, 500))
SUPERCLASS_OF_TEN = np.array([0, 1, 2, 3, 4, 4, 3, 2, 1, 0], dtype=np.uint8)


def answers(case: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    generator = np.random.default_rng(1)
    true = generator.integers(0, 100, 700).astype(np.uint8)
    random = generator.integers(0, 100, 700).astype(np.uint8)
    some_right = np.where(generator.random(700) < 0.4, true, random)
    return {
        "random": (true, some_right),
        "never said": (true, np.where(some_right == 7, 8, some_right).astype(np.uint8)),
        "never shown": (np.where(true == 7, 8, true).astype(np.uint8), some_right),
        "one class": (np.full(50, 4, np.uint8), np.full(50, 4, np.uint8)),
        "one answer": (true, np.full(700, 4, np.uint8)),
        "perfect": (true, true),
        "all wrong": (true, ((true + 1) % 100).astype(np.uint8)),
    }[case]


CASES = ("random", "never said", "never shown", "one class", "one answer", "perfect", "all wrong")


@pytest.mark.parametrize("case", CASES)
def test_that_the_scores_of_classes_are_those_of_scikit_learn(case: str) -> None:
    true, said = answers(case)
    matrix = evaluation.confusion_matrix(true, said)
    assert np.array_equal(matrix, confusion_matrix(true, said, labels=CLASSES))
    scores = metrics.class_scores(matrix)
    precision, recall, f1, support = precision_recall_fscore_support(
        true, said, labels=CLASSES, zero_division=np.nan
    )
    np.testing.assert_allclose(scores.precision, precision, rtol=0, atol=1e-15)
    np.testing.assert_allclose(scores.recall, recall, rtol=0, atol=1e-15)
    np.testing.assert_allclose(scores.f1, f1, rtol=0, atol=1e-15)
    assert np.array_equal(scores.support, support)
    assert np.array_equal(scores.said, np.bincount(said, minlength=100))


@pytest.mark.parametrize("case", CASES)
def test_that_superclasses_are_counted_as_if_they_were_the_classes(case: str) -> None:
    true, said = answers(case)
    matrix = evaluation.confusion_matrix(true, said)
    of_true, of_said = SUPERCLASS_OF[true], SUPERCLASS_OF[said]
    expected = confusion_matrix(of_true, of_said, labels=np.arange(20))
    assert np.array_equal(metrics.to_superclasses(matrix, SUPERCLASS_OF), expected)
    assert metrics.accuracy(matrix) == accuracy_score(true, said)
    superclass_accuracy = metrics.superclass_accuracy(matrix, SUPERCLASS_OF)
    assert superclass_accuracy == accuracy_score(of_true, of_said)
    wrong = true != said
    expected_share = float(np.mean((of_true == of_said)[wrong])) if wrong.any() else None
    assert metrics.share_inside_superclass(matrix, SUPERCLASS_OF) == pytest.approx(expected_share)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_that_top_k_is_that_of_scikit_learn(k: int) -> None:
    shown = make_evaluation(2_000)
    probabilities = shown.probabilities.astype(np.float64)
    expected = top_k_accuracy_score(shown.true, probabilities, k=k, labels=CLASSES)
    assert metrics.top_k(shown.true, shown.top5, k) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("k", [0, 6])
def test_that_top_k_knows_five_answers_only(k: int) -> None:
    shown = make_evaluation(10)
    with pytest.raises(ValueError, match=f"k is 1 to 5, not {k}"):
        metrics.top_k(shown.true, shown.top5, k)


def test_that_nothing_evaluated_gives_no_figure() -> None:
    shown = make_evaluation(0)
    scores = metrics.class_scores(shown.confusion)
    assert np.isnan([scores.precision, scores.recall, scores.f1]).all()
    assert not scores.support.any()
    assert metrics.accuracy(shown.confusion) is None
    assert metrics.superclass_accuracy(shown.confusion, SUPERCLASS_OF) is None
    assert metrics.share_inside_superclass(shown.confusion, SUPERCLASS_OF) is None
    assert metrics.top_k(shown.true, shown.top5, 1) is None
    assert metrics.most_confused(shown.confusion, 5) == []


def test_that_the_most_frequent_mistakes_come_first_and_ties_by_class_number() -> None:
    matrix = np.array([[90, 3, 0], [3, 50, 7], [3, 0, 0]], dtype=np.int64)
    before = matrix.copy()
    assert metrics.most_confused(matrix, 10) == [(1, 2, 7), (0, 1, 3), (1, 0, 3), (2, 0, 3)]
    assert metrics.most_confused(matrix, 2) == [(1, 2, 7), (0, 1, 3)]
    assert metrics.most_confused(matrix, 0) == []
    assert np.array_equal(matrix, before)


def test_that_a_cells_pictures_are_as_many_as_it_counts() -> None:
    shown = make_evaluation(2_000)
    true, said = (3, 4, 5), (60, 61)
    pictures = metrics.pictures_of_cell(shown, true, said)
    assert len(pictures) == shown.confusion[np.ix_(true, said)].sum() > 0
    assert np.isin(shown.true[pictures], true).all()
    assert np.isin(shown.predicted[pictures], said).all()


@given(MATRICES)
@settings(deadline=None)
def test_that_figures_of_any_matrix_hang_together(matrix: NDArray[np.int64]) -> None:
    scores = metrics.class_scores(matrix)
    for share in (scores.precision, scores.recall, scores.f1):
        defined = share[~np.isnan(share)]
        assert ((defined >= 0) & (defined <= 1)).all()
    mirrored = metrics.class_scores(matrix.T)
    np.testing.assert_array_equal(scores.precision, mirrored.recall)
    np.testing.assert_array_equal(scores.f1, mirrored.f1)
    coarse = metrics.to_superclasses(matrix, SUPERCLASS_OF_TEN)
    assert coarse.sum() == matrix.sum()
    all_mistakes = metrics.most_confused(matrix, 100)
    counts = [count for _, _, count in all_mistakes]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == matrix.sum() - np.trace(matrix)
    share = metrics.share_inside_superclass(matrix, SUPERCLASS_OF_TEN)
    if share is not None:
        assert 0 <= share <= 1
        fine, of_superclass = metrics.accuracy(matrix), metrics.accuracy(coarse)
        assert fine is not None
        assert of_superclass == pytest.approx(fine + share * (1 - fine))
