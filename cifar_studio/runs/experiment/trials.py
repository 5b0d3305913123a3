"""The trials of an experiment as the lines of `trials.jsonl` tell them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Any, Literal

import msgspec

TrialState = Literal["planned", "running", "interrupted", "finished", "pruned", "failed", "stopped"]
EndState = Literal["finished", "pruned", "failed", "stopped"]
_Number = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]


class Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="line"):
    """Base of the lines; `time` is ISO 8601 with the zone."""

    time: str = ""


class Planned(Line, frozen=True, kw_only=True, tag="planned"):
    """A trial is to be trained.

    Attributes
    ----------
    parameters : dict
        Keys of `TrainConfig` with plain values, on top of the experiment's config.
    preset, data, repeats : str
        As `PlannedRun` means them; of a queue and a report, empty elsewhere.
    """

    trial: _Number
    parameters: dict[str, Any]
    preset: str = ""
    data: str = ""
    repeats: str = ""


class Begun(Line, frozen=True, kw_only=True, tag="begun"):
    """A training of a trial has a run folder of this name, new or gone on with."""

    trial: _Number
    run: str
    part: _Number = 0


class Ended(Line, frozen=True, kw_only=True, tag="ended"):
    """A training of a trial has ended.

    Attributes
    ----------
    value : float or None
        The experiment's figure; None where there is none or it is not finite.
    best_epoch, epochs : int
        The epoch of the figure, and how many were trained.
    seconds : float
        How long it was trained, since the last `Begun`.
    """

    trial: _Number
    state: EndState
    part: _Number = 0
    value: float | None = None
    best_epoch: _Number = 0
    epochs: _Number = 0
    seconds: float = 0.0
    message: str = ""


class PlannedAgain(Line, frozen=True, kw_only=True, tag="planned_again"):
    """A trial that failed, or whose run was deleted, is to be trained anew in its place."""

    trial: _Number
    part: _Number = 0


class Withdrawn(Line, frozen=True, kw_only=True, tag="withdrawn"):
    """A trial that had not begun is not to be trained any more."""

    trial: _Number


class Ordered(Line, frozen=True, kw_only=True, tag="ordered"):
    """The order of the trials that wait."""

    trials: list[_Number]


AnyLine = Planned | Begun | Ended | PlannedAgain | Withdrawn | Ordered


@dataclass(frozen=True)
class Part:
    """One training of a trial; most trials have one.

    Attributes
    ----------
    number : int
        The fold, from 1; 0 where the trial is a single training.
    state : TrialState
        As the lines tell it: whether a training that began goes on, or was cut off, is said by
        who holds the folders.
    run : str
        The name of its run folder; empty before there is one.
    attempts : int
        How often it was begun anew.
    """

    number: int = 0
    state: TrialState = "planned"
    run: str = ""
    value: float | None = None
    best_epoch: int = 0
    epochs: int = 0
    seconds: float = 0.0
    message: str = ""
    attempts: int = 0


@dataclass(frozen=True)
class Trial:
    """A trial and what is known of it.

    Attributes
    ----------
    number : int
        From 1, in the order of planning.
    parts : tuple of Part
        As many as the experiment asks for, whether begun or not.
    """

    number: int
    parameters: dict[str, Any]
    parts: tuple[Part, ...] = (Part(),)
    preset: str = ""
    data: str = ""
    repeats: str = ""

    @functools.cached_property
    def state(self) -> TrialState:
        """What is true of all parts, else what matters most of any."""
        states = [part.state for part in self.parts]
        for state in ("running", "failed", "pruned", "stopped", "interrupted"):
            if state in states:
                return state
        if all(state == "finished" for state in states):
            return "finished"
        return "interrupted" if "finished" in states else "planned"

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is left to train."""
        return self.state in ("finished", "pruned", "failed")

    @functools.cached_property
    def value(self) -> float | None:
        """The figure, over parts their mean; None before the end, and where one has none."""
        values = [part.value for part in self.parts if part.state == "finished"]
        known = [value for value in values if value is not None]
        return sum(known) / len(known) if len(known) == len(self.parts) else None

    @property
    def run(self) -> str:
        """The run folder's name of a trial with one part; of several that of the first begun."""
        return next((part.run for part in self.parts if part.run), "")

    @property
    def seconds(self) -> float:
        return sum(part.seconds for part in self.parts)

    @property
    def message(self) -> str:
        return next((part.message for part in self.parts if part.message), "")

    def part(self, number: int) -> Part:
        return next(part for part in self.parts if part.number == number)


@dataclass
class TrialTable:
    """Trials, built line by line. Lines of unknown trials or parts are passed over, and so are
    runs whose name leads out of the folder of runs: a ledger may be a stranger's.

    Attributes
    ----------
    trials : dict of number to Trial
    waiting : list of int
        The trials with a part that has not begun or goes on later, in the order in which they get
        their turn.
    """

    part_numbers: tuple[int, ...] = (0,)
    trials: dict[int, Trial] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)

    def feed(self, lines: Iterable[AnyLine]) -> None:
        for line in lines:
            self.take(line)

    def take(self, line: AnyLine) -> None:
        """Take one line in."""
        if isinstance(line, Planned):
            if line.trial not in self.trials:
                parts = tuple(Part(number) for number in self.part_numbers)
                self.trials[line.trial] = Trial(
                    line.trial, line.parameters, parts, line.preset, line.data, line.repeats
                )
                self.order.append(line.trial)
        elif isinstance(line, Ordered):
            known = [number for number in dict.fromkeys(line.trials) if number in self.trials]
            others = [number for number in self.order if number not in known]
            self.order = [*known, *others]
        elif isinstance(line, Withdrawn):
            trial = self.trials.get(line.trial)
            if trial is not None and trial.state == "planned":
                del self.trials[line.trial]
                self.order.remove(line.trial)
        else:
            self._change_part(line)

    @property
    def next_number(self) -> int:
        return max(self.trials, default=0) + 1

    @property
    def waiting(self) -> list[int]:
        return [number for number in self.order if not self.trials[number].is_over]

    def in_order(self) -> list[Trial]:
        """By number."""
        return [self.trials[number] for number in sorted(self.trials)]

    def _change_part(self, line: Begun | Ended | PlannedAgain) -> None:
        trial = self.trials.get(line.trial)
        if trial is None or line.part not in self.part_numbers:
            return
        part = trial.part(line.part)
        if isinstance(line, Begun):
            if part.state in ("finished", "pruned") or not is_folder_name(line.run):
                return
            is_anew = line.run != part.run
            part = dataclasses.replace(
                part,
                state="running",
                run=line.run,
                message="",
                attempts=part.attempts + is_anew,
            )
        elif isinstance(line, PlannedAgain):
            part = Part(part.number, attempts=part.attempts)
        elif part.state not in ("finished", "pruned"):  # counted once
            part = dataclasses.replace(
                part,
                state=line.state,
                value=line.value,
                best_epoch=line.best_epoch,
                epochs=line.epochs,
                seconds=part.seconds + line.seconds,
                message=line.message,
            )
        else:
            return
        parts = tuple(part if one.number == part.number else one for one in trial.parts)
        self.trials[trial.number] = Trial(  # ten times as fast as dataclasses.replace
            trial.number, trial.parameters, parts, trial.preset, trial.data, trial.repeats
        )


def is_folder_name(name: str) -> bool:
    """Whether a name is that of something directly inside a folder, on every system."""
    if name in ("", ".", "..") or "\0" in name or len(name.encode()) > 255:
        return False
    return name == PurePosixPath(name).name == PureWindowsPath(name).name
