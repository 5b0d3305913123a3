"""Which pictures a run uses: stratified choices by seed, and the statistics of what was chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import CLASSES, Dataset


@dataclass(frozen=True)
class Subset:
    """Positions in the complete splits, ascending.

    Attributes
    ----------
    train, validation : (N,) int64
        In the training split; they share no position. Where there are folds, the one that is held
        out is the validation.
    test : (N,) int64
        In the test split.
    complete : bool
        Whether every training and test picture is used, for training and test.
    """

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]
    complete: bool


def choose_for(config: TrainConfig, dataset: Dataset) -> Subset:
    """As many pictures of each class as a config asks for, chosen by its seed.

    Validation pictures come first out of the shuffled training pictures of a class, so that the
    validation split stays the same when `train_per_class` changes.

    Folds are dealt out of what is trained on without them: class by class, in the order in which
    the classes first occur, each picture goes to the next fold. So their sizes, and the number of
    pictures of each class in them, are those of scikit-learn's StratifiedKFold. Which fold is held
    out changes nothing of how they are dealt.
    """
    train_count, validation_count = config.train_per_class, config.validation_per_class
    generator = np.random.default_rng(config.seed)
    train, validation, test = [], [], []
    for label in range(CLASSES):
        mine = generator.permutation(np.flatnonzero(dataset.train.labels_N == label))
        validation.append(mine[:validation_count])
        train.append(mine[validation_count : validation_count + train_count])
        of_test = generator.permutation(np.flatnonzero(dataset.test.labels_N == label))
        test.append(of_test[: config.test_per_class])
    if config.folds:
        dealt = np.concatenate(sorted(train, key=_first))
        held_out = slice(config.fold - 1, None, config.folds)
        train, validation = [np.delete(dealt, held_out)], [dealt[held_out]]
    return Subset(
        train=_ascending(train),
        validation=_ascending(validation),
        test=_ascending(test),
        complete=not config.folds
        and train_count * CLASSES >= len(dataset.train)
        and config.test_per_class * CLASSES >= len(dataset.test),
    )


def _first(positions: NDArray[np.int64]) -> int:
    """The lowest position; a class without pictures comes last."""
    return int(positions.min(initial=np.iinfo(np.int64).max))


def _ascending(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.sort(np.concatenate(parts)).astype(np.int64)


def channel_statistics(
    images_NCHW: NDArray[np.uint8],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of each channel over all pixels, in [0, 1], as two (3,) arrays.

    Exact: counted by value in integers, so the result does not depend on the order of summation.
    """
    means, deviations = np.empty(3), np.empty(3)
    values = np.arange(256) / 255
    for channel in range(3):
        counts = np.zeros(256, dtype=np.int64)
        for start in range(0, len(images_NCHW), 5000):
            block = np.ascontiguousarray(images_NCHW[start : start + 5000, channel])
            counts += np.bincount(block.ravel(), minlength=256)
        weights = counts / counts.sum()
        means[channel] = weights @ values
        deviations[channel] = np.sqrt(weights @ (values - means[channel]) ** 2)
    return means, deviations


def normalization(
    config: TrainConfig, dataset: Dataset, subset: Subset
) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of each channel by which a run normalises, in [0, 1]."""
    if config.normalization == "half":
        return [0.5] * 3, [0.5] * 3
    means, deviations = channel_statistics(dataset.train.images_NCHW[subset.train])
    return means.tolist(), deviations.tolist()
