"""Where the values of a setting, or the figures, lie on an axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from cifar_studio.config.settings import SETTINGS
from cifar_studio.runs.experiment.words import setting_words
from cifar_studio.ui.experiment import words
from cifar_studio.ui.experiment.data import ExperimentData
from cifar_studio.ui.plots.value_axis import logarithmic_ticks, nice_step

FIGURE = "figure"
"""The key of the axis of figures."""
MOST_CATEGORIES = 8
"""So many different numbers have a place each; more lie on an axis of numbers."""


@dataclass(frozen=True)
class Scale:
    """An axis.

    Attributes
    ----------
    key : str
        Of a setting, or `FIGURE`.
    title : str
    low, high : float
        Positions of its ends: values, their powers of ten where `logarithmic`, or the places of
        `categories` with half a place of air.
    categories : tuple
        Values with a place each, 0 and on; empty for numbers.
    """

    key: str
    title: str
    low: float
    high: float
    logarithmic: bool = False
    categories: tuple[Any, ...] = ()

    def positions(self, data: ExperimentData) -> np.ndarray:
        """(N,) positions of all trials; NaN where one has none."""
        if self.key == FIGURE:
            figures = data.figures
            return np.array([figures.get(t.number, math.nan) for t in data.trials], dtype=float)
        places = {repr(value): float(place) for place, value in enumerate(self.categories)}
        met = [trial.parameters.get(self.key) for trial in data.trials]
        if self.categories:
            found = (places.get(repr(value), math.nan) for value in met)
            return np.fromiter(found, dtype=float, count=len(met))
        numbers = np.array([_number(value) for value in met], dtype=float)
        if self.logarithmic:
            return np.log10(np.where(numbers > 0, numbers, np.nan))
        return numbers

    def ticks(self, most: int) -> list[tuple[float, str]]:
        """Positions with their words, so many at most but for categories."""
        if self.categories:
            return [(float(i), setting_words(self.key, v)) for i, v in enumerate(self.categories)]
        if self.logarithmic:
            places = logarithmic_ticks(self.low, self.high, most)
            return [(place, f"{10.0**place:.4g}") for place in places]
        step = nice_step(self.high - self.low, most)
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [(i * step, f"{i * step:,.{decimals}f}") for i in range(first, last + 1)]


def scale_of(data: ExperimentData, key: str) -> Scale:
    """The axis of a setting that varies, or of the figure."""
    if key == FIGURE:
        low, high = figure_range(np.array(list(data.figures.values())))
        return Scale(FIGURE, words.figure_title(data.figure_name), low, high)
    title = words.title(key)
    axis = next((axis for axis in data.experiment.axes if axis.key == key), None)
    met = {repr(v): v for t in data.trials if (v := t.parameters.get(key)) is not None}
    offered = {repr(value): value for value in axis.values} if axis is not None else {}
    values = list({**offered, **met}.values())
    is_numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    if axis is not None and axis.is_range and axis.low is not None and axis.high is not None:
        ends = [axis.low, axis.high, *map(float, values)]  # of a range that was narrower once
        return _numbers(key, title, min(ends), max(ends), axis.logarithmic)
    if is_numeric and len(values) > MOST_CATEGORIES:
        is_logarithmic = SETTINGS[key].scale == "logarithmic" and min(values) > 0
        return _numbers(key, title, min(values), max(values), is_logarithmic)
    if is_numeric:
        values.sort()
    return Scale(key, title, -0.5, max(len(values), 1) - 0.5, categories=tuple(values))


def figure_range(values: np.ndarray) -> tuple[float, float]:
    """Round ends around figures, so that an axis seldom moves."""
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    step = nice_step(high - low, 6)
    air = 0.04 * (high - low)  # a mark at the end is seen whole
    bottom, top = math.floor((low - air) / step) * step, math.ceil((high + air) / step) * step
    return bottom, top


def _numbers(key: str, title: str, low: float, high: float, logarithmic: bool) -> Scale:
    if logarithmic:
        low, high = math.log10(low), math.log10(high)
    if high - low < 1e-12:
        low, high = low - 0.5, high + 0.5
    air = 0.02 * (high - low)
    return Scale(key, title, low - air, high + air, logarithmic)


def _number(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else math.nan
