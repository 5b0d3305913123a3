"""What a valid `TrainConfig` is: one function that the form and the command line share."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

from cifar_studio.config.architectures import architecture
from cifar_studio.config.train_config import TrainConfig

_DEVICE = re.compile(r"auto|cpu|cuda|mps|cuda:\d{1,3}")
PICTURES_PER_CLASS = 500


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with one key, in words for a person."""

    key: str
    message: str


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


BOUNDS: dict[str, Bounds] = {
    "dropout": Bounds(0.0, 1.0, high_open=True),
    "epochs": Bounds(1, 100_000),
    "batch_size": Bounds(2, 4096),
    "learning_rate": Bounds(0.0, 10.0, low_open=True),
    "momentum": Bounds(0.0, 1.0, high_open=True),
    "weight_decay": Bounds(0.0, 1.0),
    "train_per_class": Bounds(1, PICTURES_PER_CLASS),
    "test_per_class": Bounds(1, 100),
    "validation_per_class": Bounds(0, 100),
    "seed": Bounds(0, 2**63 - 1),
}

_INTEGERS = {name for name, hint in get_type_hints(TrainConfig).items() if hint is int}
_FLAGS = {name for name, hint in get_type_hints(TrainConfig).items() if hint is bool}
CHOICES: dict[str, tuple[str, ...]] = {
    name: get_args(hint)
    for name, hint in get_type_hints(TrainConfig).items()
    if hint is not str and all(isinstance(value, str) for value in get_args(hint) or (0,))
}


def check(config: TrainConfig) -> tuple[Fault, ...]:
    """All faults of a config, in the order of its keys; empty where it can be trained."""
    faults = [fault for key in BOUNDS if (fault := _number_fault(key, getattr(config, key)))]
    for key, allowed in CHOICES.items():
        value = getattr(config, key)
        if value not in allowed:
            faults.append(Fault(key, f"is {value!r}, must be one of {', '.join(allowed)}"))
    for key in sorted(_FLAGS):
        if not isinstance(getattr(config, key), bool):
            faults.append(Fault(key, f"is {getattr(config, key)!r}, must be true or false"))
    if not isinstance(config.device, str) or not _DEVICE.fullmatch(config.device):
        faults.append(
            Fault("device", f"is {config.device!r}, must be auto, cpu, cuda, cuda:N or mps")
        )
    if not faults:
        faults.extend(_combination_faults(config))
    order = {key: position for position, key in enumerate(TrainConfig.__struct_fields__)}
    return tuple(sorted(faults, key=lambda fault: order[fault.key]))


def _number_fault(key: str, value: Any) -> Fault | None:
    if key == "dropout" and value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int if key in _INTEGERS else int | float):
        kind = "a whole number" if key in _INTEGERS else "a number"
        return Fault(key, f"is {value!r}, must be {kind}, {BOUNDS[key]}")
    if value not in BOUNDS[key]:
        shown = f"{value:.12g}" if isinstance(value, float) else _shortened(value)
        return Fault(key, f"is {shown}, must be {BOUNDS[key]}")
    return None


def _shortened(value: int) -> str:
    """A whole number, however many digits it has."""
    return str(value) if abs(value) < 10**18 else f"a number of {value.bit_length()} bits"


def _combination_faults(config: TrainConfig) -> list[Fault]:
    faults = []
    network = architecture(config.architecture)
    if config.dropout_sites == "blocks":
        if not network.has_blocks:
            faults.append(
                Fault("dropout_sites", f"{network.title} has no blocks, must be classifier")
            )
        elif config.dropout is None:
            faults.append(Fault("dropout", "must be a rate when dropout_sites is blocks"))
    if config.nesterov and config.momentum == 0:
        faults.append(Fault("nesterov", "needs a momentum above 0"))
    if config.train_per_class + config.validation_per_class > PICTURES_PER_CLASS:
        faults.append(
            Fault(
                "validation_per_class",
                f"is {config.validation_per_class}, and with train_per_class "
                f"{config.train_per_class} more than the {PICTURES_PER_CLASS} pictures a class; "
                f"lower one of them",
            )
        )
    if config.precision == "float16" and config.device == "cpu":
        faults.append(Fault("precision", "float16 needs a GPU; use float32 or bfloat16 on a CPU"))
    pictures = 100 * config.train_per_class
    if pictures % min(config.batch_size, pictures) == 1:
        faults.append(
            Fault(
                "batch_size",
                f"leaves a last batch of one picture of {pictures}, which batch "
                f"normalisation cannot take; use {config.batch_size + 1}",
            )
        )
    return faults
