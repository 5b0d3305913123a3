"""What the figures of an experiment share: trials with a figure, their looks, and scales."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from cifar_studio.config.experiment.axis import Axis
from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.export.figures.curves_figure import CHANCE_LOSS
from cifar_studio.runs.experiment.results import best_trial, figure_name
from cifar_studio.runs.experiment.trials import Trial
from cifar_studio.runs.experiment.words import parameter_words, usable

FINISHED, PRUNED, BEST = "#0072B2", "#B4B4AE", "#D55E00"
NO_TRIAL = "no trial with a figure yet"
_MOST_TICKS = 6
_ROOM = 0.06


@dataclass(frozen=True)
class Point:
    """A trial that finished with a figure, or was pruned with one."""

    trial: Trial
    value: float

    @property
    def is_pruned(self) -> bool:
        return self.trial.state == "pruned"


def points_of(trials: Sequence[Trial]) -> list[Point]:
    """In the order given."""
    found = []
    for trial in trials:
        value = trial.parts[0].value if trial.state == "pruned" else None
        value = usable(trial.value if trial.state == "finished" else value)
        if value is not None:
            found.append(Point(trial, value))
    return found


def best_point(points: Sequence[Point], experiment: Experiment) -> Point | None:
    """The winner's; None where no trial has finished."""
    best = best_trial([point.trial for point in points], experiment)
    return next((point for point in points if point.trial is best), None)


def limits_of(points: Sequence[Point], experiment: Experiment) -> tuple[float, float]:
    """Where an axis of figures begins and ends; losses far above chance are cut off."""
    values = [point.value for point in points] or [0.0, 1.0]
    low, high = min(values), max(values)
    if figure_name(experiment).endswith("loss"):
        high = max(min(high, 2.5 * CHANCE_LOSS), low)
    room = _ROOM * (high - low) or 0.5
    return low - room, high + room


def draw_points(axes: Axes, x: Sequence[float], points: Sequence[Point], unit: float) -> None:
    """Trials as points, the pruned ones pale crosses."""
    look: dict[str, Any] = {"linestyle": "", "zorder": 3}
    for pruned, marker, colour in ((True, "x", PRUNED), (False, "o", FINISHED)):
        chosen = [
            (place, point.value)
            for place, point in zip(x, points, strict=True)
            if point.is_pruned == pruned
        ]
        if chosen:
            marks: dict[str, Any] = {"markersize": 3.6 * unit, "markeredgewidth": 0.8 * unit}
            if not pruned:
                marks |= {"alpha": 0.65, "markeredgewidth": 0}
            axes.plot(*zip(*chosen, strict=True), marker=marker, color=colour, **marks, **look)


def draw_best(axes: Axes, x: float, best: Point, unit: float) -> None:
    """The winner, filled and larger than the others."""
    look: dict[str, Any] = {"marker": "D", "markersize": 5.5 * unit, "markeredgecolor": "white"}
    axes.plot([x], [best.value], color=BEST, zorder=5, markeredgewidth=0.7 * unit, **look)


def legend_of(points: Sequence[Point], best: Point | None, unit: float) -> list[Line2D]:
    """Entries for what `draw_points` and `draw_best` draw."""
    entries = []
    if any(not point.is_pruned for point in points):
        entries.append(_entry("finished trial", "o", FINISHED, unit))
    if any(point.is_pruned for point in points):
        entries.append(_entry("pruned trial", "x", PRUNED, unit))
    if best is not None:
        entries.append(_entry(f"best, trial {best.trial.number}", "D", BEST, unit))
    return entries


def say_nothing_is_there(axes: Axes, height: float = 0.5) -> None:
    """In the middle of empty axes, or at another height, 0 to 1."""
    place: dict[str, Any] = {"transform": axes.transAxes, "ha": "center", "va": "center"}
    axes.text(0.5, height, NO_TRIAL, **place)


@dataclass(frozen=True, eq=False)
class Scale:
    """Where the values of a setting stand along an axis from 0 to 1.

    Attributes
    ----------
    low, high : float
        Ends of a range, as logarithms where it is logarithmic.
    names : tuple of str
        What is chosen from, in order; empty for a range.
    ticks : tuple of (float, str)
        Places and what is written there.
    """

    low: float
    high: float
    is_logarithmic: bool
    names: tuple[str, ...]
    ticks: tuple[tuple[float, str], ...]

    def place(self, value: Any) -> float | None:
        """0 to 1; None for what has no place."""
        if self.names:
            words = parameter_words(value)
            return _share(self.names.index(words), len(self.names)) if words in self.names else None
        if not _is_number(value) or (self.is_logarithmic and value <= 0):
            return None
        number = math.log(value) if self.is_logarithmic else float(value)
        place = (number - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return place if 0 <= place <= 1 else None


def scale_of(key: str, experiment: Experiment, trials: Sequence[Trial]) -> Scale:
    """The scale of a setting that trials vary: what is chosen from stands at even distances."""
    axis = next((axis for axis in experiment.axes if axis.key == key), Axis(key=key))
    if axis.is_range and axis.low is not None and axis.high is not None:
        return _range(axis.low, axis.high, axis.logarithmic)
    known = [
        *axis.values,
        *(trial.parameters[key] for trial in trials if key in trial.parameters),
    ]
    if all(map(_is_number, known)):
        known.sort()
    names = tuple(dict.fromkeys(map(parameter_words, known)))
    step = math.ceil(len(names) / (2 * _MOST_TICKS)) or 1
    ticks = [(_share(place, len(names)), names[place]) for place in range(0, len(names), step)]
    return Scale(0, 1, False, names, tuple(ticks))


def _range(low: float, high: float, is_logarithmic: bool) -> Scale:
    marks = _decades(low, high) if is_logarithmic else round_numbers(low, high)
    ends = (math.log(low), math.log(high)) if is_logarithmic else (float(low), float(high))
    bare = Scale(*ends, is_logarithmic, (), ())
    places = ((bare.place(mark), f"{mark:.4g}") for mark in marks)
    ticks = tuple((place, words) for place, words in places if place is not None)
    return Scale(*ends, is_logarithmic, (), ticks)


def round_numbers(low: float, high: float) -> list[float]:
    marks = map(float, MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high))
    return [mark for mark in marks if low <= mark <= high]


def _decades(low: float, high: float) -> list[float]:
    """Powers of ten within a range; with halves and fifths between where they are few."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for parts in ((1,), (1, 3), (1, 2, 5)):
        marks = [part * 10.0**power for power in powers for part in parts]
        marks = [mark for mark in marks if low * (1 - 1e-9) <= mark <= high * (1 + 1e-9)]
        if len(marks) >= 3:
            return marks[:: math.ceil(len(marks) / _MOST_TICKS)]
    return [low, math.sqrt(low * high), high]


def _share(place: int, count: int) -> float:
    return place / (count - 1) if count > 1 else 0.5


def _is_number(value: Any) -> bool:
    is_plain = isinstance(value, int | float) and not isinstance(value, bool)
    return is_plain and abs(value) < 2**63


def _entry(words: str, marker: str, colour: str, unit: float) -> Line2D:
    size = (4.5 if marker == "D" else 3.6) * unit
    return Line2D([], [], linestyle="", marker=marker, color=colour, markersize=size, label=words)
