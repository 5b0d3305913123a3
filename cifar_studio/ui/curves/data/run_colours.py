"""How runs are told apart where several are compared: a colour kept for life, and a letter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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
    is_reference : bool
        A thin dashed line behind the curves of another run, and nothing more.
    """

    colour: int | None = None
    letter: str = ""
    is_reference: bool = False

    @property
    def shade(self) -> str | None:
        """#rrggbb in the theme in force; None where colour is the measure."""
        if self.colour is None:
            return None
        colours = theme.current().runs
        return colours[self.colour % len(colours)]


class RunColours:
    """Hands out places in the theme's `runs`, the first free one to each new run.

    Parameters
    ----------
    places : int
        How many colours there are; a run more than that shares one.
    known : mapping of run folder name to place
        As `assigned` was before, for the settings file.
    """

    def __init__(self, places: int, known: Mapping[str, int] | None = None) -> None:
        self._places = places
        self._assigned: dict[str, int] = dict(known or {})

    @property
    def assigned(self) -> dict[str, int]:
        """What was handed out so far, to be kept with the settings."""
        return dict(self._assigned)

    def place_of(self, name: str, compared_with: Iterable[str] = ()) -> int:
        """The colour of a run.

        Parameters
        ----------
        name : str
            Of the run folder.
        compared_with : iterable of str
            Runs in the same picture, whose colours a new run avoids where it can.
        """
        if name not in self._assigned:
            taken = list(self._assigned.values())
            near = {self._assigned[other] for other in compared_with if other in self._assigned}
            free = [place for place in range(self._places) if place not in near]
            choices = free or list(range(self._places))
            self._assigned[name] = min(choices, key=lambda place: (taken.count(place), place))
        return self._assigned[name] % self._places
