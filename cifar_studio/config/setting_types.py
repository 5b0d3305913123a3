"""How a setting is described: what it is called, may be, means, and how it is said."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from cifar_studio.config.train_config import TrainConfig

Kind = Literal["whole number", "number", "switch", "choice", "device", "epochs"]
"""Of "epochs" is a rising list of them, such as [60, 120, 160]."""


@dataclass(frozen=True)
class Bounds:
    """The closed or half-open range of a number.

    Attributes
    ----------
    low, high : float
    low_open, high_open : bool
        Whether the end itself is excluded.
    """

    low: float
    high: float
    low_open: bool = False
    high_open: bool = False

    def __contains__(self, value: float) -> bool:
        above = value > self.low if self.low_open else value >= self.low
        below = value < self.high if self.high_open else value <= self.high
        return (isinstance(value, int) or math.isfinite(value)) and above and below

    def __str__(self) -> str:
        if self.high >= 2**62:
            return f"{self.low:g} or more"
        if not self.low_open and not self.high_open:
            return f"{self.low:g} to {self.high:g}"
        low = f"above {self.low:g}" if self.low_open else f"{self.low:g} or more"
        high = f"below {self.high:g}" if self.high_open else f"at most {self.high:g}"
        return f"{low} and {high}"


@dataclass(frozen=True)
class Setting:
    """One key of `TrainConfig`.

    Attributes
    ----------
    key, title : str
        The title labels the field in the form; empty where the field above labels both.
    group : str
        One of `settings.GROUPS`.
    sentence : str
        What it does, for a student, with its range where that is worth saying.
    kind : Kind
        As the type of the field in `TrainConfig` has it.
    bounds : Bounds or None
        Of a number.
    unit : str
        What a number counts; empty for a pure number.
    scale : {"linear", "logarithmic"}
        How steps and ranges of a number run.
    step : float
        What an arrow key adds to a number on a linear scale.
    none_said : str
        What the value None means; empty where there is no such value.
    choices : dict of value to label
        Of a choice, and the usual ones of a device.
    caption : str
        What stands beside the box of a switch.
    method : str
        How a text on methods says that a switch is on; empty where it says nothing.
    said : callable or None
        Gives a value in a few words, "10 epochs", where it is not its name and the value.
    fault : callable
        When it means nothing beside the other settings: why, in words; empty where all is well.
    counts : callable
        Whether it changes anything beside the other settings: the form shows it only then.
    hint : callable
        What a person should know of it beside the other settings; empty where there is nothing.
    """

    key: str
    title: str
    group: str
    sentence: str
    kind: Kind
    bounds: Bounds | None = None
    unit: str = ""
    scale: Literal["linear", "logarithmic"] = "linear"
    step: float = 1
    none_said: str = ""
    choices: dict[str, str] = field(default_factory=dict)
    caption: str = ""
    method: str = ""
    said: Callable[[Any], str] | None = None
    fault: Callable[[TrainConfig], str] = lambda _config: ""
    counts: Callable[[TrainConfig], bool] = lambda _config: True
    hint: Callable[[TrainConfig], str] = lambda _config: ""

    @property
    def range_text(self) -> str:
        """What it may be: "1 to 100000", "auto, cpu, cuda, cuda:N or mps"."""
        if self.kind == "device":
            return "auto, cpu, cuda, cuda:N or mps"
        if self.kind == "switch":
            return "true or false"
        if self.kind == "epochs":
            return "epochs in rising order, such as 60,120,160"
        if self.kind == "choice":
            return ", ".join(self.choices)
        none = f", or null: {self.none_said}" if self.none_said else ""
        return f"{self.bounds}{none}"

    def in_words(self, value: Any) -> str:
        """A value in a few words: "10 epochs", "batch size 64", "Nesterov momentum"."""
        if self.said is not None:
            return self.said(value)
        name = self.key.replace("_", " ")
        if value is None:
            return f"{self.none_said} {name}"
        return f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
