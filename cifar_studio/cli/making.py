"""An experiment from the words of `experiment new`; every fault is found, not only the first."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar, cast, get_args

from cifar_studio.cli.options import config_of
from cifar_studio.cli.usage import NAME
from cifar_studio.config.check import value_faults
from cifar_studio.config.experiment.axis import Axis, parse_axis
from cifar_studio.config.experiment.experiment import (
    Experiment,
    ExperimentKind,
    Method,
    Metric,
    Pruning,
    checked_experiment,
    settled,
)
from cifar_studio.config.study import FULL, SHORT, study_runs
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import DEMO
from cifar_studio.errors import BadInputError, ConfigError
from cifar_studio.runs.experiment.report import report_experiment
from cifar_studio.runs.experiment.trials import Planned

KINDS: tuple[ExperimentKind, ...] = ("search", "folds", "seeds", "report")
METHODS: tuple[Method, ...] = get_args(Method)
PRUNINGS: tuple[Pruning, ...] = get_args(Pruning)
METRICS: tuple[Metric, ...] = get_args(Metric)
DEFAULT_FOLDS = 5
DEFAULT_SEEDS = 3
_OF_KINDS = {
    "by": ("search",),
    "trials": ("search",),
    "hours": ("search",),
    "prune": ("search",),
    "seed": ("search",),
    "metric": ("search", "folds"),
    "folds": ("search", "folds"),
    "seeds": ("seeds", "report"),
    "short": ("report",),
    "preset": ("search", "folds", "seeds"),
    "config": ("search", "folds", "seeds"),
}
"""Which kinds an option is of."""
_T = TypeVar("_T")
_Faults = list[tuple[str, str]]


@dataclass(frozen=True)
class NewWords:
    """What was typed after `experiment new NAME`; None, empty or False where it was not."""

    kind: str
    preset: str | None = None
    config: Path | None = None
    settings: Sequence[str] = ()
    vary: Sequence[str] = ()
    by: str | None = None
    trials: int | None = None
    hours: float | None = None
    metric: str | None = None
    prune: str | None = None
    folds: int | None = None
    seeds: int | None = None
    seed: int | None = None
    short: bool = False
    data: str = "auto"
    runs: Path | None = None


def experiment_of(words: NewWords) -> tuple[Experiment, list[Planned]]:
    """The experiment, checked, and the trials that its kind does not know by itself.

    Raises
    ------
    BadInputError, ConfigError
    """
    if words.kind not in KINDS:
        raise BadInputError(f"there is no kind {words.kind}", f"Give one of {', '.join(KINDS)}")
    faults: _Faults = [
        (option, f"is no option of --kind {words.kind}")
        for option, kinds in _OF_KINDS.items()
        if getattr(words, option) not in (None, False) and words.kind not in kinds
    ]
    faults += _unknown("by", words.by, METHODS)
    faults += _unknown("prune", words.prune, PRUNINGS)
    faults += _metric_fault(words.metric)
    data, runs = data_words(words.data), str(words.runs.absolute()) if words.runs else ""
    if words.kind == "report":
        return _report(words, data, runs, faults)
    read = [_try(functools.partial(parse_axis, one), faults, "vary") for one in words.vary]
    axes = [axis for axis in read if axis is not None]
    config = _try(
        lambda: config_of(words.preset, words.config, words.settings, value_faults),
        faults,
        "preset",
    )
    of_search = words.kind == "search"
    experiment = Experiment(
        kind=cast(ExperimentKind, words.kind),
        config=config or TrainConfig(),
        data=data,
        preset=words.preset or "",
        seeds=_or(words.seeds, DEFAULT_SEEDS) if words.kind == "seeds" else 1,
        folds=_or(words.folds, 0 if of_search else DEFAULT_FOLDS) if words.kind != "seeds" else 0,
        axes=tuple(axes),
        method=_method(words, axes),
        pruning=cast(Pruning, words.prune or "none"),
        metric=cast(Metric, words.metric or "val_top1"),
        trials=words.trials,
        hours=words.hours,
        seed=_or(words.seed, 0),
        runs=runs,
    )
    own: _Faults = []
    found = _try(lambda: checked_experiment(settled(experiment)), own)
    # What is missing because it could not be read is not missing.
    faults += [(key, fault) for key, fault in own if not (key == "vary" and words.vary)]
    if faults or found is None:
        raise ConfigError(tuple(dict.fromkeys(faults)))
    return found, []


def data_words(data: str) -> str:
    """What `--data` says, such that it means the same from every folder.

    Raises
    ------
    BadInputError
        There is no such file or folder.
    """
    if data in ("auto", DEMO):
        return data
    path = Path(data).absolute()
    if not path.exists():
        raise BadInputError(
            f"{data} does not exist", f"Give --data a folder or archive; see `{NAME} data where`"
        )
    return str(path)


def _report(
    words: NewWords, data: str, runs: str, faults: _Faults
) -> tuple[Experiment, list[Planned]]:
    if words.vary:
        faults.append(("vary", "is no option of --kind report"))
    seeds = _or(words.seeds, 1)
    size = SHORT if words.short else FULL
    if not 1 <= seeds <= 1000:
        faults.append(("seeds", f"is {seeds}, must be 1 to 1000"))
    planned = _try(
        lambda: study_runs(replace(size, seeds=1 if faults else seeds), words.settings), faults
    )
    if faults or planned is None:
        raise ConfigError(tuple(faults))
    return report_experiment(planned, data=data, folder=runs)


def _method(words: NewWords, axes: Sequence[Axis]) -> Method:
    """As it is asked for; else every combination, where there are such and nothing bounds them."""
    if words.by in METHODS:
        return words.by
    all_have_values = not any(axis.is_range for axis in axes)
    return "grid" if all_have_values and words.trials is None else "random"


def _metric_fault(metric: str | None) -> _Faults:
    if metric is not None and metric.startswith("test"):
        return [
            (
                "metric",
                f"{metric} is a test figure: what is chosen by it would look better than it is, "
                f"so the test set stays locked; take one of {', '.join(METRICS)}",
            )
        ]
    return _unknown("metric", metric, METRICS)


def _unknown(option: str, value: str | None, known: Sequence[str]) -> _Faults:
    if value is None or value in known:
        return []
    return [(option, f"is {value!r}, must be one of {', '.join(known)}")]


def _try(make: Callable[[], _T], faults: _Faults, option: str = "") -> _T | None:
    """What `make` gives; None, with its faults told, where it cannot."""
    try:
        return make()
    except ConfigError as error:
        faults += error.faults
    except BadInputError as error:
        faults.append((option, f"{error.fault}; {error.remedy[:1].lower()}{error.remedy[1:]}"))
    return None


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
