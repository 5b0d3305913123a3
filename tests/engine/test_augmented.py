"""The versions that a person is shown are those that a training shows to its network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.subset import choose_for
from cifar_studio.engine.answers.augmented_versions import augmented
from cifar_studio.engine.training.batches import (
    Normalize,
    cut_batch,
    make_batch,
    place,
    plan_epoch,
)

pytestmark = pytest.mark.usefixtures("shared_cache")
CONFIG = TrainConfig(train_per_class=3, test_per_class=1, batch_size=50, seed=4)
EVERYTHING = replace(
    CONFIG,
    batch_size=80,
    auto_augment="trivialaugment",
    cutout=0.5,
    random_erasing=0.5,
    mixing="mixup or cutmix",
    mixing_probability=0.8,
    mixup_alpha=1.0,
)


def test_that_they_are_cut_out_of_the_very_batches_of_the_run() -> None:
    dataset = load_dataset("demo")
    subset = choose_for(CONFIG, dataset)
    cpu = torch.device("cpu")
    pictures = place(dataset.train, subset.train, cpu)
    for row in (0, 117, 299):
        made = augmented(CONFIG, dataset.train, int(subset.train[row]), subset.train)
        assert made.is_trained_on
        assert made.images_VHWC.shape == (8, 32, 32, 3)
        for epoch, version in enumerate(made.images_VHWC, 1):
            plan = plan_epoch(CONFIG, 300, epoch=epoch, device=cpu)
            batches = [
                cut_batch(pictures, plan, torch.arange(at, at + 50))[0] for at in range(0, 300, 50)
            ]
            shown = torch.cat(batches)[int((plan.order_N == row).nonzero())]
            np.testing.assert_array_equal(version, shown.permute(1, 2, 0))
        assert len(np.unique(made.images_VHWC, axis=0)) > 1


def test_that_they_are_those_of_the_run_with_all_of_its_augmentation() -> None:
    dataset = load_dataset("demo")
    subset = choose_for(EVERYTHING, dataset)
    cpu = torch.device("cpu")
    pictures = place(dataset.train, subset.train, cpu)
    mean, std = torch.tensor([0.4, 0.5, 0.6]), torch.tensor([0.2, 0.3, 0.25])
    normalize = Normalize(mean.tolist(), std.tolist(), cpu)
    kinds = set()
    for row in (0, 117, 299):
        made = augmented(
            EVERYTHING,
            dataset.train,
            int(subset.train[row]),
            subset.train,
            mean=mean.tolist(),
        )
        for epoch, (version, mixed) in enumerate(
            zip(made.images_VHWC, made.mixed_V, strict=True), 1
        ):
            plan = plan_epoch(EVERYTHING, 300, epoch=epoch, device=cpu)
            number, inside = divmod(int((plan.order_N == row).nonzero()), 80)
            shown = torch.arange(80 * number, min(80 * number + 80, 300))
            batch = make_batch(pictures, plan, normalize, torch.tensor([number]), shown)
            image = batch.images_BCHW[inside].permute(1, 2, 0) * std + mean
            assert np.abs(version - 255 * image.numpy()).max() < 0.51
            assert batch.targets_BK is not None
            targets = torch.zeros(100)
            label = int(dataset.train.labels_N[subset.train[row]])
            if mixed is None:
                targets[label] = 1
            else:
                assert mixed.label == label
                targets[label] += mixed.share
                targets[mixed.partner] += 1 - mixed.share
            assert torch.allclose(batch.targets_BK[inside], targets, atol=1e-6)
            kinds.add(mixed is None)
    assert kinds == {True, False}


def test_that_what_is_blanked_out_has_the_mean_colour() -> None:
    dataset = load_dataset("demo")
    config = TrainConfig(random_crop=False, cutout=1.0, cutout_size=32)
    made = augmented(config, dataset.test, 5, np.empty(0, np.int64), mean=(0.1, 0.5, 0.8))
    colours = made.images_VHWC.reshape(-1, 3)
    is_blanked = (colours == [26, 128, 204]).all(axis=1)
    assert is_blanked.mean() > 0.3


def test_that_pictures_of_no_training_are_mixed_with_others_too() -> None:
    dataset = load_dataset("demo")
    subset = choose_for(EVERYTHING, dataset)
    unused = int(np.setdiff1d(np.arange(len(dataset.train)), subset.train)[0])
    for split, position, used in (
        (dataset.train, unused, subset.train),
        (dataset.test, 9_999, np.empty(0, np.int64)),
    ):
        made = augmented(EVERYTHING, split, position, used)
        assert not made.is_trained_on
        own = {mixed.label for mixed in made.mixed_V if mixed is not None}
        assert own == {int(split.labels_N[position])}


def test_that_a_picture_of_no_training_is_shown_as_it_would_be() -> None:
    dataset = load_dataset("demo")
    subset = choose_for(CONFIG, dataset)
    unused = int(np.setdiff1d(np.arange(len(dataset.train)), subset.train)[0])
    for split, position, used in (
        (dataset.train, unused, subset.train),
        (dataset.test, 9_999, np.empty(0, np.int64)),
    ):
        made = augmented(CONFIG, split, position, used)
        assert not made.is_trained_on
        assert len(np.unique(made.images_VHWC, axis=0)) > 1


def test_that_without_augmentation_all_are_the_picture_itself() -> None:
    dataset = load_dataset("demo")
    config = TrainConfig(random_crop=False, horizontal_flip=False)
    made = augmented(config, dataset.test, 5, np.empty(0, np.int64))
    for version in made.images_VHWC:
        np.testing.assert_array_equal(version, dataset.test.images_NCHW[5].transpose(1, 2, 0))
