"""The versions that a person is shown are those that a training shows to its network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.subset import choose_for
from cifar_studio.engine.answers.augmented_versions import augmented
from cifar_studio.engine.training.batches import cut_batch, place, plan_epoch

pytestmark = pytest.mark.usefixtures("shared_cache")
CONFIG = TrainConfig(train_per_class=3, test_per_class=1, batch_size=50, seed=4)


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
