"""The curves of several seeds as one: mean and standard deviation of each epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from cifar_studio.runs.analysis.statistics import spread
from cifar_studio.runs.folder.epochs import COLUMNS, EpochRow
from cifar_studio.runs.folder.library import Run

_MAY_BE_MISSING = ("train_loss", "test_loss", "val_loss", "val_top1", "val_top5")


@dataclass(frozen=True, eq=False)
class MeanCurves:
    """E epochs that all runs have.

    Attributes
    ----------
    rows : tuple of E EpochRow
        Means over the runs. A figure that a run lacks at an epoch is None there: a mean over fewer
        runs would jump.
    deviations : mapping of column to (E,) float64
        Sample standard deviations over the runs (n - 1); NaN where there is no mean, or n = 1.
    n : int
    """

    rows: tuple[EpochRow, ...]
    deviations: Mapping[str, NDArray[np.float64]]
    n: int


def mean_curves(runs: Sequence[Run]) -> MeanCurves:
    """Mean and standard deviation over runs, epoch by epoch."""
    by_epoch = [{row.epoch: row for row in run.rows} for run in runs]
    shared = sorted(set.intersection(*(set(rows) for rows in by_epoch))) if runs else []
    rows = []
    deviations: dict[str, list[float]] = {column: [] for column in COLUMNS}
    for epoch in shared:
        figures: dict[str, float | None] = {}
        for column in COLUMNS:
            values = [getattr(rows_of[epoch], column) for rows_of in by_epoch]
            found = spread(values)
            is_whole = found.n == len(runs)
            figures[column] = found.mean if is_whole else None
            deviation = found.standard_deviation if is_whole else None
            deviations[column].append(math.nan if deviation is None else deviation)
        rows.append(_row(epoch, figures))
    arrays = {column: np.array(values, dtype=np.float64) for column, values in deviations.items()}
    return MeanCurves(tuple(rows), arrays, len(runs))


def _row(epoch: int, figures: Mapping[str, float | None]) -> EpochRow:
    known = {
        column: value if column in _MAY_BE_MISSING or value is not None else math.nan
        for column, value in figures.items()
    }
    return msgspec.convert({**known, "epoch": epoch}, EpochRow)
