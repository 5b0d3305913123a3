"""A run's script trains what the run trained."""

from __future__ import annotations

import csv
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.dataset import Dataset
from cifar_studio.engine.machine.describe_machine import describe
from cifar_studio.engine.machine.device import resolve
from cifar_studio.export.networks.script import script_of
from export.scripts import NAME, run_of
from export.trained_scripts import ONE_BATCH, TOLERANCE, studio_run, trained_here

pytestmark = pytest.mark.long


PATIENCE_S = 110


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
