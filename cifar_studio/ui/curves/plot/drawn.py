"""A run as it stands in one plot: its lines, and its colour and letter among several."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cifar_studio.ui.curves.data.run_data import RunData
from cifar_studio.ui.curves.plot.lines import RunLines
from cifar_studio.ui.curves.plot.measures import Measure, colour_of
from cifar_studio.ui.widgets import theme


@dataclass(frozen=True)
class RunStyle:
    """How a run is told apart from others.

    Attributes
    ----------
    colour : int or None
        Place in the theme's `runs`; None where there is one run and colour is the measure.
    letter : str
        Stands at the end of its curves; empty for one run.
    """

    colour: int | None = None
    letter: str = ""

    @property
    def shade(self) -> str | None:
        """#rrggbb in the theme in force; None where colour is the measure."""
        if self.colour is None:
            return None
        colours = theme.current().runs
        return colours[self.colour % len(colours)]


@dataclass(frozen=True)
class Dot:
    """A value at its place on the axes."""

    x: float
    y: float
    colour: str
    measure: Measure


@dataclass(frozen=True)
class DrawnRun:
    """Lines of a run in a plot."""

    lines: RunLines
    style: RunStyle

    @property
    def run(self) -> RunData:
        return self.lines.run

    def dots(self, epoch: int, hidden: frozenset[str], logarithmic: bool) -> list[Dot]:
        """Where the run's curves stand at an epoch."""
        run, found = self.run, []
        for measure in self.lines.measures:
            value = run.at(epoch, measure.column)
            if value is None or measure.column in hidden or (logarithmic and value <= 0):
                continue
            y = math.log10(value) if logarithmic else value
            if run.row(epoch) is None:
                x = run.position
            else:
                x = epoch - 0.5 if measure.split == "training" else float(epoch)
            shade = self.style.shade or colour_of(measure, theme.current()).name()
            found.append(Dot(x, y, shade, measure))
        return found
