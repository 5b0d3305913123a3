"""What an experiment comes to before it is begun: faults, trials, time, and what is held out."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from cifar_studio.config.experiment.axis import FIXED, Axis
from cifar_studio.config.experiment.experiment import Experiment, ExperimentKind, experiment_faults
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import ConfigError
from cifar_studio.runs import wording
from cifar_studio.ui.workers.cost_estimator import CostEstimator

MOST_PRICED = 64
DRAWN = 32
MOST_VALUES_LOOKED_AT = 40
LATEST_CLOCK_SECONDS = 6 * 24 * 3600
# What a step costs changes little with these, and measuring each value of a range costs minutes.
_PRICED_ALIKE = ("batch_size", "randaugment_operations")


def keys_of_kind(kind: ExperimentKind, *, by_folds: bool) -> frozenset[str]:
    """Keys that the kind of an experiment decides, so that the form need not show them."""
    if kind == "seeds":
        return frozenset()
    keys = {"folds", "fold", "test"}
    return frozenset(keys | {"validation_per_class"} if by_folds else keys)


def can_vary(key: str) -> bool:
    """Whether a search may vary a setting."""
    return key not in FIXED


def variants(config: TrainConfig, axes: Iterable[Axis]) -> list[TrainConfig]:
    """The config, and it with each value by itself; of a range with both ends."""
    values = ((axis.key, value) for axis in axes for value in _looked_at(axis))
    return [config, *(replace(config, **{key: value}) for key, value in values)]


def faults(experiment: Experiment) -> dict[str, str]:
    """Messages by key. Values of different axes are not looked at together: that takes longer."""
    found = experiment_faults(experiment)
    if not found:
        first = {axis.key: _looked_at(axis)[0] for axis in experiment.axes}
        alone = [
            {**first, axis.key: value} for axis in experiment.axes for value in _looked_at(axis)
        ]
        part = 1 if experiment.folds else 0
        for parameters in alone or [{}]:
            try:
                experiment.trial_config(parameters, part)
            except ConfigError as error:
                found = (*found, *error.faults)
    return dict(reversed(found))  # of several at one key the first


@dataclass(frozen=True)
class Price:
    """What an experiment will cost here.

    Attributes
    ----------
    words : str
        How many trials, how long, and when it ends.
    seconds : float or None
        None where the speed is not known.
    """

    words: str
    seconds: float | None


UNKNOWN = Price("", None)


def price(experiment: Experiment, costs: CostEstimator) -> Price:
    """Count the trials, and reckon their time; what is not known is asked for to be measured."""
    configs = planned_configs(experiment)
    seconds = []
    spread = 0.0
    for config in configs:
        priced = _as_measured(config, experiment)
        speed = costs.speed(priced)
        if speed is None:
            why = costs.failure(priced) or "time on this machine: not measured yet"
            return Price(f"{counted(experiment)} · {why}", None)
        seconds.append(speed.seconds(config))
        spread = max(spread, speed.spread)
    trainings = _trainings(experiment)
    each = sum(seconds) / len(seconds) * trainings
    count, budget = experiment.trial_count, (experiment.hours or math.inf) * 3600
    whole = min(budget, each * count if count is not None else math.inf)
    words = [counted(experiment)]
    if each * (count or math.inf) > budget:
        words = [f"about {max(1, math.ceil(budget / each)):,} {_of(count)}trials"]
    may_end_early = experiment.pruning != "none" or any(
        config.early_stopping != "off" for config in configs
    )
    at_most = " at most" if may_end_early else ""
    words.append(f"{wording.about(whole, spread if whole < budget else 0.0)}{at_most} here")
    if whole < LATEST_CLOCK_SECONDS:
        end = datetime.datetime.now() + datetime.timedelta(seconds=whole)
        latest = " at the latest" if may_end_early else ""
        words.append(f"ends about {wording.clock(end)}{latest}")
    text = ", ".join(words)
    return Price(text[0].upper() + text[1:], whole)


def counted(experiment: Experiment) -> str:
    """How many trials or trainings: "3 × 4 = 12 trials", "5 trainings"."""
    if experiment.kind != "search":
        return f"{experiment.trial_count} trainings"
    trials = experiment.trial_count
    if trials is None:
        return f"trials for {experiment.hours:g} h"
    words = _plural(trials, "trial")
    if experiment.method == "grid":
        sizes = [len(axis.values) for axis in experiment.axes]
        product = f"{' × '.join(map(str, sizes))} = " if len(sizes) > 1 else ""
        combinations = math.prod(sizes)
        if trials < combinations:
            words = f"{trials:,} of {product}{combinations:,} trials"
        else:
            words = f"{product}{words}"
    if experiment.folds:
        words += f" of {experiment.folds} trainings each"
    return words


def held_out(experiment: Experiment) -> str:
    """What the trials are judged by, in a sentence or two."""
    config, folds = experiment.config, experiment.folds
    locked = "The test set stays locked."
    if experiment.kind == "seeds":
        last = config.seed + experiment.seeds - 1
        seeds = f"Seeds {config.seed} to {last}" if experiment.seeds > 1 else f"Seed {last}"
        looked = {
            "each_epoch": "the test set is looked at after each epoch",
            "at_end": "the test set is looked at once, at the end",
            "never": "the test set stays locked",
        }[config.test]
        return f"{seeds}; {looked}."
    if folds:
        each = "Each trial: the" if experiment.kind == "search" else "The"
        return (
            f"{each} training pictures are dealt out into {folds} parts, and each part is held "
            f"out once and validated on. {locked}"
        )
    if any(axis.key == "train_per_class" for axis in experiment.axes):
        left = ""
    else:
        left = f", {config.train_per_class} are left to learn from"
    pictures = _plural(config.validation_per_class, "picture")
    return f"Validated on {pictures} a class, taken from the training pictures{left}. {locked}"


def planned_configs(experiment: Experiment) -> list[TrainConfig]:
    """Trainings whose mean cost is that of all: each planned one, or points evenly drawn."""
    axes, part = experiment.axes, 1 if experiment.folds else 0
    base = (
        replace(experiment.config, test="never")
        if experiment.is_test_locked
        else (experiment.config)
    )
    if part:
        base = replace(base, folds=experiment.folds, fold=part)
    if not axes:
        return [base]
    if experiment.method == "grid":
        combinations = math.prod(len(axis.values) for axis in axes)
        count = min(experiment.trial_count or combinations, combinations)
        numbers: Iterable[int] = range(count)
        if count > MOST_PRICED:
            numbers = (int((place + 0.5) * count / MOST_PRICED) for place in range(MOST_PRICED))
        drawn = [_combination(axes, number) for number in numbers]
    else:
        drawn = _evenly_drawn(axes)
    return [replace(base, **parameters) for parameters in drawn]


def _combination(axes: Sequence[Axis], number: int) -> dict[str, Any]:
    """That one of a grid, of which the last axis runs first."""
    parameters = {}
    for axis in reversed(axes):
        number, place = divmod(number, len(axis.values))
        parameters[axis.key] = axis.values[place]
    return parameters


def _evenly_drawn(axes: Sequence[Axis]) -> list[dict[str, Any]]:
    """Points of an additive recurrence, which fill the space of the axes without clusters.

    Its steps are powers of the number that generalises the golden ratio (Roberts 2018, "The
    unreasonable effectiveness of quasirandom sequences").
    """
    ratio = 2.0
    for _ in range(40):
        ratio = (1 + ratio) ** (1 / (len(axes) + 1))
    return [
        {
            axis.key: _at(axis, (0.5 + place * ratio**-number) % 1)
            for number, axis in enumerate(axes, 1)
        }
        for place in range(DRAWN)
    ]


def _at(axis: Axis, share: float) -> Any:
    return axis.at(share) if axis.is_range else axis.values[int(share * len(axis.values))]


def _looked_at(axis: Axis) -> Sequence[Any]:
    return (axis.at(0), axis.at(1)) if axis.is_range else axis.values[:MOST_VALUES_LOOKED_AT]


def _as_measured(config: TrainConfig, experiment: Experiment) -> TrainConfig:
    """The config whose speed is taken for this one's."""
    alike = {
        axis.key: getattr(experiment.config, axis.key)
        for axis in experiment.axes
        if axis.key in _PRICED_ALIKE and axis.is_range
    }
    return replace(config, **alike) if alike else config


def _trainings(experiment: Experiment) -> int:
    """Of one trial."""
    return len(experiment.parts)


def _of(count: int | None) -> str:
    return f"of {count:,} " if count is not None else ""


def _plural(count: int, one: str) -> str:
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"
