"""TrainConfig: its JSON, its words, and that every fault is named."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cifar_studio.config.check import check, hints
from cifar_studio.config.presets import AS_PRINTED, PRESETS, REPORT_PRESETS, preset
from cifar_studio.config.serialization import (
    MAX_CONFIG_BYTES,
    differences,
    from_json,
    from_mapping,
    from_words,
    read_config,
    to_json,
    to_mapping,
)
from cifar_studio.config.settings import SETTINGS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import BadInputError, ConfigError

CONTRACT_DEFAULTS = {
    "architecture": "resnet18",
    "stem": "imagenet",
    "dropout": None,
    "dropout_sites": "classifier",
    "epochs": 70,
    "batch_size": 128,
    "learning_rate": 0.01,
    "momentum": 0.9,
    "weight_decay": 0.0005,
    "nesterov": False,
    "schedule": "constant",
    "warmup_epochs": 0.0,
    "milestones": (),
    "schedule_factor": 0.1,
    "plateau_patience": 10,
    "final_share": 0.0,
    "schedule_epochs": None,
    "normalization": "dataset",
    "random_crop": True,
    "horizontal_flip": True,
    "auto_augment": "none",
    "randaugment_operations": 2,
    "randaugment_magnitude": 9,
    "cutout": 0.0,
    "cutout_size": 16,
    "random_erasing": 0.0,
    "mixing": "none",
    "mixing_probability": 1.0,
    "mixup_alpha": 0.2,
    "cutmix_alpha": 1.0,
    "label_smoothing": 0.0,
    "decay_on": "all",
    "weight_averaging": 0.0,
    "sam_rho": 0.0,
    "train_per_class": 500,
    "test_per_class": 100,
    "validation_per_class": 0,
    "folds": 0,
    "fold": 1,
    "test": "each_epoch",
    "test_time_flip": False,
    "early_stopping": "off",
    "patience": 10,
    "least_improvement": 0.0,
    "stopping_from": 1,
    "seed": 0,
    "deterministic": False,
    "device": "auto",
    "precision": "auto",
    "specialize": True,
}


def test_that_keys_and_defaults_are_the_contract() -> None:
    assert to_mapping(TrainConfig()) == CONTRACT_DEFAULTS


def test_that_the_defaults_have_no_fault() -> None:
    assert check(TrainConfig()) == ()


@pytest.mark.parametrize("name", PRESETS)
def test_that_every_preset_has_no_fault(name: str) -> None:
    assert check(preset(name).config) == ()


def test_that_the_report_presets_are_the_reports_six_runs() -> None:
    runs = [
        (p.config.architecture, p.config.dropout, p.config.epochs, p.config.precision)
        for p in REPORT_PRESETS
    ]
    assert runs == [
        ("resnet18", None, 70, "float32"),
        ("resnet18", 0.5, 70, "float32"),
        ("mobilenet_v2", None, 70, "float32"),
        ("vgg11", None, 40, "float32"),
        ("densenet161", None, 40, "float32"),
        ("densenet161", 0.5, 40, "float32"),
    ]


def test_that_all_faults_are_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        from_mapping({"epochs": 0, "learning_rate": -1, "stem": "big", "epoch": 3, "momentum": 1})
    assert dict(caught.value.faults) == {
        "epoch": "unknown key, did you mean epochs?",
        "stem": "is 'big', must be one of imagenet, cifar",
        "epochs": "is 0, must be 1 to 100000",
        "learning_rate": "is -1, must be above 0 and at most 10",
        "momentum": "is 1, must be 0 or more and below 1",
    }


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"architecture": "vgg11", "dropout_sites": "blocks", "dropout": 0.1}, "dropout_sites"),
        ({"architecture": "vgg11_bn", "dropout_sites": "blocks", "dropout": 0.1}, "dropout_sites"),
        ({"dropout_sites": "blocks"}, "dropout"),
        ({"nesterov": True, "momentum": 0.0}, "nesterov"),
        ({"train_per_class": 450, "validation_per_class": 60}, "validation_per_class"),
        ({"precision": "float16", "device": "cpu"}, "precision"),
        ({"train_per_class": 10, "batch_size": 333}, "batch_size"),
        ({"schedule": "plateau"}, "schedule"),
        ({"schedule": "multistep"}, "milestones"),
        ({"epochs": 5, "warmup_epochs": 5.0}, "warmup_epochs"),
        (
            {"schedule": "cosine", "epochs": 5, "schedule_epochs": 3, "warmup_epochs": 3},
            "warmup_epochs",
        ),
        ({"test": "never"}, "test"),
        ({"folds": 1}, "folds"),
        ({"folds": 5, "train_per_class": 400, "validation_per_class": 50}, "folds"),
        ({"folds": 3, "fold": 4}, "fold"),
        ({"folds": 3, "batch_size": 4}, "batch_size"),
        ({"early_stopping": "val_loss"}, "early_stopping"),
        ({"sam_rho": 0.1, "precision": "float16", "device": "cuda"}, "sam_rho"),
    ],
)
def test_that_combinations_without_meaning_are_refused(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_mapping(changes)
    assert [fault[0] for fault in caught.value.faults] == [key]


HUGE = 10**400  # more digits than a float holds


@pytest.mark.parametrize("key", [key for key, one in SETTINGS.items() if one.bounds])
@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, "3", True, [], {}, -1, HUGE, -HUGE],
    ids=["nan", "inf", "minus inf", "text", "flag", "list", "dict", "-1", "huge", "minus huge"],
)
def test_that_no_impossible_number_passes(key: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        from_mapping({key: value})
    assert key in dict(caught.value.faults)


@pytest.mark.parametrize(
    ("word", "milestones"),
    [
        ("milestones=60,120,160", (60, 120, 160)),
        ("milestones=60 120", (60, 120)),
        ("milestones=[60, 120]", (60, 120)),
        ("milestones=60", (60,)),
        ("milestones=", ()),
    ],
)
def test_that_milestones_are_read_as_people_write_them(
    word: str, milestones: tuple[int, ...]
) -> None:
    assert from_words([word]).milestones == milestones


@pytest.mark.parametrize(
    "value", [[0], [2, 1], [2, 2], [100_001], ["a"], [1.5], "1,x", True, None, {}, [[1]]]
)
def test_that_milestones_that_do_not_rise_are_refused(value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        from_mapping({"milestones": value})
    assert [fault[0] for fault in caught.value.faults] == ["milestones"]


def test_that_early_stopping_under_a_falling_rate_comes_with_a_word_of_warning() -> None:
    stopping = from_mapping(
        {"early_stopping": "val_loss", "train_per_class": 450, "validation_per_class": 50}
    )
    assert hints(stopping) == ()
    (hint,) = hints(msgspec.structs.replace(stopping, schedule="cosine"))
    assert "the last epochs" in hint


def test_that_folds_with_fewer_pictures_a_class_come_with_a_word_of_warning() -> None:
    (hint,) = hints(from_mapping({"folds": 20, "train_per_class": 10}))
    assert "no fold has pictures of every class" in hint
    assert hints(from_mapping({"folds": 10, "train_per_class": 10})) == ()
    with pytest.raises(ConfigError, match="folds: is 21, must be 0 to 20"):
        from_mapping({"folds": 21})


def test_that_the_batch_size_that_is_proposed_for_folds_can_be_trained() -> None:
    # 3 * 3 + 1 and 3 * 12 + 1 pictures and their like leave one at the next size up, too.
    proposed = 0
    for per_class, folds, size in itertools.product(range(1, 40), (3, 7, 19), range(2, 60)):
        config = TrainConfig(train_per_class=per_class, folds=folds, batch_size=size)
        for fault in check(config):
            better = msgspec.structs.replace(config, batch_size=int(fault.message.split()[-1]))
            assert not check(better)
            proposed += 1
    assert proposed > 20


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:x", "", "cpu "])
def test_that_an_unknown_device_is_refused(device: str) -> None:
    with pytest.raises(ConfigError, match="device"):
        from_mapping({"device": device})


numbers = {
    key: st.integers(int(b.low), min(int(b.high), 10**6))
    if setting.kind == "whole number"
    else st.floats(b.low, b.high, exclude_min=b.low_open, exclude_max=b.high_open)
    for key, setting in SETTINGS.items()
    if (b := setting.bounds) is not None
}
mappings = st.fixed_dictionaries(
    {},
    optional=numbers
    | {
        key: st.sampled_from(list(setting.choices))
        for key, setting in SETTINGS.items()
        if setting.kind == "choice"
    }
    | {key: st.booleans() for key, v in CONTRACT_DEFAULTS.items() if isinstance(v, bool)}
    | {"milestones": st.lists(st.integers(1, 1000), unique=True).map(sorted)},
)


@given(mappings)
def test_that_a_config_survives_its_json_and_its_words(mapping: dict[str, Any]) -> None:
    try:
        config = from_mapping(mapping)
    except ConfigError:
        return  # a combination without meaning
    assert from_json(to_json(config)) == config
    words = [f"{key}={json.dumps(value)}" for key, value in to_mapping(config).items()]
    assert from_words(words) == config


@given(st.dictionaries(st.sampled_from(list(CONTRACT_DEFAULTS)), st.from_type(object)))
def test_that_no_value_of_any_kind_makes_more_than_a_config_error(mapping: dict[str, Any]) -> None:
    try:
        config = from_mapping(mapping)
    except ConfigError:
        return
    assert check(config) == ()


@given(st.binary(max_size=200))
def test_that_no_bytes_make_more_than_a_bad_input_error(text: bytes) -> None:
    try:
        config = from_json(text)
    except BadInputError as error:
        said = str(error)
    else:
        said = str(check(config))
    assert "\n" not in said


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"[]", "is not a JSON object"),
        (b"{", "is not JSON"),
        (b'{"format": 99}', "has format 99, this version reads up to 1"),
        (b'{"format": "x"}', "has the format 'x'"),
        (b"[" * 20000 + b"]" * 20000, "is not JSON"),
        (b" " * (MAX_CONFIG_BYTES + 1), "which no config is"),
    ],
)
def test_that_a_bad_config_file_is_refused_in_one_line(text: bytes, fault: str) -> None:
    with pytest.raises(BadInputError) as caught:
        from_json(text, "a.json")
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


def test_that_a_missing_config_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"no\.json cannot be read"):
        read_config(tmp_path / "no.json")


def test_that_a_word_without_an_equals_sign_is_refused() -> None:
    with pytest.raises(BadInputError, match="has no '='"):
        from_words(["epochs"])


def test_that_words_change_a_preset_and_keep_the_rest() -> None:
    base = preset("report-vgg11").config
    config = from_words(["epochs=3", "precision=auto", "dropout=null"], base)
    assert differences(config, base) == {"epochs": (40, 3), "precision": ("float32", "auto")}


def test_that_a_config_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        TrainConfig().epochs = 3  # type: ignore[misc]


def test_that_a_file_without_a_weight_decay_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        from_json(b'{"epochs": 0, "seed": 3}')
    faults = dict(caught.value.faults)
    assert set(faults) == {"epochs", "weight_decay"}
    assert "until version 0.1 that meant 0.005" in faults["weight_decay"]


def test_that_settings_that_were_kept_mean_what_they_meant() -> None:
    kept = to_json(msgspec.structs.replace(TrainConfig(), weight_decay=0.005))
    assert from_json(kept).weight_decay == 0.005


@pytest.mark.parametrize("name", AS_PRINTED)
def test_that_the_printed_form_differs_in_its_weight_decay_alone(name: str) -> None:
    printed = preset(f"{name}-as-printed")
    assert differences(printed.config, preset(name).config) == {"weight_decay": (0.0005, 0.005)}
    assert "0.005" in preset(name).description
    assert "0.0005" in preset(name).description
