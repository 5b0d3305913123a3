"""The report's figures stand only beside a whole run of an unchanged preset on all of CIFAR-100."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from cifar_studio.config.check import check
from cifar_studio.config.presets import PRESETS, REPORT_PRESETS
from cifar_studio.config.report import REPORT_RESULTS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.analysis.comparability import comparability
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.folder.run_folder import Notes, Status
from support import make_environment, make_row


def environment_of(data: str = "CIFAR-100", *, complete: bool = True) -> Environment:
    made = make_environment(data)
    facts = msgspec.structs.replace(made.data, complete=complete)
    return msgspec.structs.replace(made, data=facts)


def run_of(
    config: TrainConfig, environment: Environment | None = None, *, epochs: int | None = None
) -> Run:
    rows = tuple(
        make_row(epoch + 1) for epoch in range(config.epochs if epochs is None else epochs)
    )
    return Run(Path("run"), config, environment, Status(state="finished"), rows, Notes())


@pytest.mark.parametrize("preset", REPORT_PRESETS, ids=lambda preset: preset.name)
def test_that_a_whole_run_of_a_preset_compares(preset: object) -> None:
    name = preset.name  # type: ignore[attr-defined]
    found = comparability(run_of(PRESETS[name].config, environment_of()))
    assert found.result is REPORT_RESULTS[name]
    assert found.reasons == ()
    assert found.describe() == "comparable"


CHANGES: list[tuple[Mapping[str, object], str]] = [
    ({"epochs": 10}, "10 epochs"),
    ({"batch_size": 64}, "batch size 64"),
    ({"learning_rate": 0.1}, "learning rate 0.1"),
    ({"momentum": 0.5, "nesterov": True}, "momentum 0.5, Nesterov momentum"),
    ({"stem": "cifar"}, "first layers for 32x32"),
    ({"dropout": 0.3}, "dropout 0.3"),
    ({"dropout": 0.5, "dropout_sites": "blocks"}, "dropout after blocks"),
    ({"normalization": "half"}, "normalization half"),
    ({"horizontal_flip": False}, "no mirror images"),
    ({"precision": "auto"}, "precision auto"),
    ({"specialize": False}, "network not rewritten for 32x32"),
    ({"device": "cuda:1"}, "device cuda:1"),
    (
        {"train_per_class": 450, "validation_per_class": 50},
        "450 training pictures a class, 50 validation pictures a class",
    ),
    (
        {"schedule": "cosine", "warmup_epochs": 2.5, "final_share": 0.1, "schedule_epochs": 60},
        "cosine, warm-up 2.5, down to 0.1 of it, over 60 epochs",
    ),
    (
        {"schedule": "multistep", "milestones": (30, 60), "schedule_factor": 0.2},
        "multistep, after 30, 60, times 0.2",
    ),
    (
        {"auto_augment": "randaugment", "randaugment_operations": 3, "randaugment_magnitude": 5},
        "RandAugment, 3 operations, strength 5",
    ),
    (
        {"cutout": 0.5, "cutout_size": 8, "random_erasing": 1.0},
        "Cutout 0.5, 8 pixels, random erasing",
    ),
    (
        {
            "mixing": "mixup or cutmix",
            "mixing_probability": 0.5,
            "mixup_alpha": 1.0,
            "cutmix_alpha": 0.5,
        },
        "MixUp or CutMix, in 50 % of batches, MixUp alpha 1, CutMix alpha 0.5",
    ),
    (
        {"label_smoothing": 0.1, "decay_on": "weights", "weight_averaging": 0.99, "sam_rho": 0.1},
        "label smoothing 0.1, no decay on norms and biases, averaged weights 0.99, SAM 0.1",
    ),
    ({"test_time_flip": True}, "mirror images at test"),
    ({"folds": 5, "fold": 2}, "5 folds, fold 2"),
]


def test_that_any_seed_repeats_the_report() -> None:
    config = msgspec.structs.replace(PRESETS["report-vgg11"].config, seed=7)
    assert comparability(run_of(config, environment_of())).result is REPORT_RESULTS["report-vgg11"]
    changed = msgspec.structs.replace(config, batch_size=64)
    words = comparability(run_of(changed, environment_of())).describe()
    assert words == "not comparable: batch size 64"


@pytest.mark.parametrize(("changes", "words"), CHANGES, ids=lambda value: str(value)[:40])
def test_that_every_change_is_named(changes: Mapping[str, object], words: str) -> None:
    config = msgspec.structs.replace(PRESETS["report-resnet18"].config, **changes)
    assert not check(config)
    found = comparability(run_of(config, environment_of()))
    assert found.result is None
    assert found.describe() == f"not comparable: {words}"


def test_that_what_means_nothing_is_no_change() -> None:
    config = msgspec.structs.replace(PRESETS["report-vgg11"].config, cutout_size=8, patience=3)
    assert comparability(run_of(config, environment_of())).result is REPORT_RESULTS["report-vgg11"]


def test_that_every_key_that_can_differ_has_words() -> None:
    named = {key for changes, _ in CHANGES for key in changes}
    # A network is matched, or not the report's; the others have one word for any value.
    rest = {"architecture", "weight_decay", "random_crop", "test_per_class", "early_stopping"}
    # Validation's, which none of the report's presets has.
    rest |= {"test", "patience", "least_improvement", "stopping_from", "plateau_patience"}
    assert named | rest | {"deterministic", "seed"} == set(TrainConfig.__struct_fields__)


def test_that_of_a_network_that_the_report_does_not_have_only_that_is_said() -> None:
    config = TrainConfig(architecture="vgg11_bn", epochs=200, batch_size=64)
    words = comparability(run_of(config, environment_of())).describe()
    assert words == "not comparable: the report has no VGG11-BN"


def test_that_a_quick_look_on_the_demo_set_says_so() -> None:
    found = comparability(run_of(PRESETS["quick-look"].config, environment_of("demo")))
    assert found.reasons[:2] == ("demo", "10 epochs")
    assert found.describe(2) == "not comparable: demo, 10 epochs, …"
    assert found.describe(len(found.reasons)) == found.describe()


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (None, "unknown data"),
        (environment_of("demo"), "demo"),
        (environment_of(complete=False), "part of CIFAR-100"),
        (environment_of("a\x1b[31m"), r"a\x1b[31m"),
        (environment_of(""), "unknown data"),
    ],
)
def test_that_other_data_do_not_compare(environment: Environment | None, words: str) -> None:
    found = comparability(run_of(PRESETS["report-vgg11"].config, environment))
    assert found.describe() == f"not comparable: {words}"


def test_that_a_run_that_is_not_through_does_not_compare() -> None:
    config = PRESETS["report-vgg11"].config
    found = comparability(run_of(config, environment_of(), epochs=12))
    assert found.describe() == "not comparable: 12 of 40 epochs run"
    assert comparability(run_of(config, environment_of(), epochs=0)).result is None
