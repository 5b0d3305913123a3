"""Subsets are stratified, disjoint and settled by the seed; statistics are NumPy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import CIFAR100, CLASSES, Dataset, Split
from cifar_studio.data.subset import Subset, channel_statistics, choose_for

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
