"""A tiny data set with all 100 classes, and what a training needs around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Dataset, Split
from cifar_studio.engine.machine.describe_machine import describe
from cifar_studio.engine.machine.device import resolve
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.run_folder import RunFolder

CLASSES = 100


def make_split(per_class: int, seed: int) -> Split:
    """Random pictures in class order; equal ones for equal seeds."""
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, size=(CLASSES * per_class, 3, 32, 32), dtype=np.uint8)
    labels = np.repeat(np.arange(CLASSES, dtype=np.uint8), per_class)
    return Split(images_NCHW=images, labels_N=labels)


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """Four training and two test pictures a class."""
    return Dataset(
        name="demo",
        source="built in",
        digest="0" * 64,
        train=make_split(4, seed=1),
        test=make_split(2, seed=2),
        class_names=tuple(f"class {number}" for number in range(CLASSES)),
        superclass_names=tuple(f"superclass {number}" for number in range(20)),
        superclass_of=np.repeat(np.arange(20, dtype=np.uint8), 5),
    )


@pytest.fixture
def make_run(dataset: Dataset, tmp_path: Path) -> Callable[..., tuple[RunFolder, Environment]]:
    """A function that makes a run folder of that name, and its environment, for a config."""

    def make(config: TrainConfig, name: str = "run") -> tuple[RunFolder, Environment]:
        folder = RunFolder(tmp_path / name)
        folder.path.mkdir()
        environment = describe(config, dataset, resolve(config), ["test"])
        folder.write_config(config)
        folder.write_environment(environment)
        return folder, environment

    return make


@pytest.fixture(autouse=True)
def _one_thread_and_own_random_state() -> Iterator[None]:
    """Seeding in one test must not decide another.

    Batches this small gain nothing from a second thread, and lose much where the machine is busy.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        yield
    torch.set_num_threads(threads)
