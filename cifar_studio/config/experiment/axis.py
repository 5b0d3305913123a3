"""What a search varies: one setting, with values to choose from or a range to draw from.

As words: `momentum=0.8,0.9,0.95`, `learning_rate=0.001..0.1:log`, `batch_size=32..256:log`, and
`learning_rate=0.001..0.1:log:5` for five values that lie evenly in a range.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from cifar_studio.config.check import value_fault
from cifar_studio.config.serialization import as_setting
from cifar_studio.config.settings import SETTINGS
from cifar_studio.errors import BadInputError, ConfigError

MOST_VALUES = 1000
FIXED = {
    "seed": "is chance and no choice: use --kind seeds",
    "folds": "is how a trial is judged: use --folds",
    "fold": "is how a trial is judged: use --folds",
    "test": "stays locked in a search",
    "validation_per_class": "is how a trial is judged, and must be the same for all",
    "test_per_class": "is how a winner is judged, and must be the same for all",
    "device": "is where a trial runs: use --devices",
}
"""Keys that no search may vary, and why."""


class Axis(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One setting that is varied.

    Attributes
    ----------
    key : str
        Of `TrainConfig`.
    values : tuple
        What is chosen from, as plain JSON types; empty for a range.
    low, high : float or None
        Both ends of a range, inclusive; of a whole number they are whole.
    logarithmic : bool
        Whether a range is drawn from by ratio: each factor of ten is as likely.
    """

    key: str
    values: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    logarithmic: bool = False

    @property
    def is_range(self) -> bool:
        return not self.values

    @property
    def is_whole(self) -> bool:
        """Whether it is of whole numbers."""
        return SETTINGS[self.key].kind == "whole number"

    @property
    def is_numeric(self) -> bool:
        """Whether all that it may be are numbers, so that they have an order and distances."""
        return self.is_range or all(
            isinstance(value, int | float) and not isinstance(value, bool) for value in self.values
        )

    def at(self, share: float) -> float | int:
        """The value at a share, 0 to 1, of the range. Whole numbers get equal shares."""
        assert self.low is not None
        assert self.high is not None
        low, high = self.low, self.high
        if self.is_whole:
            low, high = low - 0.5, high + 0.5
        if self.logarithmic:
            value = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
        else:
            value = low + share * (high - low)
        if self.is_whole:
            return int(min(max(round(value), self.low), self.high))
        return min(max(value, self.low), self.high)

    def in_words(self) -> str:
        """As `parse_axis` reads it."""
        if not self.is_range:
            return f"{self.key}={','.join(map(value_in_words, self.values))}"
        ends = f"{_number_in_words(self.low)}..{_number_in_words(self.high)}"
        return f"{self.key}={ends}{':log' if self.logarithmic else ''}"


def parse_axis(words: str) -> Axis:
    """Read an axis as `--vary` takes it.

    Raises
    ------
    ConfigError
        Unknown key, a value out of its range, fewer than two values, ends in the wrong order.
    """
    key, equals, text = words.partition("=")
    key = key.strip()
    if not equals:
        raise BadInputError(
            f"--vary {words} has no '='",
            "Write it as KEY=VALUE,VALUE or KEY=LOW..HIGH, such as momentum=0.8,0.9",
        )
    if key not in SETTINGS:
        raise ConfigError(((key, "unknown key"),), "`cifar-studio settings` lists them all")
    is_range = ".." in text and SETTINGS[key].bounds is not None
    axis = _range(key, text.strip()) if is_range else _choice(key, text)
    return checked_axis(axis)


def checked_axis(axis: Axis) -> Axis:
    """`axis` itself where it can be searched; raises ConfigError."""
    fault = axis_fault(axis)
    if fault:
        raise ConfigError(((axis.key, fault),))
    return axis


