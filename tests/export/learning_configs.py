"""Runs with settings beyond the report's, each by itself and all at once."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from cifar_studio.config.presets import RECIPES
from cifar_studio.config.train_config import TrainConfig

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
    "stays locked": {"test": "never"},
    "folds": {"folds": 5, "fold": 2},
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


def validated(changes: dict[str, Any]) -> TrainConfig:
    """A run with these changes that validates: on a fold where there are folds."""
    held_back = 0 if changes.get("folds") else VALIDATED.validation_per_class
    return replace(VALIDATED, validation_per_class=held_back, **changes)


def every_config() -> dict[str, TrainConfig]:
    found = {name: validated(changes) for name, changes in EACH.items()}
    found |= {preset.name: preset.config for preset in RECIPES}
    found["all"] = replace(VALIDATED, **ALL)
    found["all on vgg11"] = replace(VALIDATED, architecture="vgg11", stem="cifar", **ALL)
    plain = {"random_crop": False, "horizontal_flip": False, "deterministic": True}
    return found | {
        f"{name}, not cropped": replace(config, **plain) for name, config in found.items()
    }
