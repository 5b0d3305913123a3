"""A run's script trains what the run trained."""

from __future__ import annotations

import csv
import os
import pickle
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from torchvision.datasets import CIFAR100

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.dataset import Dataset, Split
from cifar_studio.engine.machine.describe_machine import describe
from cifar_studio.engine.machine.device import resolve
from cifar_studio.engine.training.trainer import train
from cifar_studio.export.networks.script import script_of
from cifar_studio.runs.folder.library import Run, load
from cifar_studio.runs.folder.run_folder import RunFolder
from export.scripts import NAME, loaded, run_of

pytestmark = pytest.mark.long


PATIENCE_S = 110


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


@pytest.mark.usefixtures("random_state")
@pytest.mark.parametrize(
    ("changes", "tolerance", "pictures"),
    [
        # One picture of a hundred may stand between two classes.
        ({}, TOLERANCE, 1),
        ({"normalization": "half", "deterministic": True, "epochs": 1}, TOLERANCE, 1),
        ({"validation_per_class": 0, "momentum": 0.0, "nesterov": False}, TOLERANCE, 1),
        ({"architecture": "vgg11_bn", "dropout": 0.0, "weight_decay": 0.0005}, TOLERANCE, 1),
        (
            {
                "architecture": "mobilenet_v2",
                "dropout": 0.0,
                "precision": "bfloat16",
                "epochs": 1,
            },
            2e-2,
            # Eight bits leave many classes of a fresh network level, and which kernel a processor
            # has decides between them: only the loss is the same everywhere.
            5,
        ),
    ],
    ids=["nesterov", "half, deterministic", "no validation, no momentum", "vgg11_bn", "bfloat16"],
)
def test_that_where_nothing_is_random_its_figures_are_the_studios(
    tmp_path: Path,
    small_set: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, object],
    tolerance: float,
    pictures: int,
) -> None:
    run = studio_run(replace(ONE_BATCH, **changes), small_set, tmp_path / "runs" / NAME)
    found = trained_here(script_of(run), tmp_path, monkeypatch)
    assert len(found) == run.config.epochs
    for mine, row in zip(found, run.rows, strict=True):
        losses = [name for name in mine if "loss" in name]
        assert ("val_loss" in losses) == (run.config.validation_per_class > 0)
        for name in losses:
            assert mine[name] == pytest.approx(getattr(row, name), rel=tolerance), name
    for name in ("train_top1", "test_top1", "test_top5"):
        assert found[0][name] == pytest.approx(getattr(run.rows[0], name), abs=pictures), name


@pytest.mark.usefixtures("random_state")
def test_that_a_script_that_is_wrong_has_other_figures(
    tmp_path: Path, small_set: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the test above lets through is less than what each of these lines decides."""
    environment = describe(ONE_BATCH, small_set, resolve(ONE_BATCH), [])
    text = script_of(run_of(ONE_BATCH, environment))
    right = trained_here(text, tmp_path, monkeypatch)
    for line, wrong in (
        ("LEARNING_RATE = 0.003", "LEARNING_RATE = 0.0025"),
        ("MOMENTUM = 0.9", "MOMENTUM = 0.8"),
        ("NESTEROV = True", "NESTEROV = False"),
        ("WEIGHT_DECAY = 1.0", "WEIGHT_DECAY = 0.1"),
        ("STD = (", "STD = (0.1 + "),
        ("SEED = 2", "SEED = 3"),
        ("permutation(np.flatnonzero(train", "permutation(np.flatnonzero(1 + train"),
    ):
        assert text.count(line) == 1
        found = trained_here(text.replace(line, wrong), tmp_path, monkeypatch)
        differences = [
            abs(mine[name] / row[name] - 1)
            for mine, row in zip(found, right, strict=True)
            for name in ("train_loss", "test_loss")
        ]
        assert max(differences) > 2 * TOLERANCE, wrong


@pytest.mark.real_data
@pytest.mark.usefixtures("random_state")
def test_that_its_figures_lie_among_those_of_the_studio(tmp_path: Path, shared_cache: Path) -> None:
    """Shuffled, cropped, mirrored: the last loss is among the seeds', a tenth of the rate's not."""
    config = TrainConfig(
        epochs=5, train_per_class=2, test_per_class=1, batch_size=20, learning_rate=0.003
    )
    dataset = load_dataset("auto")
    runs = [
        studio_run(replace(config, seed=seed), dataset, tmp_path / f"2026040{seed}_120000_resnet18")
        for seed in range(3)
    ]
    right = trained_alone(script_of(runs[0]), tmp_path / "right")
    slow = script_of(runs[0]).replace("LEARNING_RATE = 0.003", "LEARNING_RATE = 0.0003")
    wrong = trained_alone(slow, tmp_path / "wrong")
    middle = statistics.fmean(run.rows[-1].train_loss or 0.0 for run in runs)
    spread = 0.1  # standard deviation of five seeds of the studio: three tell it badly
    assert abs(right["train_loss"] - middle) < 4 * spread
    assert abs(wrong["train_loss"] - middle) > 4 * spread


def trained_alone(text: str, folder: Path) -> dict[str, float]:
    """Run a script where the studio cannot be imported; its last row."""
    folder.mkdir()
    (folder / "train.py").write_text(text)
    place = Path(os.environ["CIFAR100_ROOT"])
    root = place.parent if place.name == "cifar-100-python" else place
    code = (
        "import runpy, sys; sys.modules['cifar_studio'] = None; "
        "runpy.run_path('train.py', run_name='__main__')"
    )
    words = ["--data", str(root), "--device", "cpu", "--workers", "0"]
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, *words],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    with (folder / "epochs.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    return {name: float(value) for name, value in last.items()}
