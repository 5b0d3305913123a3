"""What goes beyond the report's way of training: its script says it, and learns the same."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from torch.nn.functional import cross_entropy

from cifar_studio.config.check import check
from cifar_studio.config.learning_settings import LEARNING_SETTINGS
from cifar_studio.config.presets import PRESETS, RECIPES, REPORT_PRESETS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Dataset
from cifar_studio.engine.answers.trained_network import load_network
from cifar_studio.engine.augmentation.erasing import draw_cutout
from cifar_studio.engine.networks.models import build_for
from cifar_studio.engine.training.sharpness import WorstNearby
from cifar_studio.export.networks.script import script_of
from cifar_studio.runs.folder.run_folder import RunFolder
from export.scripts import NAME, loaded, run_of, with_precision
from export.trained_scripts import ONE_BATCH, TOLERANCE, studio_run, trained_here
from long_forms import daily
from support import locked_rows

VALIDATED = TrainConfig(train_per_class=400, validation_per_class=50)
EACH: dict[str, dict[str, Any]] = {
    "warm-up": {"warmup_epochs": 2.5},
    "multistep": {"schedule": "multistep", "milestones": (20, 40), "schedule_factor": 0.2},
    "milestones of many epochs": {"schedule": "multistep", "milestones": tuple(range(10, 69))},
    "multistep, warm-up": {"schedule": "multistep", "milestones": (3,), "warmup_epochs": 5.0},
    "cosine": {"schedule": "cosine", "final_share": 0.01},
    "cosine, warm-up, shorter": {
        "schedule": "cosine",
        "warmup_epochs": 1.0,
        "schedule_epochs": 50,
    },
    "one-cycle": {"schedule": "one-cycle", "final_share": 1e-05},
    "one-cycle, warm-up": {"schedule": "one-cycle", "warmup_epochs": 0.5},
    "plateau": {"schedule": "plateau", "plateau_patience": 3},
    "plateau, warm-up": {"schedule": "plateau", "warmup_epochs": 1.0},
    "decay on weights": {"decay_on": "weights"},
    "smoothing": {"label_smoothing": 0.1},
    "averaging": {"weight_averaging": 0.999},
    "SAM": {"sam_rho": 0.05},
    "TrivialAugment": {"auto_augment": "trivialaugment"},
    "RandAugment": {
        "auto_augment": "randaugment",
        "randaugment_operations": 3,
        "randaugment_magnitude": 12,
    },
    "Cutout": {"cutout": 0.5, "cutout_size": 9},
    "erasing": {"random_erasing": 0.1},
    "MixUp": {"mixing": "mixup", "mixup_alpha": 0.3},
    "CutMix": {"mixing": "cutmix", "cutmix_alpha": 0.9, "mixing_probability": 0.4},
    "MixUp or CutMix": {"mixing": "mixup or cutmix"},
    "flip at test": {"test_time_flip": True},
    "locked": {"test": "at_end"},
    "stops by loss": {"early_stopping": "val_loss", "patience": 5, "stopping_from": 7},
    "stops by top-1": {"early_stopping": "val_top1", "least_improvement": 0.25},
}
ALL = {
    "schedule": "one-cycle",
    "warmup_epochs": 0.5,
    "schedule_epochs": 2,
    "decay_on": "weights",
    "label_smoothing": 0.1,
    "weight_averaging": 0.9,
    "sam_rho": 0.05,
    "auto_augment": "randaugment",
    "cutout": 0.5,
    "random_erasing": 0.1,
    "mixing": "mixup or cutmix",
    "mixing_probability": 0.8,
    "test_time_flip": True,
    "test": "at_end",
    "early_stopping": "val_top1",
}


def every_config() -> dict[str, TrainConfig]:
    found = {name: replace(VALIDATED, **changes) for name, changes in EACH.items()}
    found |= {preset.name: preset.config for preset in RECIPES}
    found["all"] = replace(VALIDATED, **ALL)
    found["all on vgg11"] = replace(VALIDATED, architecture="vgg11", stem="cifar", **ALL)
    plain = {"random_crop": False, "horizontal_flip": False, "deterministic": True}
    return found | {
        f"{name}, not cropped": replace(config, **plain) for name, config in found.items()
    }


def test_that_every_script_is_tidy_and_short(tmp_path: Path) -> None:
    for number, (name, config) in enumerate(every_config().items()):
        assert not check(config), name
        precisions = ("float32", "bfloat16") if config.sam_rho else ("float32", "float16")
        for precision in precisions:
            text = script_of(run_of(config, with_precision(precision)))
            assert len(text.splitlines()) <= 270
            assert "cifar_studio" not in text
            (tmp_path / f"script_{number}_{precision}.py").write_text(text)
    ruff = [sys.executable, "-m", "ruff"]
    options = ["--isolated", "--line-length", "100", "--no-cache", str(tmp_path)]
    rules = ["--select", "E,F,W,I,B,UP"]
    for command in (["check", *rules], ["format", "--check"]):
        done = subprocess.run([*ruff, *command, *options], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:]


def test_that_every_setting_is_in_it_and_only_where_it_counts() -> None:
    told = set().union(*EACH.values())
    assert told == {setting.key for setting in LEARNING_SETTINGS}
    plain = script_of(run_of(VALIDATED))
    for name, changes in EACH.items():
        config = replace(VALIDATED, **changes)
        text = script_of(run_of(config))
        assert text != plain, name
        for key in changes:
            usual = replace(config, **{key: getattr(VALIDATED, key)})
            assert script_of(run_of(usual)) != text, (name, key)
    idle = [setting for setting in LEARNING_SETTINGS if not setting.counts(VALIDATED)]
    values = {key: value for changes in EACH.values() for key, value in changes.items()}
    for setting in idle:
        changed = replace(VALIDATED, **{setting.key: values[setting.key]})
        assert script_of(run_of(changed)) == plain, setting.key


def test_that_a_script_of_the_reports_stays_as_it_is() -> None:
    """People compare such files, and nothing new is theirs."""
    texts = [script_of(run_of(preset.config)) for preset in REPORT_PRESETS]
    digest = hashlib.sha256("".join(texts).encode()).hexdigest()
    assert digest == "72ff766197a35191ce35aeefd4686b59f4743850277674c542fc3ffaa5a1668b"


def test_that_what_a_run_came_to_is_said_as_it_was_chosen() -> None:
    run = run_of(VALIDATED)
    locked, ended = (
        dataclasses.replace(run, rows=tuple(locked_rows(ended=is_ended)))
        for is_ended in (False, True)
    )
    assert "Its best test accuracy was 10.00 % at epoch 1." in script_of(run)
    assert "Its best validation accuracy was 45.00 % at epoch 4." in script_of(locked)
    assert "Its test accuracy was 43.00 % at epoch 4, which validation chose." in script_of(ended)
    assert " % at epoch" not in script_of(dataclasses.replace(run, rows=()))


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
    if config.schedule == "plateau":  # this one never learns, whatever the order
        config = replace(config, learning_rate=9.0, epochs=4)
    run = studio_run(config, small_set, tmp_path / "runs" / NAME)
    found = trained_here(script_of(run), tmp_path, monkeypatch)
    mine = [row["learning_rate"] for row in found]
    assert mine == pytest.approx([row.learning_rate for row in run.rows], rel=1e-12, abs=1e-12)
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
VGG11 = {"architecture": "vgg11", "stem": "cifar", "dropout": 0.0, "weight_decay": 0.0005}


@pytest.mark.usefixtures("random_state")
@pytest.mark.parametrize(
    "changes",
    daily(
        (SURE, HARDLY | {"early_stopping": "val_top1"}),
        (
            SURE,
            HARDLY | {"early_stopping": "val_top1"},
            HARDLY | {"early_stopping": "val_loss", "least_improvement": 0.01},
            HARDLY | {"early_stopping": "val_loss", "stopping_from": 4, "test": "at_end"},
            {"decay_on": "weights"},
            {"label_smoothing": 0.2},
            {"weight_averaging": 0.7},
            {"test_time_flip": True},
            {"mixing": "mixup", "mixing_probability": 0.0},
            VGG11 | {"schedule": "one-cycle", "epochs": 4, "sam_rho": 0.1},
            VGG11 | {"schedule": "plateau", "plateau_patience": 0, "epochs": 4},
            VGG11 | SURE | {"epochs": 5, "sam_rho": 0.05, "momentum": 0.5},
            SURE | {"schedule": "multistep", "milestones": (1,), "architecture": "vgg11_bn"},
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
    is_locked = run.config.test == "at_end"
    for mine, row in zip(found, run.rows, strict=True):
        losses = {name for name in mine if "loss" in name}
        assert losses == {"train_loss", "val_loss"} | (set() if is_locked else {"test_loss"})
        for name in losses:
            assert mine[name] == pytest.approx(getattr(row, name), rel=TOLERANCE), name
    if is_locked:
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


@pytest.mark.usefixtures("random_state")
@pytest.mark.parametrize("name", ["resnet18", "vgg11"])
def test_that_sam_moves_as_the_studios_does(tmp_path: Path, name: Any) -> None:
    config = replace(VALIDATED, architecture=name, dropout=0.0, sam_rho=0.3)
    module = loaded(script_of(run_of(config)), tmp_path)
    networks = [module.build().train() for _ in range(2)]
    networks[1].load_state_dict(networks[0].state_dict())
    pictures, labels = torch.randn(8, 3, 32, 32), torch.arange(8)
    moving = (module.worst_nearby(networks[0]), WorstNearby(networks[1], 0.3, {}).moved())
    moved = []
    for network, context in zip(networks, moving, strict=True):
        cross_entropy(network(pictures), labels).backward()
        before = {key: value.clone() for key, value in network.state_dict().items()}
        with context:
            moved.append([weight.detach().clone() for weight in network.parameters()])
            network(pictures)
        for key, value in network.state_dict().items():
            assert torch.equal(value, before[key]), key
    torch.testing.assert_close(*moved)
    distance = [
        mine - before[key]
        for mine, (key, _) in zip(moved[0], networks[0].named_parameters(), strict=True)
    ]
    assert float(torch.stack([part.norm() for part in distance]).norm()) == pytest.approx(0.3, 0.01)


def test_that_cutout_blanks_out_what_the_studio_may(tmp_path: Path) -> None:
    config = replace(VALIDATED, cutout=0.75, cutout_size=9)
    module = loaded(script_of(run_of(config)), tmp_path)
    boxes = draw_cutout(config, 100_000, 1, torch.device("cpu"))
    assert boxes is not None
    possible = set(map(tuple, boxes.tolist()))
    drawn = [cut_by(module) for _ in range(2000)]
    assert possible >= set(drawn)
    wanted = (boxes[:, 1] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 2])
    areas = np.array([(bottom - top) * (right - left) for top, bottom, left, right in drawn])
    error = float(wanted.double().std()) / len(drawn) ** 0.5
    assert abs(areas.mean() - float(wanted.double().mean())) < 5 * error


def cut_by(module: ModuleType) -> tuple[int, int, int, int]:
    """The box that a script blanks out: top, bottom, left, right."""
    rows, columns = np.nonzero(module.cutout(torch.ones(3, 32, 32))[0].numpy() == 0)
    if not len(rows):
        return 0, 0, 0, 0
    return int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1
