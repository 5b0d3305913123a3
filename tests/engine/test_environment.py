"""What `environment.json` says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Dataset
from cifar_studio.data.subset import choose_for
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.run_folder import RunFolder

MakeRun = Callable[..., tuple[RunFolder, Environment]]


def test_that_the_environment_is_read_back_as_it_was_written(make_run: MakeRun) -> None:
    folder, environment = make_run(TrainConfig())
    assert folder.read_environment() == environment
    assert environment.torch == torch.__version__
    assert environment.command == ["test"]


def test_that_the_statistics_are_those_of_the_training_pictures_used(
    dataset: Dataset, make_run: MakeRun
) -> None:
    config = TrainConfig(train_per_class=2, validation_per_class=1, test_per_class=1, seed=9)
    _, environment = make_run(config)
    pictures = dataset.train.images_NCHW[choose_for(config, dataset).train] / 255
    assert environment.data.mean == pytest.approx(pictures.mean(axis=(0, 2, 3)).tolist())
    assert environment.data.std == pytest.approx(pictures.std(axis=(0, 2, 3)).tolist())
    counts = (
        environment.data.train_pictures,
        environment.data.validation_pictures,
        environment.data.test_pictures,
    )
    assert counts == (200, 100, 100)
    assert not environment.data.complete


def test_that_half_normalisation_is_one_half(make_run: MakeRun) -> None:
    _, environment = make_run(TrainConfig(normalization="half"))
    assert np.all(np.array([environment.data.mean, environment.data.std]) == 0.5)
    assert environment.data.complete
