"""Runs that differ in nothing but their seed: their groups, figures and mean curves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.analysis.convergence import ConvergenceRule
from cifar_studio.runs.analysis.statistics import Spread, spread
from cifar_studio.runs.analysis.summary import DEFAULT_RULE, RunSummary, summarize
from cifar_studio.runs.folder.epochs import COLUMNS, EpochRow
from cifar_studio.runs.folder.library import Run

_MAY_BE_MISSING = (
    *("train_loss", "test_loss", "test_top1", "test_top5"),
    *("val_loss", "val_top1", "val_top5"),
)
UNKNOWN_SPREAD = "n = 1, spread unknown"


@dataclass(frozen=True)
class SeedGroup:
    """Runs of the same settings on the same pictures.

    Attributes
    ----------
    config : TrainConfig
        Their settings; the seed is the lowest one.
    runs : tuple of Run
        Those that count, one a seed, by seed: they ran all their epochs, or ended early by their
        own rule. Of several with one seed the newest counts, for a repetition tells nothing new of
        the spread.
    left_out : tuple of Run
        Shorter ones, and older ones of the same seed.
    """

    config: TrainConfig
    runs: tuple[Run, ...]
    left_out: tuple[Run, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(run.config.seed for run in self.runs)

    @property
    def data_name(self) -> str:
        return (*self.runs, *self.left_out)[0].data_name

    def describe(self) -> str:
        """How many seeds, and which: "n = 3, seeds 0 to 2"."""
        if not self.runs:
            return "n = 0, no run has reached its last epoch"
        if len(self.runs) == 1:
            return f"{UNKNOWN_SPREAD}, seed {self.seeds[0]}"
        seeds = self.seeds
        in_a_row = seeds == tuple(range(seeds[0], seeds[0] + len(seeds)))
        if in_a_row and len(seeds) > 2:
            words = f"{seeds[0]} to {seeds[-1]}"
        else:
            words = ", ".join(map(str, seeds))
        return f"n = {len(seeds)}, seeds {words}"

    def summaries(self, rule: ConvergenceRule = DEFAULT_RULE) -> dict[int, RunSummary]:
        """The figures of each run that counts, by seed."""
        return {run.config.seed: summarize(run.rows, rule) for run in self.runs}


def over_seeds(summaries: Mapping[int, RunSummary], figure: str) -> Spread:
    """Number, mean and standard deviation of a figure of `RunSummary` over the seeds."""
    return spread(getattr(summary, figure) for summary in summaries.values())


def group_by_seed(runs: Iterable[Run]) -> list[SeedGroup]:
    """Groups in the order of their first runs."""
    found: dict[tuple[TrainConfig, str, str], list[Run]] = {}
    for run in runs:
        found.setdefault(group_key(run), []).append(run)
    return [_group(members) for members in found.values()]


def group_key(run: Run) -> tuple[TrainConfig, str, str]:
    """What the runs of a group have in common: settings but for the seed, and the data."""
    data = run.environment.data if run.environment else None
    return replace(run.config, seed=0), run.data_name, data.digest if data else ""


def missing_seeds(config: TrainConfig, n: int, present: Iterable[int]) -> list[int]:
    """The lowest seeds, from the config's own on, that make `n` of them with those present."""
    have = {seed for seed in present if seed >= config.seed}
    seeds: list[int] = []
    seed = config.seed
    while len(have) + len(seeds) < n:
        if seed not in have:
            seeds.append(seed)
        seed += 1
    return seeds


def _group(members: Sequence[Run]) -> SeedGroup:
    newest: dict[int, Run] = {}
    left_out: list[Run] = []
    for run in sorted(members, key=lambda run: run.path.name, reverse=True):
        if is_complete(run) and run.config.seed not in newest:
            newest[run.config.seed] = run
        else:
            left_out.append(run)
    runs = tuple(newest[seed] for seed in sorted(newest))
    lowest = min(members, key=lambda run: run.config.seed)
    return SeedGroup(lowest.config, runs, tuple(left_out))


def is_complete(run: Run) -> bool:
    """Whether a run reached its last epoch or ended early by its rule, and no row is lost."""
    epochs = len(run.rows)
    has_ended = epochs == run.config.epochs or run.early_stop is not None
    return has_ended and run.rows[-1].epoch == epochs


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
