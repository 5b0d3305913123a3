"""What the tests of exports share."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.datasets import CIFAR100

from cifar_studio.data.dataset import Dataset
from export.trained_scripts import make_split


@pytest.fixture
def random_state() -> Iterator[None]:
    """Whatever is seeded here decides no other test; one thread, for batches this small."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        yield
    torch.set_num_threads(threads)


@pytest.fixture
def small_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """Four training and two test pictures a class, also as files that torchvision reads."""
    dataset = Dataset(
        name="CIFAR-100",
        source="made up",
        digest="0" * 64,
        train=make_split(4, seed=1),
        test=make_split(2, seed=2),
        class_names=tuple(f"class {number}" for number in range(100)),
        superclass_names=tuple(f"superclass {number}" for number in range(20)),
        superclass_of=np.repeat(np.arange(20, dtype=np.uint8), 5),
    )
    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    for name, split in (("train", dataset.train), ("test", dataset.test)):
        rows = split.images_NCHW.reshape(len(split.images_NCHW), -1)
        contents = {"data": rows, "fine_labels": split.labels_N.tolist()}
        (folder / name).write_bytes(pickle.dumps(contents))
    names = {"fine_label_names": list(dataset.class_names)}
    (folder / "meta").write_bytes(pickle.dumps(names))
    # Their checksums are not those of the published files: None is torchvision's "any".
    monkeypatch.setattr(CIFAR100, "train_list", [["train", None]])
    monkeypatch.setattr(CIFAR100, "test_list", [["test", None]])
    monkeypatch.setattr(CIFAR100, "meta", {**CIFAR100.meta, "md5": None})
    return dataset
