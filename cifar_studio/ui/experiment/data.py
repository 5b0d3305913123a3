"""What the tab shows of an experiment at one moment. No Qt here."""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.config.settings import SETTINGS
from cifar_studio.runs.experiment.experiment_folder import ExperimentState
from cifar_studio.runs.experiment.results import (
    AtEdge,
    best_so_far,
    edges,
    figure_name,
    ranking,
)
from cifar_studio.runs.experiment.trials import Trial, TrialState
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.library import Run


@dataclass(frozen=True, eq=False)
class ExperimentData:
    """An experiment at one moment, and what follows from it.

    Attributes
    ----------
    state : ExperimentState
    rows : mapping of run folder name to tuple of EpochRow
        Of all runs that were read so far.
    so_far : mapping of run folder name to float
        The figure until now of each run that was read; runs that have none are left out.
    importance : mapping of key to float
        The share, 0 to 1, of each setting in what decides the figure; empty where unknown.
    members : tuple of Run
        The finished runs that are repetitions of one question: folds, seeds, or the folds of the
        winner of a search; in their order.
    is_whole : bool
        Whether there is no run left to be read.
    """

    state: ExperimentState
    rows: Mapping[str, tuple[EpochRow, ...]] = field(default_factory=dict)
    so_far: Mapping[str, float] = field(default_factory=dict)
    importance: Mapping[str, float] = field(default_factory=dict)
    members: tuple[Run, ...] = ()
    is_whole: bool = True

    @property
    def experiment(self) -> Experiment:
        return self.state.experiment

    @property
    def trials(self) -> tuple[Trial, ...]:
        return self.state.trials

    @functools.cached_property
    def by_number(self) -> dict[int, Trial]:
        return {trial.number: trial for trial in self.trials}

    @functools.cached_property
    def by_run(self) -> dict[str, Trial]:
        """The trial of each run folder, by its name."""
        return {part.run: trial for trial in self.trials for part in trial.parts if part.run}

    @functools.cached_property
    def keys(self) -> tuple[str, ...]:
        """The settings that vary: axes in their order, else those that differ between trials."""
        if self.experiment.axes:
            return tuple(axis.key for axis in self.experiment.axes)
        found: dict[str, set[str]] = {}
        for trial in self.trials:
            for key, value in trial.parameters.items():
                found.setdefault(key, set()).add(repr(value))
        return tuple(
            key for key, values in found.items() if key in SETTINGS and self._varies(key, values)
        )

    def _varies(self, key: str, values: set[str]) -> bool:
        with_it = sum(key in trial.parameters for trial in self.trials)
        return len(values) > 1 or with_it < len(self.trials)

    @functools.cached_property
    def counts(self) -> Counter[TrialState]:
        return Counter(trial.state for trial in self.trials)

    @functools.cached_property
    def ranking(self) -> list[Trial]:
        return ranking(self.trials, self.experiment)

    @functools.cached_property
    def best(self) -> Trial | None:
        return next(iter(self.ranking), None)

    @functools.cached_property
    def numbers(self) -> NDArray[np.int64]:
        """(N,) numbers of `trials`."""
        return np.array([trial.number for trial in self.trials], dtype=np.int64)

    @functools.cached_property
    def is_finished(self) -> NDArray[np.bool_]:
        """(N,) whether each of `trials` has finished."""
        return np.array([trial.state == "finished" for trial in self.trials], dtype=bool)

    @functools.cached_property
    def best_so_far(self) -> list[float | None]:
        """The best figure up to each of `trials`."""
        return best_so_far(self.trials, self.experiment)

    @functools.cached_property
    def edges(self) -> list[AtEdge]:
        return edges(self.best, self.experiment) if self.best is not None else []

    @property
    def figure_name(self) -> str:
        return figure_name(self.experiment)

    @functools.cached_property
    def figures(self) -> dict[int, float]:
        """By trial: its figure, or of one that is not finished the best so far."""
        found = {}
        for trial in self.trials:
            value = trial.value if trial.state == "finished" else self._figure_so_far(trial)
            if value is not None and math.isfinite(value):
                found[trial.number] = value
        return found

    def _figure_so_far(self, trial: Trial) -> float | None:
        known = []
        for part in trial.parts:
            value = part.value if part.value is not None else self.so_far.get(part.run)
            if value is not None:
                known.append(value)
        return sum(known) / len(known) if known else None

    def changed_since(self, before: ExperimentData) -> set[int]:
        """Numbers of the trials of which something else is known now."""
        runs = {run for run, rows in self.rows.items() if before.rows.get(run) is not rows}
        known = before.by_number
        changed = {t.number for t in self.trials if known.get(t.number) is not t}
        changed |= {self.by_run[run].number for run in runs if run in self.by_run}
        if self.best is not before.best:
            changed |= {one.number for one in (self.best, before.best) if one is not None}
        return changed

    def epochs(self, trial: Trial) -> int:
        """How many epochs were trained, of all parts together."""
        return sum(max(part.epochs, len(self.rows.get(part.run, ()))) for part in trial.parts)

    def run_path(self, trial: Trial) -> Path | None:
        return self.state.run_path(trial)
