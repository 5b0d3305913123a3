"""In which settings runs differ."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cifar_studio.config.presets import nearest_preset
from cifar_studio.config.serialization import to_mapping
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.library import Run

UNKNOWN = "unknown"


@dataclass(frozen=True)
class SettingApart:
    """One setting.

    Attributes
    ----------
    name : str
        A key of `TrainConfig`, or what was found at the start of a run, in words.
    values : tuple of str
        Each run's.
    """

    name: str
    values: tuple[str, ...]


def settings_apart(runs: Sequence[Run]) -> list[SettingApart]:
    """Settings, data and machine in which not all of these runs are the same."""
    configs = [dict(all_settings(run.config)) for run in runs]
    keys = configs[0] if configs else ()
    settings = _apart((key, tuple(config[key] for config in configs)) for key in keys)
    return [*settings, *circumstances_apart(runs)]


def circumstances_apart(runs: Sequence[Run]) -> list[SettingApart]:
    """Versions, data and machine in which not all of these runs are the same."""
    return _apart(_circumstances(runs))


def all_settings(config: TrainConfig) -> list[tuple[str, str]]:
    """Every key of a config with its value, as the command line takes it."""
    return [
        (key, value if isinstance(value, str) else json.dumps(value))
        for key, value in to_mapping(config).items()
    ]


def changes_from_preset(run: Run) -> tuple[str, list[SettingApart]]:
    """Title of the nearest preset; each changed setting with its values there and in the run."""
    preset = nearest_preset(run.config)
    both = zip(all_settings(preset.config), all_settings(run.config), strict=True)
    return preset.title, _apart((key, (its, ours)) for (key, its), (_, ours) in both)


def _apart(values_of: Iterable[tuple[str, tuple[str, ...]]]) -> list[SettingApart]:
    return [SettingApart(name, values) for name, values in values_of if len(set(values)) > 1]


def _circumstances(runs: Sequence[Run]) -> Iterator[tuple[str, tuple[str, ...]]]:
    places = [run.environment for run in runs]
    yield "data", tuple(run.data_name for run in runs)
    yield "data digest", tuple(e.data.digest[:12] if e else UNKNOWN for e in places)
    yield "device used", tuple(e.device_name if e else UNKNOWN for e in places)
    yield "precision used", tuple(e.resolved.precision if e else UNKNOWN for e in places)
    yield "threads", tuple(str(e.resolved.threads) if e else UNKNOWN for e in places)
    yield "memory format", tuple(e.resolved.memory_format if e else UNKNOWN for e in places)
    yield "torch", tuple(e.torch if e else UNKNOWN for e in places)
    yield "torchvision", tuple(e.torchvision if e else UNKNOWN for e in places)
    yield "CIFAR Studio", tuple(e.studio if e else UNKNOWN for e in places)
    yield "epochs run", tuple(str(len(run.rows)) for run in runs)
