"""Reads an experiment with its runs again and again, as its trials go on. No Qt here."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from pathlib import Path

from cifar_studio.errors import StudioError
from cifar_studio.runs.experiment.experiment_folder import ExperimentState
from cifar_studio.runs.experiment.growing_experiment import GrowingExperiment, Stamp, stamp_of
from cifar_studio.runs.experiment.results import figure_of
from cifar_studio.runs.experiment.trials import Part, TrialState
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.growing_file import EpochsFile
from cifar_studio.runs.folder.library import Run, load_with
from cifar_studio.ui.experiment.data import ExperimentData

SLICE_S = 0.02
"""How long one reading takes at most, about; a thousand runs are read in many."""
_GROWS: tuple[TrialState, ...] = ("running",)


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
        path = self._folder.folder.importance_file
        stamp = stamp_of(path)
        if stamp != self._stamp:
            self._stamp = stamp
            self._importance = self._folder.folder.read_importance().importance
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
