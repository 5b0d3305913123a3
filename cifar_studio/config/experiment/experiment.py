"""An experiment: many trainings that answer one question, as `experiment.json` describes it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from cifar_studio.config.experiment.axis import Axis, axis_fault
from cifar_studio.config.serialization import from_mapping
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import ConfigError

ExperimentKind = Literal["queue", "report", "seeds", "folds", "search"]
Method = Literal["grid", "random", "tpe"]
Pruning = Literal["none", "median", "hyperband"]
Metric = Literal["val_top1", "val_top5", "val_loss"]

FEWEST_FOLDS, MOST_FOLDS = 2, 20
MOST_TRIALS = 10_000
VALIDATION_SHARE = 10
"""Of a search without a validation split one picture in so many is held out for it."""
KIND_TITLES: dict[ExperimentKind, str] = {
    "queue": "Queue",
    "report": "Report",
    "seeds": "Seeds",
    "folds": "Folds",
    "search": "Search",
}
METHOD_TITLES: dict[Method, str] = {
    "grid": "every combination",
    "random": "at random",
    "tpe": "learn as it goes",
}
PRUNING_TITLES: dict[Pruning, str] = {
    "none": "every trial to its end",
    "median": "worse than the median",
    "hyperband": "many short, few long ones",
}
METRIC_TITLES: dict[Metric, str] = {
    "val_top1": "validation top-1",
    "val_top5": "validation top-5",
    "val_loss": "validation loss",
}


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    """A question, and how its trials are made.

    Attributes
    ----------
    kind : ExperimentKind
    config : TrainConfig
        What all trials have in common; each has parameters on top of it. By itself it may lack
        what only they have, such as a fold to be judged by.
    data : str
        "auto", "demo", or a folder or archive.
    preset : str
        The preset that the config came from; empty where there was none.
    seeds : int
        Of kinds `seeds` and `report`.
    folds : int
        Of kind `folds`; of a search: each trial is trained once for each of so many folds, and
        judged by their mean. 0 is one validation split.
    axes : tuple of Axis
        What a search varies.
    method, pruning, metric
        How a search proposes its trials, ends them early, and judges them.
    trials : int or None
        How many a search has at most; None is all combinations of a grid, or no bound but `hours`.
    hours : float or None
        After so many hours of training by all trials together a search begins no other.
    seed : int
        Of what a search draws; the trainings take theirs from the config.
    runs : str
        The folder of runs in which its trials stand; empty for the person's own.
    follows : str
        The name of the experiment whose answer this one takes further.
    created : str
        ISO 8601 with the zone.
    """

    kind: ExperimentKind
    config: TrainConfig = TrainConfig()
    data: str = "auto"
    preset: str = ""
    seeds: int = 1
    folds: int = 0
    axes: tuple[Axis, ...] = ()
    method: Method = "random"
    pruning: Pruning = "none"
    metric: Metric = "val_top1"
    trials: int | None = None
    hours: float | None = None
    seed: int = 0
    runs: str = ""
    follows: str = ""
    created: str = ""

    @property
    def is_test_locked(self) -> bool:
        """Whether no trial may look at the test set."""
        return self.kind in ("folds", "search")

    @property
    def is_maximized(self) -> bool:
        """Whether a larger figure is a better one."""
        return self.metric != "val_loss"

    @property
    def is_planned_ahead(self) -> bool:
        """Whether all trials are known from the start, and not proposed one by one."""
        return self.kind != "search" or self.method == "grid"

    @property
    def parts(self) -> tuple[int, ...]:
        """The trainings of one trial: its folds, from 1; (0,) for a single one."""
        if self.kind == "search" and self.folds:
            return tuple(range(1, self.folds + 1))
        return (0,)

    @property
    def trial_count(self) -> int | None:
        """How many trials it has at most; None where only hours bound it."""
        if self.kind == "seeds":
            return self.seeds
        if self.kind == "folds":
            return self.folds
        if self.kind == "search" and self.method == "grid":
            combinations = math.prod(len(axis.values) for axis in self.axes)
            return combinations if self.trials is None else min(combinations, self.trials)
        return self.trials

    def trial_config(self, parameters: Mapping[str, Any], part: int = 0) -> TrainConfig:
        """The settings of one training of a trial. Raises ConfigError where they do not fit."""
        fixed: dict[str, Any] = {"folds": self.folds, "fold": part} if part else {}
        if self.is_test_locked:
            fixed["test"] = "never"
        return from_mapping({**parameters, **fixed}, self.config)


def planned_parameters(experiment: Experiment) -> list[dict[str, Any]]:
    """What each trial sets, of an experiment whose trials are known from the start.

    A grid runs through its last axis first. Of kinds `queue` and `report` their makers know.
    """
    if experiment.kind == "seeds":
        first = experiment.config.seed
        return [{"seed": first + number} for number in range(experiment.seeds)]
    if experiment.kind == "folds":
        return [
            {"folds": experiment.folds, "fold": fold} for fold in range(1, experiment.folds + 1)
        ]
    if experiment.kind == "search" and experiment.method == "grid":
        keys = [axis.key for axis in experiment.axes]
        combinations = itertools.product(*(axis.values for axis in experiment.axes))
        kept = itertools.islice(combinations, experiment.trial_count)
        return [dict(zip(keys, values, strict=True)) for values in kept]
    return []


def settled(experiment: Experiment) -> Experiment:
    """The experiment with its config such that trials can do without the test set.

    A search without a validation split gets one: a tenth of the training pictures.
    """
    if not experiment.is_test_locked:
        return experiment
    config = experiment.config
    if experiment.kind == "folds" or experiment.folds:
        config = replace(config, validation_per_class=0)
    elif config.validation_per_class == 0:
        held_out = max(1, config.train_per_class // VALIDATION_SHARE)
        kept = max(1, config.train_per_class - held_out)
        config = replace(config, validation_per_class=held_out, train_per_class=kept)
    return replace(experiment, config=replace(config, folds=0, fold=1))


def checked_experiment(experiment: Experiment) -> Experiment:
    """`experiment` itself where it can be run.

    Raises
    ------
    ConfigError
        Names every fault at once: of its own keys, of its axes, and of its settings.
    """
    if faults := experiment_faults(experiment):
        raise ConfigError(faults)
    if experiment.kind not in ("queue", "report"):  # whose trials come with settings of their own
        for parameters in planned_parameters(experiment) or [_first_values(experiment)]:
            experiment.trial_config(parameters, experiment.parts[0])
    return experiment


def experiment_faults(experiment: Experiment) -> tuple[tuple[str, str], ...]:
    """Key and message of each fault of its own keys and its axes.

    How the settings of its trials go together is not looked at: there may be ten thousand.
    """
    axes = ((axis.key, axis_fault(axis)) for axis in experiment.axes)
    return (*_own_faults(experiment), *((key, fault) for key, fault in axes if fault))


def _own_faults(experiment: Experiment) -> list[tuple[str, str]]:
    faults = []
    kind, trials, hours = experiment.kind, experiment.trials, experiment.hours
    is_search = kind == "search"
    if kind in ("seeds", "report") and not 1 <= experiment.seeds <= 1000:
        faults.append(("seeds", f"is {experiment.seeds}, must be 1 to 1000"))
    has_folds = kind == "folds" or (is_search and experiment.folds)
    if has_folds and not FEWEST_FOLDS <= experiment.folds <= MOST_FOLDS:
        faults.append(("folds", f"is {experiment.folds}, must be {FEWEST_FOLDS} to {MOST_FOLDS}"))
    if not is_search:
        if experiment.axes:
            faults.append((experiment.axes[0].key, f"is varied, which --kind {kind} does not do"))
        return faults
    if not experiment.axes:
        faults.append(("vary", "nothing is varied; name a setting, such as learning_rate"))
    keys = [axis.key for axis in experiment.axes]
    faults += [(key, "is varied twice") for key in dict.fromkeys(keys) if keys.count(key) > 1]
    if trials is not None and not 1 <= trials <= MOST_TRIALS:
        faults.append(("trials", f"is {trials}, must be 1 to {MOST_TRIALS:,}"))
    if hours is not None and not (math.isfinite(hours) and hours > 0):
        faults.append(("hours", f"is {hours:g}, must be above 0"))
    if experiment.method == "grid":
        faults += [
            (axis.key, "has a range; every combination needs values, such as 0.001..0.1:log:5")
            for axis in experiment.axes
            if axis.is_range
        ]
        count = 0 if faults else experiment.trial_count or 0
        if count > MOST_TRIALS:
            faults.append(("trials", f"would be {count:,}, {MOST_TRIALS:,} at most"))
    elif trials is None and hours is None:
        faults.append(("trials", "how many there are must be said, or for how many hours"))
    if experiment.pruning != "none" and experiment.folds:
        faults.append(
            ("pruning", "ends a trial by its epochs, and a trial of several folds has none")
        )
    return faults


def _first_values(experiment: Experiment) -> dict[str, Any]:
    return {axis.key: axis.values[0] if axis.values else axis.at(0) for axis in experiment.axes}
