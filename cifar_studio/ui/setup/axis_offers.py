"""What a setting that is varied is offered to be varied over, and how what is typed is read."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from cifar_studio.config.check import check
from cifar_studio.config.experiment.axis import Axis, parse_axis, value_in_words
from cifar_studio.config.setting_types import Bounds, Setting
from cifar_studio.config.settings import SETTINGS
from cifar_studio.config.train_config import TrainConfig

STEPS_OF_RANGE = 5
"""So many values of a range are taken where every combination is tried."""
LOG = ":log"
_MIDDLE_OF_NONE = 1e-3  # where a number on a logarithmic scale is 0
# Whose usual values lie nowhere near what is off.
_OFFERED = {"weight_averaging": "0, 0.99, 0.999", "final_share": "0, 0.001, 0.01"}


def offered_words(setting: Setting, config: TrainConfig, *, as_values: bool) -> str:
    """What lies around a config's value: a choice's values, three numbers, or a range.

    Parameters
    ----------
    as_values : bool
        Whether numbers are offered as values, and not as a range.
    """
    if setting.kind == "switch":
        return "false,true"
    if setting.bounds is None:
        if setting.kind == "epochs":
            first, second = config.epochs // 2, config.epochs * 3 // 4
            milestones = ", ".join(map(str, getattr(config, setting.key))) or str(second)
            return f"{milestones}; {first}, {second}"
        fitting = [value for value in setting.choices if _fits(config, setting.key, value)]
        return ",".join(fitting if len(fitting) > 1 else setting.choices)
    if setting.key in _OFFERED:
        return _OFFERED[setting.key]
    numbers = _around(setting, setting.bounds, _number(setting.key, config))
    numbers = [number for number in numbers if _fits(config, setting.key, number)] or numbers
    words = list(dict.fromkeys(map(value_in_words, numbers)))
    if as_values or len(words) < 2:
        return ", ".join(words)
    return f"{words[0]}..{words[-1]}{LOG if setting.scale == 'logarithmic' else ''}"


def read_axis(key: str, words: str, *, as_values: bool) -> Axis:
    """What a person typed: "0.8, 0.9", "0,8; 0,9", "0.001..0.1:log", "0.001 to 0.1".

    Parameters
    ----------
    as_values : bool
        Whether a range is to become values that lie evenly in it.

    Raises
    ------
    ConfigError
        As `parse_axis`.
    """
    setting = SETTINGS[key]
    if setting.bounds is not None:
        words = words.strip().replace("\N{MINUS SIGN}", "-").replace(" to ", "..")
        if ".." in words or ";" in words:  # 0,01 is how half of the world writes it
            words = words.replace(",", ".").replace(";", ",")
        if setting.none_said:
            words = ",".join(
                "null" if word.strip() == setting.none_said else word for word in words.split(",")
            )
        if as_values and ".." in words and not words.rpartition(":")[2].strip().isdigit():
            words = f"{words}:{_steps(setting, words)}"
    return parse_axis(f"{key}={words}")


def values_in_words(axis: Axis) -> str:
    """What a range became: "5 values: 0.001, 0.00316228, …"."""
    shown = ", ".join(
        f"{value:.3g}" if isinstance(value, float) else value_in_words(value)
        for value in axis.values
    )
    return f"{len(axis.values)} values: {shown}"


def _number(key: str, config: TrainConfig) -> float:
    """The value, or what the lack of one stands for."""
    value = getattr(config, key)
    if value is None:
        return config.dropout_rate if key == "dropout" else config.scheduled_epochs
    return float(value) if isinstance(value, float) else int(value)


def _around(setting: Setting, bounds: Bounds, value: float) -> list[Any]:
    """Three numbers in rising order, the value among them where it can be."""
    if setting.scale == "logarithmic":
        middle = value or _MIDDLE_OF_NONE
        numbers = [middle / 10, middle, middle * 10]
    elif setting.kind == "whole number":
        numbers = [value // 2, value, value * 2] if value > 1 else [value, value + 1, value + 2]
    else:
        step = setting.step
        first = value if value - step < bounds.low else value - step
        numbers = [first, first + step, first + 2 * step]
    inside = [_clipped(setting, bounds, number) for number in numbers]
    return sorted(set(map(int, inside) if setting.kind == "whole number" else inside))


def _clipped(setting: Setting, bounds: Bounds, number: float) -> float:
    """The number, or the nearest one that a person would write; an open end is not reached."""
    margin = setting.step / 10
    if number <= bounds.low:
        return bounds.low + margin if bounds.low_open else bounds.low
    if number >= bounds.high:
        return bounds.high - margin if bounds.high_open else bounds.high
    return float(f"{number:.6g}") if isinstance(number, float) else number


def _fits(config: TrainConfig, key: str, value: Any) -> bool:
    """Whether a value brings no fault that is not there without it."""
    return len(check(replace(config, **{key: value}))) <= len(check(config))


def _steps(setting: Setting, words: str) -> int:
    """How many values of a range: all whole numbers where those are few."""
    low, _, rest = words.partition("..")
    high = rest.partition(":")[0]
    if setting.kind == "whole number" and low.strip().isdigit() and high.strip().isdigit():
        return max(2, min(STEPS_OF_RANGE, int(high) - int(low) + 1))
    return STEPS_OF_RANGE
