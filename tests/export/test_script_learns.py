"""The script of a run beyond the report's way of training learns what the studio learns."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from cifar_studio.config.presets import PRESETS
from cifar_studio.config.schedule import learning_rate, plateau_factor
from cifar_studio.data.dataset import Dataset
from cifar_studio.engine.answers.trained_network import load_network
from cifar_studio.engine.networks.models import build_for
from cifar_studio.export.networks.script import script_of
from cifar_studio.runs.folder.run_folder import RunFolder
from export.learning_configs import EACH, every_config
from export.scripts import NAME, run_of
from export.trained_scripts import ONE_BATCH, TOLERANCE, studio_run, trained_here
from long_forms import daily

# Several steps an epoch, in any order: only what does not depend on it is the studio's.
STEPS = replace(ONE_BATCH, batch_size=25, learning_rate=0.01, weight_decay=0.0005, epochs=3)


@pytest.mark.usefixtures("random_state")
@pytest.mark.parametrize(
    "changes",
    daily(
        (
            {"schedule": "cosine", "warmup_epochs": 1.3, "final_share": 0.1, "schedule_epochs": 2},
            {"schedule": "plateau", "warmup_epochs": 0.7, "plateau_patience": 0},
        ),
        (
            {"schedule": "cosine", "warmup_epochs": 1.3, "final_share": 0.1, "schedule_epochs": 2},
            {"schedule": "plateau", "warmup_epochs": 0.7, "plateau_patience": 0},
            {"schedule": "plateau", "warmup_epochs": 0.3, "plateau_patience": 0},
            {"schedule": "plateau", "plateau_patience": 0, "schedule_factor": 0.3},
            {"schedule": "one-cycle", "final_share": 0.001},
            {"schedule": "one-cycle", "warmup_epochs": 1.0, "epochs": 4},
            {"schedule": "multistep", "milestones": (1, 2), "warmup_epochs": 1.5},
            {"schedule": "multistep", "milestones": (2,), "schedule_factor": 0.3},
            {"warmup_epochs": 1.7},
        ),
    ),
    ids=str,
)
def test_that_each_epoch_ends_at_the_studios_rate(
    tmp_path: Path,
    small_set: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, object],
) -> None:
    config = replace(STEPS, **changes)
    if config.schedule == "plateau":  # by the script's own losses, and this one never learns
        config = replace(config, learning_rate=9.0, epochs=6)
        found = trained_here(script_of(run_of(config)), tmp_path, monkeypatch)
        losses = [row["val_loss"] for row in found]
        wanted = [
            learning_rate(config, 4, 4 * done + 3, plateau_factor(config, losses[:done]))
            for done in range(6)
        ]
    else:
        run = studio_run(config, small_set, tmp_path / "runs" / NAME)
        found = trained_here(script_of(run), tmp_path, monkeypatch)
        wanted = [row.learning_rate for row in run.rows]
    mine = [row["learning_rate"] for row in found]
    assert mine == pytest.approx(wanted, rel=1e-12, abs=1e-12)
    assert len(set(mine)) > 1


# Small batches under batch normalisation make much of the last bit: after two epochs, or a step
# of SAM, the figures of ResNet18 part. Where it hardly learns, and in VGG11, they do not.
SURE = {
    "schedule": "cosine",
    "warmup_epochs": 1.0,
    "decay_on": "weights",
    "label_smoothing": 0.1,
    "weight_averaging": 0.6,
    "test_time_flip": True,
    "test": "at_end",
}
HARDLY = {"learning_rate": 1e-05, "epochs": 6, "patience": 2, "sam_rho": 0.05}
FOLD = {
    "validation_per_class": 0,
    "train_per_class": 3,
    "folds": 4,
    "fold": 3,
    "batch_size": 225,
    "test": "never",
}
MULTISTEP = {"schedule": "multistep", "milestones": (1,)}
VGG11 = {"architecture": "vgg11", "stem": "cifar", "dropout": 0.0, "weight_decay": 0.0005}


@pytest.mark.usefixtures("random_state")
@pytest.mark.parametrize(
    "changes",
    daily(
        (SURE, HARDLY | {"early_stopping": "val_top1"}, SURE | FOLD),
        (
            SURE,
            SURE | FOLD,
            SURE | FOLD | {"test": "each_epoch", "fold": 1},
            HARDLY | {"early_stopping": "val_top1"},
            HARDLY | {"early_stopping": "val_loss", "least_improvement": 0.01},
            HARDLY | {"early_stopping": "val_loss", "stopping_from": 4, "test": "at_end"},
            {"test": "at_end", "validation_per_class": 0},
            {"decay_on": "weights"},
            {"label_smoothing": 0.2},
            {"weight_averaging": 0.7},
            {"test_time_flip": True},
            {"mixing": "mixup", "mixing_probability": 0.0},
            VGG11 | {"schedule": "one-cycle", "epochs": 3, "sam_rho": 0.1},
            VGG11 | {"schedule": "plateau", "plateau_patience": 0, "epochs": 4},
            VGG11 | SURE | {"epochs": 3, "sam_rho": 0.05, "momentum": 0.5},
            VGG11 | SURE | MULTISTEP | {"architecture": "vgg11_bn"},
        ),
    ),
    ids=lambda changes: ", ".join(changes),
)
def test_that_where_nothing_is_random_it_learns_what_the_studio_learns(
    tmp_path: Path,
    small_set: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, object],
) -> None:
    run = studio_run(replace(ONE_BATCH, **changes), small_set, tmp_path / "runs" / NAME)
    found = trained_here(script_of(run), tmp_path, monkeypatch)
    assert len(found) == len(run.rows)
    if run.config.early_stopping != "off":
        assert len(found) < run.config.epochs
    is_locked = run.config.locks_test_set
    for mine, row in zip(found, run.rows, strict=True):
        losses = {name for name in mine if "loss" in name}
        validated = {"val_loss"} if run.config.has_validation else set()
        assert losses == {"train_loss"} | validated | (set() if is_locked else {"test_loss"})
        for name in losses:
            assert mine[name] == pytest.approx(getattr(row, name), rel=TOLERANCE), name
    assert (tmp_path / "test.csv").exists() == (run.config.test == "at_end")
    if run.config.test == "at_end":
        assert run.best is not None
        with (tmp_path / "test.csv").open() as file:
            (test,) = csv.DictReader(file)
        assert float(test["epoch"]) == run.best.epoch
        assert float(test["test_loss"]) == pytest.approx(run.best.test_loss, rel=TOLERANCE)
        mine = torch.load(tmp_path / "weights.pt", weights_only=True)
        theirs = load_network(RunFolder(run.path), "best").whole_weights()
        start = {name: value.detach() for name, value in build_for(run.config).named_parameters()}
        apart, moved = (
            torch.stack([(theirs[name] - other[name]).norm() for name in start]).norm()
            for other in (mine, start)
        )
        assert apart < 0.05 * moved


@pytest.mark.usefixtures("random_state")
@pytest.mark.parametrize("name", daily(("all",), ("all", *EACH, "fast-resnet18")))
def test_that_it_really_trains(
    tmp_path: Path, small_set: Dataset, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    small = {"epochs": 2, "train_per_class": 1, "test_per_class": 1, "validation_per_class": 1}
    config = PRESETS[name].config if name in PRESETS else every_config()[name]
    config = replace(config, batch_size=25, device="cpu", learning_rate=0.005, **small)
    if config.schedule_epochs:
        config = replace(config, schedule_epochs=2)
    found = trained_here(script_of(run_of(config)), tmp_path, monkeypatch)
    assert len(found) == 2
    assert all(np.isfinite(list(row.values())).all() for row in found)
    assert found[1]["train_loss"] != found[0]["train_loss"]
