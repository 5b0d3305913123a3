"""Recipes: presets that learn more than the report's, and are never taken for one of them."""

from __future__ import annotations

from typing import get_args

import pytest
from msgspec.structs import replace

from cifar_studio.config.architectures import ArchitectureName
from cifar_studio.config.check import check
from cifar_studio.config.presets import (
    AS_PRINTED,
    PRESETS,
    RECIPES,
    REPORT_PRESETS,
    nearest_preset,
    preset,
    recipe_of,
)
from cifar_studio.config.report import comparable_result
from cifar_studio.config.schedule import learning_rate
from cifar_studio.config.study import is_as_printed, repeated_preset, shortened_by, study_runs
from cifar_studio.runner.training.speeds import Speed, speed_key
from cifar_studio.runs.wording import network, training_caption

NAMES = tuple(recipe.name for recipe in RECIPES)


def test_that_there_is_one_for_each_network_but_the_one_that_another_stands_for() -> None:
    assert {recipe.config.architecture for recipe in RECIPES} == {*get_args(ArchitectureName)} - {
        "vgg11"
    }
    assert "fast-resnet18" in NAMES
    assert preset("fast-resnet18").config.epochs == 20


@pytest.mark.parametrize("name", NAMES)
def test_that_a_recipe_leaves_the_choice_to_validation_pictures(name: str) -> None:
    config = preset(name).config
    assert check(config) == ()
    assert config.stem == "cifar"
    assert config.test == "at_end"
    assert (config.train_per_class, config.validation_per_class) == (450, 50)


@pytest.mark.parametrize("name", NAMES)
def test_that_a_recipe_says_what_it_reaches_and_whether_that_was_measured(name: str) -> None:
    reached = preset(name).reached
    assert "not measured here" in reached.lower()
    assert ("github.com/" in reached) == ("Published" in reached)


def test_that_only_recipes_claim_to_reach_anything() -> None:
    assert {name for name, one in PRESETS.items() if one.reached} == set(NAMES)


@pytest.mark.parametrize("one", REPORT_PRESETS, ids=lambda one: one.name)
def test_that_the_reports_presets_say_what_they_choose_by(one: object) -> None:
    assert "chosen on the test pictures, as the report did" in one.description  # type: ignore[attr-defined]
    assert one.config.test == "each_epoch"  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"seed": 4},
        {"epochs": 3},
        {"epochs": 3, "train_per_class": 100},
        {"learning_rate": 0.01},
    ],
    ids=str,
)
def test_that_a_recipe_is_never_taken_for_the_reports(
    name: str, changes: dict[str, object]
) -> None:
    config = replace(preset(name).config, **changes)
    assert nearest_preset(config).name == name
    assert repeated_preset(config) is None
    assert comparable_result(config) is None
    assert not is_as_printed(config)
    assert shortened_by(config) == ""


def test_that_a_run_of_the_reports_is_never_taken_for_a_recipe() -> None:
    for one in (*REPORT_PRESETS, *AS_PRINTED.values()):
        assert nearest_preset(replace(one.config, seed=7, epochs=2)) == one
        assert recipe_of(one.config) is None
        assert recipe_of(replace(one.config, stem="cifar")) is None
    assert {run.preset for run in study_runs()} == set(REPORT_PRESETS)


def test_that_a_recipe_is_known_whatever_its_seed_length_and_machine() -> None:
    recipe = preset("modern-resnet18")
    same = replace(recipe.config, seed=3, epochs=30, device="cpu", precision="float32")
    assert recipe_of(same) == recipe
    assert recipe_of(replace(recipe.config, learning_rate=0.2)) is None
    assert recipe_of(replace(recipe.config, train_per_class=100)) is None


def test_that_the_rate_of_a_recipe_ends_near_nothing() -> None:
    for recipe in RECIPES:
        config = recipe.config
        rates = [learning_rate(config, 100, step) for step in range(100 * config.epochs)]
        assert max(rates) == pytest.approx(config.learning_rate, rel=1e-3)
        assert rates[-1] < config.learning_rate / 1000


@pytest.mark.parametrize(
    ("config", "title"),
    [
        (preset("modern-mobilenet_v2").config, "MobileNetV2, modern recipe"),
        (replace(preset("fast-resnet18").config, seed=9, epochs=5), "ResNet18, fast recipe"),
        (
            replace(preset("report-resnet18").config, mixing="cutmix"),
            "ResNet18, CutMix",
        ),
        (
            replace(
                preset("report-resnet18").config, mixing="cutmix", auto_augment="trivialaugment"
            ),
            "ResNet18, CutMix, TrivialAugment",
        ),
        (
            replace(preset("modern-resnet18").config, learning_rate=0.2, sam_rho=0.1),
            "ResNet18, for 32x32, SAM 0.1, MixUp or CutMix, 6 more",
        ),
        (preset("report-vgg11").config, "VGG11"),
    ],
)
def test_that_a_title_tells_runs_apart_and_stays_short(config: object, title: str) -> None:
    assert network(config) == title  # type: ignore[arg-type]
    assert len(title) < 60


def test_that_training_figures_of_mixed_pictures_say_so() -> None:
    plain = replace(preset("report-resnet18").config, random_crop=False, horizontal_flip=False)
    assert training_caption(plain) == "training (while learning)"
    cut = replace(plain, cutout=0.5)
    assert training_caption(cut) == "training (while learning, augmented)"
    mixed = replace(plain, mixing="mixup")
    assert training_caption(mixed) == "training (while learning, mixed)"


def test_that_what_makes_a_step_slower_has_a_speed_of_its_own() -> None:
    plain = preset("report-resnet18").config
    slower = [
        replace(plain, sam_rho=0.1),
        replace(plain, auto_augment="trivialaugment"),
        replace(plain, auto_augment="randaugment"),
        replace(plain, auto_augment="randaugment", randaugment_operations=3),
        replace(plain, cutout=1.0),
        replace(plain, mixing="cutmix"),
        replace(plain, weight_averaging=0.999),
        replace(plain, test_time_flip=True),
    ]
    assert len({speed_key(config) for config in (plain, *slower)}) == 1 + len(slower)
    alike = [
        replace(plain, sam_rho=0.0, label_smoothing=0.1, schedule="cosine", learning_rate=1.0),
        replace(plain, mixing="none", mixing_probability=0.5),
        replace(plain, random_erasing=0.0, cutout_size=8),
    ]
    assert {speed_key(config) for config in alike} == {speed_key(plain)}
    stronger, weaker = replace(plain, sam_rho=0.2), replace(plain, sam_rho=0.05)
    assert speed_key(stronger) == speed_key(weaker)


def test_that_a_plain_runs_speed_is_known_by_the_words_of_before() -> None:
    key = speed_key(preset("report-resnet18").config)
    assert key == "resnet18/imagenet/classifier/128/auto/float32/True/False"


def test_that_a_locked_test_set_costs_one_look() -> None:
    speed = Speed(1000.0, 1000.0, 900.0)
    config = replace(preset("fast-resnet18").config, test_per_class=100)
    assert speed.seconds(config) == pytest.approx(20 * (45 + 5) + 10)
    assert speed.seconds(replace(config, test="each_epoch")) == pytest.approx(20 * (45 + 5 + 10))
