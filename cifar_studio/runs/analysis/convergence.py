"""When a run has converged, by a rule that is said and not by eye."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cifar_studio.config.setting_types import Bounds
from cifar_studio.errors import BadInputError
from cifar_studio.runs.folder.epochs import EpochRow, lacks_tests

Measure = Literal["test_loss", "val_loss", "train_loss"]
_WORDS: dict[Measure, str] = {
    "test_loss": "test loss",
    "val_loss": "validation loss",
    "train_loss": "training loss",
}
_WITHIN_PERCENT = Bounds(0.0, 100.0)
_WINDOW = Bounds(1, 1000)


@dataclass(frozen=True)
class ConvergenceRule:
    """The first epoch whose smoothed loss comes within some per cent of its minimum.

    The loss is smoothed by a trailing mean: an epoch's value is the mean over that epoch and the
    `window` - 1 before it, over fewer at the start of the curve. Nothing of later epochs goes into
    an epoch's value, so a curve that falls steadily converges later than without smoothing, by
    about (`window` - 1) / 2 epochs. The minimum is that of the smoothed curve, over all epochs that
    were run: a run that still falls at its end converges there.

    The report says "epochs to convergence" without a rule that could be repeated; this one is the
    studio's own.

    Attributes
    ----------
    within_percent : float
        0 to 100; 1.0 calls a loss of 2.02 converged where the minimum is 2.00.
    window : int
        Epochs that are averaged, 1 to 1000; 1 takes the curve as it is.
    measure : {"test_loss", "val_loss", "train_loss"}

    Raises
    ------
    BadInputError
        A value is out of its range.
    """

    within_percent: float = 1.0
    window: int = 3
    measure: Measure = "test_loss"

    def __post_init__(self) -> None:
        if self.within_percent not in _WITHIN_PERCENT:
            raise _fault("within_percent", self.within_percent, f"from {_WITHIN_PERCENT} per cent")
        if not isinstance(self.window, int) or self.window not in _WINDOW:
            raise _fault("window", self.window, f"from {_WINDOW} epochs")
        if self.measure not in get_args(Measure):
            raise _fault("measure", self.measure, f"of {', '.join(get_args(Measure))}")

    def describe(self) -> str:
        """The rule in words, without a full stop."""
        words = f"first epoch whose {_WORDS[self.measure]}"
        if self.window == 2:
            words += ", averaged with the epoch before it,"
        elif self.window > 2:
            words += f", averaged with the {self.window - 1} epochs before it,"
        if self.within_percent == 0:
            return f"{words} is at its minimum"
        return f"{words} is within {self.within_percent:g} % of its minimum"

    def suited_to(self, rows: Sequence[EpochRow]) -> ConvergenceRule:
        """The rule for these rows: by validation loss where the test set was locked."""
        if self.measure == "test_loss" and lacks_tests(rows):
            return replace(self, measure="val_loss")
        return self

    def epoch(self, rows: Sequence[EpochRow]) -> int | None:
        """Number of the epoch of convergence.

        Parameters
        ----------
        rows : (E,) EpochRow
            In order. Where epochs are missing, the rows that are there are averaged.

        Returns
        -------
        int or None
            None where no epoch has the loss. An epoch without it cannot be the one, and does not
            count in the means of the next.
        """
        losses = [getattr(row, self.measure) for row in rows]
        smoothed_E = trailing_mean(losses, self.window)
        known_E = np.isfinite(smoothed_E)
        if not known_E.any():
            return None
        minimum = smoothed_E[known_E].min()
        enough = minimum + abs(minimum) * self.within_percent / 100.0
        # Comparing with NaN gives False.
        return rows[int(np.argmax(smoothed_E <= enough))].epoch


def trailing_mean(values: Sequence[float | None], window: int) -> NDArray[np.float64]:
    """Mean of each value and those before it, `window` of them in all.

    Parameters
    ----------
    values : (E,) float or None
        None and what is not finite do not count.
    window : int
        At least 1.

    Returns
    -------
    (E,) float64
        The first values are means over the fewer that there are; NaN where the value itself is
        missing.
    """
    values_E = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    known_E = np.isfinite(values_E)
    filled_E = np.where(known_E, values_E, 0.0)
    sums_E, counts_E = np.zeros(len(values_E)), np.zeros(len(values_E))
    # A running sum would carry the rounding of a huge loss into all later means.
    for shift in range(min(window, len(values_E))):
        end = len(values_E) - shift
        sums_E[shift:] += filled_E[:end]
        counts_E[shift:] += known_E[:end]
    means_E = np.full(len(values_E), np.nan)
    np.divide(sums_E, counts_E, out=means_E, where=known_E)
    return means_E


def _fault(key: str, value: object, allowed: str) -> BadInputError:
    shown = f"{value:g}" if isinstance(value, float) and math.isfinite(value) else repr(value)
    return BadInputError(f"{key} of the convergence rule is {shown}", f"Choose one {allowed}")
