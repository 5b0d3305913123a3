"""What a run ran on: `environment.json`. Chosen once at the start, used again on a resume."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

_Count = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]


MemoryFormat = Literal["contiguous", "channels_last"]
ResolvedPrecision = Literal["float32", "bfloat16", "float16"]


class Choice(msgspec.Struct, frozen=True):
    """The fastest of what a machine can train a network with."""

    memory_format: MemoryFormat
    precision: ResolvedPrecision


class ResolvedSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What was chosen by looking at the machine; each of these changes the last bits."""

    device: str  # "cpu", "cuda:0", "mps"
    threads: _Count  # that torch computes with on the CPU
    memory_format: str  # "contiguous" or "channels_last"
    precision: str  # "float32", "bfloat16" or "float16"
    specialized: bool  # whether the network was rewritten for 32x32 pictures


def changed_settings(before: ResolvedSettings, after: ResolvedSettings) -> str:
    """In which of them two differ: "threads 2 before, 4 now"; empty where in none."""
    return ", ".join(
        f"{key.replace('_', ' ')} {getattr(before, key)} before, {getattr(after, key)} now"
        for key in ResolvedSettings.__struct_fields__
        if getattr(before, key) != getattr(after, key)
    )


class DataFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Which pictures a run saw, how many of them, and how they were normalised."""

    name: str  # "CIFAR-100" or "demo"
    digest: str  # sha256 of the complete set's pictures and labels
    source: str  # the folder or archive they were read from; "built in" for the demo set
    train_pictures: _Count
    test_pictures: _Count
    validation_pictures: _Count
    complete: bool  # whether no training or test picture of the set was left out
    mean: list[float]  # per channel, in [0, 1]
    std: list[float]

    @property
    def is_demo(self) -> bool:
        return self.name == "demo"


class TrialOf(msgspec.Struct, frozen=True, kw_only=True):
    """The place of a run in an experiment: which trial, and of several trainings which part."""

    experiment: str
    trial: _Count
    part: _Count = 0


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """Versions, machine, data and command of a run."""

    studio: str
    python: str
    torch: str
    torchvision: str
    numpy: str
    cuda: str
    operating_system: str
    processor: str
    device_name: str
    resolved: ResolvedSettings
    data: DataFacts
    command: list[str]
    started: str
    repeats: str = ""  # the run folder whose settings and machine it took again; empty for most
    trial: TrialOf | None = None  # of which experiment it is; None for most
