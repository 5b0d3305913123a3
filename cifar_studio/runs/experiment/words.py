"""An experiment and its trials in words: the same in the terminal, the window and on exports."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cifar_studio.config.experiment.axis import Axis, value_in_words
from cifar_studio.config.experiment.experiment import METRIC_TITLES, Experiment
from cifar_studio.config.settings import SETTINGS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.plain_text import printable
from cifar_studio.runs import wording
from cifar_studio.runs.experiment.results import figure_name
from cifar_studio.runs.experiment.trials import Trial
from cifar_studio.runs.folder.epochs import LARGEST
from cifar_studio.runs.wording import MINUS, NONE

_MOST_LETTERS = 80
_NUMBER_DIGITS = 4
_FOLD_KEYS = ("folds", "fold")


def setting_title(key: str) -> str:
    """What a setting is called among others: "learning rate"."""
    return key.replace("_", " ")


def varied_keys(experiment: Experiment, trials: Sequence[Trial]) -> tuple[str, ...]:
    """The settings in which trials differ: those of the axes, else those that trials set."""
    if experiment.axes:
        return tuple(axis.key for axis in experiment.axes)
    found = dict.fromkeys(key for trial in trials for key in trial.parameters)
    return tuple(key for key in found if key in SETTINGS)


def figure_title(experiment: Experiment) -> str:
    """What trials are judged by, with its unit: "validation top-1, %"."""
    name = figure_name(experiment)
    words = next((title for key, title in METRIC_TITLES.items() if key == name), "test top-1")
    unit = "nats" if _is_loss(experiment) else "%"
    return f"{words}, {unit}"


def figure_words(experiment: Experiment, value: float | None) -> str:
    """A trial's figure: "41.20 %", "2.3517 nats", "no figure"."""
    value = usable(value)
    if value is None:
        return "no figure"
    return f"{value:.4f} nats" if _is_loss(experiment) else f"{value:.2f} %"


def figure_form(experiment: Experiment) -> str:
    """How its figures are formatted."""
    return "{:.4f}" if _is_loss(experiment) else "{:.2f}"


def usable(value: float | None) -> float | None:
    """A figure with which sums and plots can reckon; a stranger's ledger may hold any."""
    return value if value is not None and abs(value) < LARGEST else None


def parameter_words(value: Any) -> str:
    """A parameter's value, short and printable: "0.031", "none", "60 120"."""
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.{_NUMBER_DIGITS}g}"
    words = printable(value_in_words(value))
    return words if len(words) <= _MOST_LETTERS else f"{words[:_MOST_LETTERS]}…"


def parameters_words(parameters: Mapping[str, Any], keys: Sequence[str]) -> str:
    """What a trial sets of these keys: "learning_rate 0.031, momentum 0.9"."""
    shown = [f"{key} {parameter_words(parameters[key])}" for key in keys if key in parameters]
    return ", ".join(shown)


def setting_words(key: str, value: Any) -> str:
    """A setting's value as a person reads it: "0.0213", "ResNet18", "on"."""
    known = SETTINGS[key]
    if value is None:
        return known.none_said or NONE
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.{_NUMBER_DIGITS}g}".replace("-", MINUS)
    return known.choices.get(str(value), parameter_words(value))


def trial_words(experiment: Experiment, trial: Trial, config: TrainConfig) -> list[str]:
    """What sets a training apart from the others: ["learning rate 0.031", "momentum 0.9"].

    `config` is the training's own: of a trial that has several it tells the fold.
    """
    if experiment.kind == "report":
        seed = [f"seed {config.seed}"] if experiment.seeds > 1 else []
        return [wording.network(config), *seed]
    set_ones = [
        f"{setting_title(key)} {setting_words(key, trial.parameters[key])}"
        for key in varied_keys(experiment, (trial,))
        if key in trial.parameters and key not in _FOLD_KEYS
    ]
    return [wording.fold(config), *set_ones] if config.folds else set_ones


def axis_words(axis: Axis) -> str:
    """What a setting was varied over: "0.001 to 0.1, logarithmic", "0.8, 0.9 or 0.95"."""
    if axis.is_range:
        scale = ", logarithmic" if axis.logarithmic else ""
        return f"{axis.low:g} to {axis.high:g}{scale}"
    *others, last = map(parameter_words, axis.values)
    return f"{', '.join(others)} or {last}"


def number_of(count: int, one: str, many: str = "") -> str:
    """ "1 trial", "1,000 trials"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _is_loss(experiment: Experiment) -> bool:
    return figure_name(experiment).endswith("loss")
