"""Trains by the engine and by a script in this process, and a small set for both."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Dataset, Split
from cifar_studio.engine.machine.describe_machine import describe
from cifar_studio.engine.machine.device import resolve
from cifar_studio.engine.training.trainer import train
from cifar_studio.runs.folder.library import Run, load
from cifar_studio.runs.folder.run_folder import RunFolder
from export.scripts import loaded

# All pictures in one batch, none changed and nothing dropped: no random number decides anything
# after the starting weights, so the figures are the studio's up to rounding.
ONE_BATCH = TrainConfig(
    epochs=2,
    batch_size=100,
    learning_rate=0.003,
    weight_decay=1.0,
    nesterov=True,
    random_crop=False,
    horizontal_flip=False,
    train_per_class=1,
    test_per_class=1,
    validation_per_class=1,
    seed=2,
    device="cpu",
)
TOLERANCE = 2e-4


def make_split(per_class: int, seed: int) -> Split:
    """Noise around a colour of each class, so that there is something to learn."""
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.repeat(np.arange(100, dtype=np.uint8), per_class))
    colours = np.random.default_rng(0).integers(60, 190, size=(100, 3, 1, 1))
    noise = generator.integers(-60, 60, size=(len(labels), 3, 32, 32))
    return Split(images_NCHW=(colours[labels] + noise).astype(np.uint8), labels_N=labels)


def studio_run(config: TrainConfig, dataset: Dataset, path: Path) -> Run:
    """Train in this process, by the engine itself."""
    folder = RunFolder(path)
    folder.path.mkdir(parents=True)
    environment = describe(config, dataset, resolve(config), [])
    folder.write_config(config)
    folder.write_environment(environment)
    for _ in train(config, dataset, folder, environment):
        pass
    return load(path)


def trained_here(
    text: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> list[dict[str, float]]:
    """Run a script in this process; its figures by epoch."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["train.py", "--data", str(folder), "--workers", "0"])
    module = loaded(text, folder)
    strict = torch.are_deterministic_algorithms_enabled()
    try:
        module.main()
    finally:
        torch.use_deterministic_algorithms(strict)
    table = csv.DictReader((folder / "epochs.csv").read_text().splitlines())
    weights = torch.load(folder / "weights.pt", weights_only=True)
    module.build().load_state_dict(weights, strict=True)
    return [{name: float(value) for name, value in row.items()} for row in table]
