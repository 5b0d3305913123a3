"""Whether a run ends before its last epoch, by its own rule: a pure function of its rows.

Nothing is counted anywhere else, so that any cut and any resume leaves the rule as it was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.epochs import EpochRow

Watched = Literal["val_loss", "val_top1"]
_WORDS: dict[Watched, str] = {"val_loss": "validation loss", "val_top1": "validation top-1"}


@dataclass(frozen=True)
class Stop:
    """An early end.

    Attributes
    ----------
    epoch : int
        The last epoch of the run.
    since : int
        The epoch of the last improvement; 0 where none was ever finite.
    figure : {"val_loss", "val_top1"}
        What was watched.
    by : float
        By more than so much it would have had to get better.
    """

    epoch: int
    since: int
    figure: Watched
    by: float = 0.0

    def words(self) -> str:
        """ "stopped early at epoch 31: no better validation loss since 21"."""
        words = f"stopped early at epoch {self.epoch}"
        if not self.since:
            return f"{words}: no finite {_WORDS[self.figure]} so far"
        if self.by:
            better = f"no {_WORDS[self.figure]} better by more than {self.by:g}"
            return f"{words}: {better} since {self.since}"
        return f"{words}: no better {_WORDS[self.figure]} since {self.since}"


def early_end(rows: Sequence[EpochRow], config: TrainConfig) -> Stop | None:
    """As `stopping`, but None where that is the last epoch that was planned anyway."""
    stop = stopping(rows, config)
    return stop if stop is not None and stop.epoch < config.epochs else None


def stopping(rows: Sequence[EpochRow], config: TrainConfig) -> Stop | None:
    """Whether the run ends after these rows by `config.early_stopping`, and after which of them.

    An epoch improves on the epoch of the last improvement where its loss is below that one's by
    more than `least_improvement` nats, or its top-1 above it by more than so many points. A tie is
    no improvement, and a figure that is missing or not finite never is one. The run ends after
    epoch E, the earliest one that is not before `stopping_from`, where E less the epoch of the
    last improvement is `patience` or more; before any improvement that epoch counts as 0.

    Parameters
    ----------
    rows : (E,) EpochRow
        In order, from the first epoch on. Where the rule was met before the last of them the run
        has ended all the same.

    Returns
    -------
    Stop or None
        None where the run goes on, or has no such rule.
    """
    if config.early_stopping == "off":
        return None
    figure: Watched = config.early_stopping
    sign = 1.0 if figure == "val_loss" else -1.0
    best, since = math.inf, 0
    for row in rows:
        value = getattr(row, figure)
        if value is not None and math.isfinite(value):
            value *= sign
            if value < best - config.least_improvement:
                best, since = value, row.epoch
        if row.epoch >= config.stopping_from and row.epoch - since >= config.patience:
            return Stop(row.epoch, since, figure, config.least_improvement)
    return None
