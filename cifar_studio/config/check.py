"""What a valid `TrainConfig` is: one function that the form and the command line share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cifar_studio.config.setting_types import Setting
from cifar_studio.config.settings import SETTINGS
from cifar_studio.config.train_config import TrainConfig

MOST_EPOCHS = 100_000
_DEVICE = re.compile(r"auto|cpu|cuda|mps|cuda:\d{1,3}")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with one key, in words for a person."""

    key: str
    message: str


def check(config: TrainConfig) -> tuple[Fault, ...]:
    """All faults of a config, in the order of its keys; empty where it can be trained.

    Combinations are looked at only where every value by itself is good.
    """
    keys = config.__struct_fields__
    return value_faults(config) or tuple(
        Fault(key, message) for key in keys if (message := SETTINGS[key].fault(config))
    )


def value_faults(config: TrainConfig) -> tuple[Fault, ...]:
    """The faults of single values, whatever the others are."""
    keys = config.__struct_fields__
    return tuple(
        Fault(key, message)
        for key in keys
        if (message := value_fault(SETTINGS[key], getattr(config, key)))
    )


def hints(config: TrainConfig) -> tuple[str, ...]:
    """What a person should know of a config without faults, a sentence each."""
    return tuple(filter(None, (setting.hint(config) for setting in SETTINGS.values())))


def value_fault(setting: Setting, value: Any) -> str:
    """What is wrong with a value by itself; empty where nothing is."""
    if setting.bounds is not None:
        return _number_fault(setting, value)
    if setting.kind == "choice" and not (isinstance(value, str) and value in setting.choices):
        return f"is {value!r}, must be one of {', '.join(setting.choices)}"
    if setting.kind == "switch" and not isinstance(value, bool):
        return f"is {value!r}, must be {setting.range_text}"
    if setting.kind == "epochs" and not _are_rising_epochs(value):
        return f"is {value!r}, must be {setting.range_text}"
    if setting.kind == "device" and not (isinstance(value, str) and _DEVICE.fullmatch(value)):
        return f"is {value!r}, must be {setting.range_text}"
    return ""


def _are_rising_epochs(value: Any) -> bool:
    if not isinstance(value, tuple) or any(type(epoch) is not int for epoch in value):
        return False
    return all(before < after for before, after in pairwise((0, *value, MOST_EPOCHS + 1)))


def _number_fault(setting: Setting, value: Any) -> str:
    if value is None and setting.none_said:
        return ""
    whole = setting.kind == "whole number"
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return f"is {value!r}, must be a {setting.kind}, {setting.bounds}"
    assert setting.bounds is not None
    if value not in setting.bounds:
        shown = f"{value:.12g}" if isinstance(value, float) else _shortened(value)
        return f"is {shown}, must be {setting.bounds}"
    return ""


def _shortened(value: int) -> str:
    """A whole number, however many digits it has."""
    return str(value) if abs(value) < 10**18 else f"a number of {value.bit_length()} bits"
