"""The report's study as settings: its six runs, whole or smaller, with one seed or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from cifar_studio.config.presets import AS_PRINTED, REPORT_PRESETS, Preset
from cifar_studio.config.serialization import checked, differences, from_words
from cifar_studio.config.settings import setting_in_words
from cifar_studio.config.train_config import TrainConfig


@dataclass(frozen=True)
class StudySize:
    """How much of the study is repeated.

    Attributes
    ----------
    epochs : int or None
        Of every run; None is as many as the report's.
    train_per_class, test_per_class : int or None
        Pictures; None is all of them.
    seeds : int
        Runs of each kind, with seeds from 0 on.
    """

    epochs: int | None = None
    train_per_class: int | None = None
    test_per_class: int | None = None
    seeds: int = 1


SIZES = ("epochs", "train_per_class", "test_per_class")
FULL = StudySize()
SHORT = StudySize(epochs=3, train_per_class=100)


@dataclass(frozen=True)
class StudyRun:
    """A run of the study, and the report's run that it repeats."""

    preset: Preset
    config: TrainConfig

    @property
    def mark(self) -> str:
        """What sets it apart from the report's run: "short: 3 epochs, 100 pictures a class"."""
        smaller = _smaller(self.config, self.preset.config)
        return f"short: {_in_words(self.config, smaller)}" if smaller else ""


def repeated_preset(config: TrainConfig) -> Preset | None:
    """The report's run that a config repeats, whole or smaller, as it ran or as it is printed.

    The report names no seed: any will do.
    """
    for preset in (*REPORT_PRESETS, *AS_PRINTED.values()):
        smaller = _smaller(config, preset.config)
        if differences(config, preset.config).keys() <= {*smaller, "seed"}:
            return preset
    return None


def shortened_by(config: TrainConfig) -> str:
    """What makes a run a smaller form of one of the report's; empty for every other run.

    "3 epochs, 100 training pictures a class".
    """
    preset = repeated_preset(config)
    return _in_words(config, _smaller(config, preset.config)) if preset is not None else ""


def is_as_printed(config: TrainConfig) -> bool:
    """Whether it is one of the report's runs, whole or smaller, with the settings it prints."""
    return repeated_preset(config) in AS_PRINTED.values()


def _smaller(config: TrainConfig, report: TrainConfig) -> list[str]:
    return [key for key in SIZES if getattr(config, key) < getattr(report, key)]


def _in_words(config: TrainConfig, keys: list[str]) -> str:
    return ", ".join(setting_in_words(key, getattr(config, key)) for key in keys)


def study_runs(
    size: StudySize = FULL, words: Sequence[str] = (), *, as_printed: bool = False
) -> list[StudyRun]:
    """The report's six runs in its order, seed by seed.

    Parameters
    ----------
    size : StudySize
    words : sequence of str
        Other settings as `KEY=VALUE`, the same for all runs.
    as_printed : bool
        With the settings that the report prints, not with those that repeat its figures.

    Raises
    ------
    ConfigError
        A value is out of its range.
    """
    smaller = {key: value for key in SIZES if (value := getattr(size, key)) is not None}
    found = []
    for number in range(size.seeds):
        for preset in AS_PRINTED.values() if as_printed else REPORT_PRESETS:
            config = from_words(words, replace(preset.config, **smaller))
            found.append(StudyRun(preset, checked(replace(config, seed=config.seed + number))))
    return found
