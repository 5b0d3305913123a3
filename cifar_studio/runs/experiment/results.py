"""What the trials of an experiment say together: figures, ranking, the edge of a range."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cifar_studio.config.experiment.axis import Axis, widened
from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.runs.experiment.trials import Trial
from cifar_studio.runs.folder.epochs import EpochRow, best_row

EDGE_SHARE = 0.05
"""A best value so near to an end of its range, as a share of it, is at the edge."""


@dataclass(frozen=True)
class Figure:
    """An experiment's figure of one training: its value, and the epoch from 1 that has it."""

    value: float | None
    epoch: int


def figure_name(experiment: Experiment) -> str:
    """The column of `epochs.csv` by which trials are judged."""
    if experiment.is_test_locked:
        return experiment.metric
    return "val_top1" if experiment.config.has_validation else "test_top1"


def figure_of(rows: Sequence[EpochRow], experiment: Experiment) -> Figure:
    """The figure of a training from its rows.

    Where the test set is locked it is the best value of the metric over the epochs, the earliest of
    equals; else the best epoch's. None where no epoch has a finite one.
    """
    name = figure_name(experiment)
    if not experiment.is_test_locked:
        best = best_row(rows)
        return Figure(None, 0) if best is None else Figure(getattr(best, name), best.epoch)
    known = [
        (value, row.epoch)
        for row in rows
        if (value := getattr(row, name)) is not None and math.isfinite(value)
    ]
    if not known:
        return Figure(None, 0)
    sign = -1 if experiment.is_maximized else 1
    value, epoch = min(known, key=lambda pair: (sign * pair[0], pair[1]))
    return Figure(value, epoch)


def ranking(trials: Iterable[Trial], experiment: Experiment) -> list[Trial]:
    """Finished trials with a figure, the best first; of equals the earlier one."""
    known = [(trial.value, trial) for trial in trials if trial.state == "finished"]
    sign = 1 if not experiment.is_maximized and experiment.is_test_locked else -1
    return [
        trial
        for _, trial in sorted(
            ((sign * value, trial) for value, trial in known if value is not None),
            key=lambda pair: (pair[0], pair[1].number),
        )
    ]


def best_trial(trials: Iterable[Trial], experiment: Experiment) -> Trial | None:
    """The winner so far; None where no trial has finished with a figure."""
    return next(iter(ranking(trials, experiment)), None)


def best_so_far(trials: Sequence[Trial], experiment: Experiment) -> list[float | None]:
    """After each trial in the order given, the best figure until then."""
    history: list[float | None] = []
    best: float | None = None
    for trial in trials:
        value = trial.value if trial.state == "finished" else None
        if value is not None:
            better = max if experiment.is_maximized else min
            best = value if best is None else better(best, value)
        history.append(best)
    return history


@dataclass(frozen=True)
class AtEdge:
    """The best trial lies at an end of a range: better ones may lie beyond.

    Attributes
    ----------
    wider : Axis
        The range as it could be; the same where its setting allows no more.
    """

    axis: Axis
    at_high: bool
    value: float
    wider: Axis

    @property
    def can_widen(self) -> bool:
        return self.wider != self.axis

    def words(self, title: str) -> str:
        """ "The best learning rate, 0.098, lies at the upper edge of 0.001 to 0.1"."""
        edge = "upper" if self.at_high else "lower"
        return (
            f"The best {title[:1].lower()}{title[1:]}, {self.value:.4g}, lies at the {edge} edge "
            f"of {self.axis.low:g} to {self.axis.high:g}"
        )


def edges(best: Trial, experiment: Experiment) -> list[AtEdge]:
    """The ranges at whose ends the best trial lies, those that can be widened first."""
    found = []
    for axis in experiment.axes:
        value = best.parameters.get(axis.key)
        if not axis.is_range or isinstance(value, bool) or not isinstance(value, int | float):
            continue
        share = _share(axis, value)
        if not EDGE_SHARE < share < 1 - EDGE_SHARE:
            at_high = share > 0.5
            found.append(AtEdge(axis, at_high, value, widened(axis, at_high)))
    return sorted(found, key=lambda edge: not edge.can_widen)


def _share(axis: Axis, value: float) -> float:
    """Where in its range a value lies, 0 to 1."""
    assert axis.low is not None
    assert axis.high is not None
    low, high = axis.low, axis.high
    if axis.logarithmic:
        low, high, value = math.log(low), math.log(high), math.log(max(value, 1e-300))
    return (value - low) / (high - low)