def axis_fault(axis: Axis) -> str:
    """What is wrong with an axis, in words; empty where nothing is."""
    if axis.key not in SETTINGS:
        return "unknown key"
    if axis.key in FIXED:
        return FIXED[axis.key]
    setting = SETTINGS[axis.key]
    if axis.is_range:
        if setting.bounds is None:
            return "has no range; give values"
        if axis.low is None or axis.high is None:
            return "needs two values or more, or a range"
        if not axis.low < axis.high:
            return f"has a range from {axis.low:g} to {axis.high:g}, which is none"
        if axis.logarithmic and axis.low <= 0:
            return "has a logarithmic range, which must begin above 0"
        ends: tuple[Any, ...] = (axis.low, axis.high)
        if axis.is_whole:
            ends = tuple(int(end) if end == int(end) else end for end in ends)
    else:
        if len(axis.values) < 2:
            return f"needs two values or more{', or a range' if setting.bounds else ''}"
        if len(axis.values) > MOST_VALUES:
            return f"has {len(axis.values):,} values, {MOST_VALUES:,} at most"
        if len({repr(value) for value in axis.values}) < len(axis.values):
            return "has a value twice"
        ends = axis.values
    faults = (value_fault(setting, as_setting(axis.key, value)) for value in ends)
    return next(filter(None, faults), "")


def spaced(axis: Axis, count: int) -> Axis:
    """So many values that lie evenly in a range, its ends among them, in place of the range."""
    if axis.low is None or axis.high is None:
        return axis
    shares = [number / (count - 1) for number in range(count)] if count > 1 else [0.0]
    if axis.logarithmic and axis.low > 0:
        ratio = axis.high / axis.low
        values: Iterable[float] = (axis.low * ratio**share for share in shares)
    else:
        values = (axis.low + share * (axis.high - axis.low) for share in shares)
    if axis.is_whole:
        return Axis(key=axis.key, values=tuple(dict.fromkeys(round(value) for value in values)))
    return Axis(key=axis.key, values=tuple(float(f"{value:.6g}") for value in values))


def widened(axis: Axis, at_high: bool) -> Axis:
    """A range twice as wide (ten times, by ratio) on one side, as far as its setting allows."""
    bounds = SETTINGS[axis.key].bounds
    assert axis.low is not None
    assert axis.high is not None
    assert bounds is not None
    span = axis.high - axis.low
    if at_high:
        high = axis.high * 10 if axis.logarithmic else axis.high + span
        if bounds.high_open and high >= bounds.high:
            return axis
        return replace(axis, high=min(high, bounds.high))
    low = axis.low / 10 if axis.logarithmic else axis.low - span
    low = max(low, bounds.low)
    if (bounds.low_open and low <= bounds.low) or (axis.logarithmic and low <= 0):
        return axis
    return replace(axis, low=low)


def value_in_words(value: Any) -> str:
    """A value as `--set` takes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.6g}"
    return json.dumps(value)


def _number_in_words(value: float | None) -> str:
    return "" if value is None else f"{value:.12g}"


def _range(key: str, text: str) -> Axis:
    ends, *options = text.split(":")
    first, _, last = ends.partition("..")
    counts = [word for word in options if word.isdigit()]
    others = [word for word in options if word not in ("log", *counts)]
    if others or len(counts) > 1:
        raise ConfigError(
            ((key, f"has a range with :{(others or counts)[-1]}"),),
            "After a range stand :log, or how many values, or both",
        )
    try:
        low, high = float(first), float(last)
    except ValueError:
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ConfigError(((key, f"{ends} is no range of numbers"),))
    axis = Axis(key=key, low=low, high=high, logarithmic="log" in options)
    if not counts:
        return axis
    checked_axis(axis)
    if not 2 <= int(counts[0]) <= MOST_VALUES:
        raise ConfigError(((key, f"is to have {counts[0]} values, 2 to {MOST_VALUES}"),))
    return spaced(axis, int(counts[0]))


def _choice(key: str, text: str) -> Axis:
    values = []
    for word in text.split(";" if SETTINGS[key].kind == "epochs" else ","):
        if not word.strip():
            continue
        try:
            value = json.loads(word)
        except (ValueError, RecursionError):
            value = word.strip()
        if isinstance(value, float) and not math.isfinite(value):
            value = word.strip()
        values.append(as_setting(key, value))
    return Axis(key=key, values=tuple(values))
