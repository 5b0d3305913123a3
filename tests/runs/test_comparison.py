"""Two evaluations of the same pictures."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cifar_studio.errors import BadInputError
from cifar_studio.runs.analysis.comparison import compare
from cifar_studio.runs.folder.evaluation import Evaluation, confusion_matrix
from support import make_evaluation


def answering(shown: Evaluation, seed: int, right: float = 0.5) -> Evaluation:
    """The same pictures with other answers, a share of them right."""
    generator = np.random.default_rng(seed)
    said = generator.integers(0, 100, len(shown.true)).astype(np.uint8)
    said = np.where(generator.random(len(said)) < right, shown.true, said)
    confusion = confusion_matrix(shown.true, said)
    return dataclasses.replace(shown, predicted=said, confusion=confusion)


def part_of(shown: Evaluation, rows: np.ndarray) -> Evaluation:
    """These rows alone, in this order."""
    names = ("true", "predicted", "top5", "probabilities", "indices")
    parts = {name: getattr(shown, name)[rows] for name in names}
    confusion = confusion_matrix(parts["true"], parts["predicted"])
    return dataclasses.replace(shown, **parts, confusion=confusion)


def test_that_every_picture_is_in_one_of_four_parts() -> None:
    shown = make_evaluation(500)
    a, b = answering(shown, 1, 0.6), answering(shown, 2, 0.3)
    result = compare(a, b)
    for index, true, by_a, by_b in zip(
        shown.indices, shown.true, a.predicted, b.predicted, strict=True
    ):
        assert (index in result.a_only) == (by_a == true != by_b)
        assert (index in result.b_only) == (by_b == true != by_a)
        assert (index in result.both_right) == (by_a == true == by_b)
        assert (index in result.both_wrong) == (by_a != true != by_b)
    assert result.pictures == 500
    assert np.array_equal(result.a - result.b, a.confusion - b.confusion)
    assert not (result.a - result.b).sum(axis=1).any()


@given(st.integers(0, 2**32 - 1), st.integers(0, 300), st.integers(0, 300))
@settings(deadline=None)
def test_that_only_shared_pictures_count_in_whatever_order(seed: int, n_a: int, n_b: int) -> None:
    generator = np.random.default_rng(seed)
    shown = make_evaluation(300)
    rows_a, rows_b = generator.permutation(300)[:n_a], generator.permutation(300)[:n_b]
    a, b = part_of(answering(shown, 1), rows_a), part_of(answering(shown, 2), rows_b)
    result, mirrored = compare(a, b), compare(b, a)
    shared = sorted(set(rows_a.tolist()) & set(rows_b.tolist()))
    parts = (result.a_only, result.b_only, result.both_right, result.both_wrong)
    assert sorted(np.concatenate(parts).tolist()) == shared
    assert all((np.diff(part) > 0).all() for part in parts)
    assert np.array_equal(result.a_only, mirrored.b_only)
    assert np.array_equal(result.both_wrong, mirrored.both_wrong)
    assert np.array_equal(result.a - result.b, mirrored.b - mirrored.a)
    assert result.a.sum() == result.b.sum() == len(shared)
    assert len(result.a_only) + len(result.both_right) == np.trace(result.a)


def test_that_a_run_does_not_differ_from_itself() -> None:
    shown = answering(make_evaluation(300), 1)
    result = compare(shown, shown)
    assert not len(result.a_only)
    assert not len(result.b_only)
    assert not (result.a - result.b).any()


def test_that_other_data_are_refused() -> None:
    shown = make_evaluation(50)
    other = dataclasses.replace(shown, true=((shown.true + 1) % 100).astype(np.uint8))
    with pytest.raises(BadInputError, match="The two runs were tested on different data"):
        compare(shown, other)
