"""One description of each setting: it fits `TrainConfig`, and everything is made from it."""

from __future__ import annotations

import json
from typing import get_args, get_origin, get_type_hints

import pytest
from pytestqt.qtbot import QtBot

from cifar_studio.cli.settings import describe
from cifar_studio.cli.settings import settings as list_settings
from cifar_studio.config import serialization, settings
from cifar_studio.config.check import check
from cifar_studio.config.presets import PRESETS
from cifar_studio.config.serialization import from_words
from cifar_studio.config.setting_types import Bounds, Setting
from cifar_studio.config.settings import GROUPS, SETTINGS, setting_in_words
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.ui.setup.form_layout import make_groups

KINDS = {int: "whole number", float: "number", bool: "switch", str: "device", tuple: "epochs"}


class Longer(TrainConfig, frozen=True, kw_only=True):
    """The next version's settings, with a key more."""

    gradient_clipping: float = 0.0


CLIPPING = Setting(
    key="gradient_clipping",
    title="Gradient clipping",
    group="Training",
    sentence="The longest gradient.",
    kind="number",
    said=lambda value: f"gradient clipping {value:g}",
    bounds=Bounds(0.0, 0.5),
    step=0.05,
)


@pytest.fixture
def longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting is added: a row, and a field of the struct."""
    monkeypatch.setitem(SETTINGS, CLIPPING.key, CLIPPING)
    for module in ("config.serialization", "cli.settings"):
        monkeypatch.setattr(f"cifar_studio.{module}.TrainConfig", Longer)


@pytest.mark.parametrize("key", TrainConfig.__struct_fields__)
def test_that_the_table_describes_each_key_as_its_type_is(key: str) -> None:
    setting, hint = SETTINGS[key], get_type_hints(TrainConfig)[key]
    assert setting.key == key
    assert setting.group in GROUPS
    assert setting.sentence.endswith(".")
    assert (type(None) in get_args(hint)) == bool(setting.none_said)
    if setting.kind == "choice":
        assert get_args(hint) == tuple(setting.choices)
    else:
        hints = (get_origin(hint),) if get_origin(hint) is tuple else get_args(hint) or (hint,)
        kinds = [one for one in hints if one is not type(None)]
        assert [KINDS[kind] for kind in kinds] == [setting.kind]
    assert (setting.bounds is not None) == (setting.kind in ("number", "whole number"))


def test_that_the_table_holds_no_other_key() -> None:
    assert set(SETTINGS) == set(TrainConfig.__struct_fields__)


@pytest.mark.parametrize("name", PRESETS)
def test_that_every_value_of_a_preset_can_be_said(name: str) -> None:
    for key in TrainConfig.__struct_fields__:
        assert setting_in_words(key, getattr(PRESETS[name].config, key))


@pytest.mark.usefixtures("longer")
def test_that_a_key_added_in_one_place_is_found_in_all(
    qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = {field.key: field for group in make_groups().values() for field in group}
    field = fields["gradient_clipping"]
    qtbot.addWidget(field)
    assert field.toolTip() == CLIPPING.sentence
    field.set_value(0.1)
    assert field.value() == 0.1
    assert [field.key for field in make_groups()["Training"]][-1] == "gradient_clipping"

    assert from_words(["gradient_clipping=0.1"]) == Longer(gradient_clipping=0.1)
    (fault,) = check(Longer(gradient_clipping=0.7))
    assert (fault.key, fault.message) == ("gradient_clipping", "is 0.7, must be 0 to 0.5")
    (fault,) = check(Longer(gradient_clipping="much"))  # type: ignore[arg-type]
    assert fault.message == "is 'much', must be a number, 0 to 0.5"

    list_settings(json=False)
    assert "  gradient_clipping = 0.0    0 to 0.5\n" in capsys.readouterr().out
    list_settings(json=True)
    (listed,) = (
        one for one in json.loads(capsys.readouterr().out) if one["key"] == "gradient_clipping"
    )
    assert (listed["default"], listed["low"], listed["high"]) == (0.0, 0.0, 0.5)

    assert setting_in_words("gradient_clipping", 0.1) == "gradient clipping 0.1"
    assert serialization.differences(Longer(gradient_clipping=0.1), Longer()) == {
        "gradient_clipping": (0.0, 0.1)
    }


def test_that_the_list_tells_range_default_and_choices() -> None:
    assert describe("learning_rate") == {
        "key": "learning_rate",
        "group": "SGD",
        "title": "Learning rate",
        "sentence": settings.SETTINGS["learning_rate"].sentence,
        "kind": "number",
        "default": 0.01,
        "range": "above 0 and at most 10",
        "low": 0.0,
        "low_open": True,
        "high": 10.0,
        "high_open": False,
        "unit": "",
        "scale": "logarithmic",
        "choices": [],
    }
    assert describe("precision")["choices"] == ["auto", "float32", "bfloat16", "float16"]
    assert describe("dropout")["range"] == "0 or more and below 1, or null: standard"
