"""What the tab shows of an experiment, and how it is read from the disk. No Qt here."""

from __future__ import annotations

import dataclasses
import functools
import math
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.config.settings import SETTINGS
from cifar_studio.errors import StudioError
from cifar_studio.runs.experiment.experiment_folder import ExperimentState
from cifar_studio.runs.experiment.growing_experiment import GrowingExperiment, Stamp, stamp_of
from cifar_studio.runs.experiment.results import (
    AtEdge,
    best_so_far,
    edges,
    figure_name,
    figure_of,
    ranking,
)
from cifar_studio.runs.experiment.trials import Part, Trial, TrialState
from cifar_studio.runs.folder import json_file
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.growing_file import EpochsFile
from cifar_studio.runs.folder.library import Run, load_with

SLICE_S = 0.02
"""How long one reading takes at most, about; a thousand runs are read in many."""
_GROWS: tuple[TrialState, ...] = ("running",)


class _Importance(msgspec.Struct, frozen=True):
    importance: dict[str, float]


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
    is_paused : bool
        Whether who holds the experiment waits for a person.
    """

    state: ExperimentState
    rows: Mapping[str, tuple[EpochRow, ...]] = field(default_factory=dict)
    so_far: Mapping[str, float] = field(default_factory=dict)
    importance: Mapping[str, float] = field(default_factory=dict)
    members: tuple[Run, ...] = ()
    is_whole: bool = True
    is_paused: bool = False

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


class ExperimentReader:
    """Reads an experiment again and again; what has not changed costs a look at the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._folder = GrowingExperiment(path)
        self._files: dict[str, EpochsFile] = {}  # of runs that grow
        self._read: dict[str, tuple[Part, tuple[EpochRow, ...]]] = {}
        self._so_far: dict[str, float] = {}
        self._importance: Mapping[str, float] = {}
        self._stamp: Stamp | None = None
        self._members: dict[str, Run] = {}
        self._data: ExperimentData | None = None

    def read(self, slice_s: float = SLICE_S) -> ExperimentData:
        """The experiment now; the same object where nothing has changed.

        Parameters
        ----------
        slice_s : float
            For so many seconds runs are read; `is_whole` says whether any is left.

        Raises
        ------
        StudioError
            The folder is no experiment, or damaged.
        """
        state = self._folder.read()
        before = self._data
        is_same = before is not None and before.state is state
        has_news, is_whole = False, True
        may_have_news = not is_same or self._files or (before is not None and not before.is_whole)
        if may_have_news:
            has_news, is_whole = self._read_rows(state, time.perf_counter() + slice_s)
        importance = self._read_importance()
        is_same = is_same and not has_news
        if (
            before is not None
            and is_same
            and before.importance is importance
            and (before.is_whole == is_whole)
        ):
            return before
        rows = {name: rows for name, (_, rows) in self._read.items()}
        so_far = dict(self._so_far)
        data = ExperimentData(state, rows, so_far, importance, is_whole=is_whole)
        if members := self._read_members(data):
            data = dataclasses.replace(data, members=members)
        self._data = data
        return data

    def _read_rows(self, state: ExperimentState, end: float) -> tuple[bool, bool]:
        """Whether there were new rows, and whether all are read."""
        has_news = False
        for trial in state.trials:
            for part in trial.parts:
                known = self._read.get(part.run)
                if not part.run or (known is not None and _is_settled(known[0], part)):
                    continue
                if time.perf_counter() > end:
                    return has_news, False
                has_news = self._read_run(state, part) or has_news
        return has_news, True

    def _read_run(self, state: ExperimentState, part: Part) -> bool:
        file = self._files.get(part.run)
        if file is None:
            file = EpochsFile(state.runs_folder / part.run / "epochs.csv")
            self._files[part.run] = file
        while not file.read():
            pass
        before = self._read.get(part.run, (part, ()))[1]
        is_same = len(before) == len(file.table.rows) and (
            not before or before[-1] is file.table.rows[-1]
        )
        rows = before if is_same else tuple(file.table.rows)
        self._read[part.run] = (part, rows)
        if not is_same:
            value = figure_of(rows, state.experiment).value
            self._so_far.pop(part.run, None)
            if value is not None:
                self._so_far[part.run] = value
        if part.state not in _GROWS:
            del self._files[part.run]
        return not is_same

    def _read_importance(self) -> Mapping[str, float]:
        path = self.path / "importance.json"
        stamp = stamp_of(path)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                found = json_file.read(path, _Importance).importance
            except (OSError, json_file.NotAsExpectedError):
                found = {}
            self._importance = {key: found[key] for key in found if key in SETTINGS}
        return self._importance

    def _read_members(self, data: ExperimentData) -> tuple[Run, ...]:
        kind, best = data.experiment.kind, data.best
        if kind in ("folds", "seeds"):
            trials = data.trials
        else:
            trials = (best,) if best is not None and len(best.parts) > 1 else ()
        parts = (part for trial in trials for part in trial.parts)
        finished = [part for part in parts if part.state == "finished" and part.run in data.rows]
        runs = (self._member(data, part) for part in finished)
        return tuple(run for run in runs if run is not None)

    def _member(self, data: ExperimentData, part: Part) -> Run | None:
        if part.run not in self._members:
            try:
                path = data.state.runs_folder / part.run
                self._members[part.run] = load_with(path, data.rows[part.run])
            except (StudioError, OSError):
                return None  # deleted, or damaged
        return self._members[part.run]


def _is_settled(known: Part, part: Part) -> bool:
    """Whether a run that was read as it stood at `known` cannot have more rows now."""
    return part.state not in _GROWS and (known is part or known == part)
