"""Subsets are stratified, disjoint and settled by the seed; statistics are NumPy's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import CIFAR100, CLASSES, Dataset, Split
from cifar_studio.data.subset import Subset, channel_statistics, choose_for, normalization

TRAIN, TEST = 8, 3


def _split(per_class: int, seed: int) -> Split:
    labels = np.random.default_rng(seed).permutation(np.arange(per_class * CLASSES) % CLASSES)
    images = np.zeros((len(labels), 3, 32, 32), dtype=np.uint8)
    return Split(images, labels.astype(np.uint8))


DATASET = Dataset(
    name=CIFAR100,
    source="",
    digest="",
    train=_split(TRAIN, 1),
    test=_split(TEST, 2),
    class_names=tuple(str(number) for number in range(CLASSES)),
    superclass_names=(),
    superclass_of=np.zeros(CLASSES, dtype=np.uint8),
)


def chosen(train: int = 4, validation: int = 2, test: int = 2, seed: int = 0) -> Subset:
    config = TrainConfig(
        train_per_class=train, validation_per_class=validation, test_per_class=test, seed=seed
    )
    return choose_for(config, DATASET)


@settings(deadline=None)
@given(
    train=st.integers(1, 5),
    validation=st.integers(0, 3),
    test=st.integers(1, TEST),
    seed=st.integers(0, 2**32),
)
def test_that_every_class_is_there_as_often_as_asked(
    train: int, validation: int, test: int, seed: int
) -> None:
    subset = chosen(train, validation, test, seed)
    for positions, split, count in (
        (subset.train, DATASET.train, train),
        (subset.validation, DATASET.train, validation),
        (subset.test, DATASET.test, test),
    ):
        counts = np.bincount(split.labels_N[positions], minlength=CLASSES)
        assert (counts == count).all()
        assert positions.dtype == np.int64
        assert (np.diff(positions) > 0).all()
    assert not set(subset.train) & set(subset.validation)


def test_that_the_seed_settles_the_choice() -> None:
    first, same, other = chosen(seed=3), chosen(seed=3), chosen(seed=4)
    for name in ("train", "validation", "test"):
        assert np.array_equal(getattr(first, name), getattr(same, name))
        assert not np.array_equal(getattr(first, name), getattr(other, name))


def test_that_validation_stays_when_training_pictures_are_added() -> None:
    few, many = chosen(train=1), chosen(train=6)
    assert np.array_equal(few.validation, many.validation)
    assert np.array_equal(few.test, many.test)
    assert set(few.train) < set(many.train)


def fold_of(folds: int, fold: int, train: int = TRAIN, seed: int = 0) -> Subset:
    config = TrainConfig(folds=folds, fold=fold, train_per_class=train, test_per_class=2, seed=seed)
    subset = choose_for(config, DATASET)
    assert (len(subset.train), len(subset.validation)) == (
        config.train_pictures,
        config.validation_pictures,
    )
    return subset


@settings(deadline=None, max_examples=40)
@given(folds=st.integers(2, 20), train=st.integers(1, TRAIN), seed=st.integers(0, 2**32))
def test_that_each_picture_is_held_out_by_exactly_one_fold(
    folds: int, train: int, seed: int
) -> None:
    whole = chosen(train, 0, 2, seed)
    subsets = [fold_of(folds, fold, train, seed) for fold in range(1, folds + 1)]
    held_out = np.concatenate([subset.validation for subset in subsets])
    assert np.array_equal(np.sort(held_out), whole.train)
    sizes = [len(subset.validation) for subset in subsets]
    assert max(sizes) - min(sizes) <= 1
    for subset in subsets:
        both = np.concatenate([subset.train, subset.validation])
        assert np.array_equal(np.sort(both), whole.train)
        assert np.array_equal(subset.test, whole.test)
        assert (np.diff(subset.train) > 0).all()
        counts = np.bincount(DATASET.train.labels_N[subset.validation], minlength=CLASSES)
        assert set(counts) <= {train // folds, -(-train // folds)}
        assert not subset.complete


@pytest.mark.parametrize(("folds", "train"), [(2, 5), (3, 8), (3, 4), (5, 7), (8, 8)])
def test_that_folds_have_the_sizes_of_scikit_learns(folds: int, train: int) -> None:
    whole = chosen(train, 0, 2, seed=9)
    labels = DATASET.train.labels_N[whole.train]
    judge = StratifiedKFold(folds, shuffle=True, random_state=0).split(labels, labels)
    for fold, (_, theirs) in enumerate(judge, 1):
        mine = fold_of(folds, fold, train, seed=9).validation
        counts = np.bincount(DATASET.train.labels_N[mine], minlength=CLASSES)
        assert np.array_equal(counts, np.bincount(labels[theirs], minlength=CLASSES))


def test_that_three_folds_of_all_pictures_are_as_large_as_can_be() -> None:
    configs = [TrainConfig(folds=3, fold=fold) for fold in (1, 2, 3)]
    assert [config.validation_pictures for config in configs] == [16_667, 16_667, 16_666]
    assert [config.train_pictures for config in configs] == [33_333, 33_333, 33_334]
    assert [config.steps_in_epoch for config in configs] == [261, 261, 261]


def test_that_another_seed_deals_other_folds() -> None:
    first, same, other = fold_of(3, 1, seed=3), fold_of(3, 1, seed=3), fold_of(3, 1, seed=4)
    assert np.array_equal(first.validation, same.validation)
    assert not np.array_equal(first.validation, other.validation)
    positions = fold_of(3, 1).validation
    assert len(set(np.diff(positions))) > 3, "shuffled, and not every third picture"


def test_that_statistics_are_of_the_pictures_that_are_trained_on() -> None:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, DATASET.train.images_NCHW.shape, dtype=np.uint8)
    dataset = replace(DATASET, train=replace(DATASET.train, images_NCHW=images))
    config = TrainConfig(folds=2, fold=2, train_per_class=TRAIN)
    subset = choose_for(config, dataset)
    means, _ = normalization(config, dataset, subset)
    seen = images[subset.train].astype(np.float64) / 255
    assert np.allclose(means, seen.mean(axis=(0, 2, 3)), rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    ("train", "validation", "test", "complete"),
    [
        (TRAIN, 0, TEST, True),
        (TRAIN - 1, 1, TEST, False),
        (TRAIN, 0, 1, False),
        (1, 0, TEST, False),
    ],
)
def test_that_complete_means_every_picture(
    train: int, validation: int, test: int, complete: bool
) -> None:
    assert chosen(train, validation, test).complete is complete


@pytest.mark.parametrize("count", [1, 7, 5001])
def test_that_statistics_equal_numpys_in_double_precision(count: int) -> None:
    generator = np.random.default_rng(count)
    images = generator.integers(0, 256, (count, 3, 4, 4), dtype=np.uint8)
    images[:, 1] //= 3
    images[:, 2] = 200
    means, deviations = channel_statistics(images)
    scaled = images.astype(np.float64) / 255
    assert np.allclose(means, scaled.mean(axis=(0, 2, 3)), rtol=1e-12, atol=0)
    assert np.allclose(deviations, scaled.std(axis=(0, 2, 3)), rtol=1e-10, atol=1e-12)
