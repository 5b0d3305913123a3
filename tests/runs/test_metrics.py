"""Figures of classes, judged by scikit-learn, also where classes are missing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as judge

from cifar_studio.runs.evaluation import confusion_matrix
from cifar_studio.runs.metrics import (
    accuracy,
    class_scores,
    most_confused,
    share_inside_superclass,
    to_superclasses,
)

LABELS = np.arange(100)
SUPERCLASS_OF = (np.arange(100) * 7 % 20).astype(np.uint8)
random = np.random.default_rng(0)


def answers(kind: str) -> tuple[np.ndarray, np.ndarray]:
    true = random.integers(0, 100, 3000).astype(np.uint8)
    if kind == "random":
        return true, random.integers(0, 100, 3000).astype(np.uint8)
    if kind == "perfect":
        return true, true.copy()
    if kind == "class never answered":
        said = np.where(random.random(3000) < 0.5, true, 3)
        return true, np.where(said == 7, 8, said).astype(np.uint8)
    if kind == "one answer":
        return true, np.full(3000, 42, np.uint8)
    if kind == "one class shown":
        return np.full(50, 9, np.uint8), random.integers(0, 100, 50).astype(np.uint8)
    return np.empty(0, np.uint8), np.empty(0, np.uint8)


KINDS = ("random", "perfect", "class never answered", "one answer", "one class shown")


@pytest.mark.parametrize("kind", KINDS)
def test_that_scores_are_scikit_learns(kind: str) -> None:
    true, said = answers(kind)
    matrix = confusion_matrix(true, said)
    np.testing.assert_array_equal(matrix, judge.confusion_matrix(true, said, labels=LABELS))
    scores = class_scores(matrix)
    precision, recall, f1, support = judge.precision_recall_fscore_support(
        true, said, labels=LABELS, zero_division=np.nan
    )
    np.testing.assert_allclose(scores.precision_K, precision, rtol=1e-12)
    np.testing.assert_allclose(scores.recall_K, recall, rtol=1e-12)
    np.testing.assert_allclose(scores.f1_K, f1, rtol=1e-12)
    np.testing.assert_array_equal(scores.support_K, support)
    assert accuracy(matrix) == pytest.approx(judge.accuracy_score(true, said), rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_that_superclasses_are_scikit_learns(kind: str) -> None:
    true, said = answers(kind)
    matrix = confusion_matrix(true, said)
    shown, answered = SUPERCLASS_OF[true], SUPERCLASS_OF[said]
    superclasses = to_superclasses(matrix, SUPERCLASS_OF)
    np.testing.assert_array_equal(
        superclasses, judge.confusion_matrix(shown, answered, labels=np.arange(20))
    )
    wrong = true != said
    share = share_inside_superclass(matrix, SUPERCLASS_OF)
    if wrong.any():
        wanted = judge.accuracy_score(shown[wrong], answered[wrong])
        assert share == pytest.approx(wanted, rel=1e-12)
    else:
        assert np.isnan(share)


def test_that_nothing_has_no_figures() -> None:
    matrix = confusion_matrix(*answers("nothing"))
    scores = class_scores(matrix)
    for figures in (scores.precision_K, scores.recall_K, scores.f1_K):
        assert np.isnan(figures).all()
    assert np.isnan(accuracy(matrix))
    assert np.isnan(share_inside_superclass(matrix, SUPERCLASS_OF))
    assert most_confused(matrix, 10) == []


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=60))
def test_that_the_most_confused_are_the_largest_cells(pairs: list[tuple[int, int]]) -> None:
    true, said = (
        (np.array(column, np.uint8) for column in zip(*pairs, strict=True))
        if pairs
        else (
            np.empty(0, np.uint8),
            np.empty(0, np.uint8),
        )
    )
    counts: dict[tuple[int, int], int] = {}
    for pair in pairs:
        if pair[0] != pair[1]:
            counts[pair] = counts.get(pair, 0) + 1
    wanted = sorted(counts, key=lambda pair: (-counts[pair], pair))[:5]
    found = most_confused(confusion_matrix(true, said), 5)
    assert [(one.true, one.answer) for one in found] == wanted
    assert [one.count for one in found] == [counts[pair] for pair in wanted]
    shown = [label for label, _ in pairs]
    assert [one.support for one in found] == [shown.count(one.true) for one in found]
