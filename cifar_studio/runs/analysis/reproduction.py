"""Two runs of the same settings, figure by figure: did the second one repeat the first?

Only figures that the computation decides are compared: losses, accuracies and the learning rate;
times and memory are the machine's. Where the test set is locked, its figures stand in the row of
the best epoch when a run has ended: a repetition of fewer epochs has them elsewhere, so they count
only at an epoch where both runs have them. The validation figures of each epoch always count.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from cifar_studio.config.serialization import differences
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import BadInputError
from cifar_studio.runs.analysis.settings_difference import SettingApart, circumstances_apart
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.library import Run

FIGURES: dict[str, str] = {
    "learning_rate": "learning rate",
    "train_loss": "training loss",
    "train_top1": "training accuracy, %",
    "test_loss": "test loss",
    "test_top1": "top-1, %",
    "test_top5": "top-5, %",
    "val_loss": "validation loss",
    "val_top1": "validation top-1, %",
    "val_top5": "validation top-5, %",
}
# They decide how far and on what it is computed, and not what.
MAY_DIFFER = frozenset({"epochs", "device"})
_Pairs = list[tuple[EpochRow, EpochRow]]
_ALL_THE_SAME = {"epochs run"}


@dataclass(frozen=True)
class FigureApart:
    """One column of both tables.

    Attributes
    ----------
    name : str
        Column of `epochs.csv`.
    title : str
    first : float or None
        Figure of the first run at the last epoch that both have; None where it is missing.
    second : float or None
    largest : float
        The largest distance over those epochs; infinite where only one run has a figure.
    since : int or None
        The first epoch at which they differ at all; None where they never do.
    """

    name: str
    title: str
    first: float | None
    second: float | None
    largest: float
    since: int | None


@dataclass(frozen=True)
class Reproduction:
    """What a repetition showed.

    Attributes
    ----------
    epochs : int
        So many that both runs have.
    figures : tuple of FigureApart
        Those that either run has.
    circumstances : tuple of SettingApart
        Versions, machine and data in which the runs differ.
    locks_test_set : bool
        Whether the validation figures are the ones to be named.
    """

    epochs: int
    figures: tuple[FigureApart, ...]
    circumstances: tuple[SettingApart, ...]
    locks_test_set: bool = False

    @property
    def is_exact(self) -> bool:
        """Whether every figure of every epoch is the same, to the last digit."""
        return all(figure.since is None for figure in self.figures)

    def verdict(self) -> str:
        """One or two sentences."""
        count = f"{self.epochs} {'epoch' if self.epochs == 1 else 'epochs'}"
        if self.is_exact:
            return f"Every figure of {count} is the same, to the last digit."
        since = min(figure.since for figure in self.figures if figure.since is not None)
        words = f"The figures differ from epoch {since} on."
        by_name = {figure.name: figure for figure in self.figures}
        split, name = ("val", "validation ") if self.locks_test_set else ("test", "")
        loss, top1 = by_name.get(f"{split}_loss"), by_name.get(f"{split}_top1")
        if loss is not None and top1 is not None:
            words += (
                f" After {count}: {name or 'test '}loss {_shown(loss.second, 4)}, before "
                f"{_shown(loss.first, 4)}; {name}top-1 {_shown(top1.second, 2)} %, before "
                f"{_shown(top1.first, 2)} %."
            )
        return f"{words} {self._reason()}"

    def _reason(self) -> str:
        if any(figure.name == "learning_rate" for figure in self.figures if figure.since):
            return (
                "Their learning rates differ: one of them was made longer on the way, and its "
                "schedule with it, which its settings do not tell."
            )
        if not self.circumstances:
            return (
                "Nothing that is recorded of machine and versions differs; on a GPU, algorithms "
                "that are not deterministic can do it."
            )
        names = ", ".join(one.name for one in self.circumstances)
        return f"The runs differ in {names}, and each of these changes the last digits."


def config_to_repeat(run: Run, epochs: int | None = None) -> TrainConfig:
    """The config that trains a run again.

    Parameters
    ----------
    run : Run
    epochs : int or None
        Fewer are enough for a check: the learning rate goes as in the whole run, so the first
        epochs of a shorter run are those of a longer one. None is as many as the run has.

    Raises
    ------
    BadInputError
        The run has fewer epochs than are asked for, or none.
    """
    if not run.rows:
        raise BadInputError(f"{run.path.name} has no epoch to be repeated", "Train it first")
    last = run.rows[-1].epoch
    if epochs is not None and not 1 <= epochs <= last:
        raise BadInputError(
            f"{run.path.name} has {last} epochs, and {epochs} are to be repeated",
            f"Ask for 1 to {last}",
        )
    config = replace(run.config, epochs=epochs or last)
    if config.scheduled_epochs != run.config.scheduled_epochs and _has_length(config):
        config = replace(config, schedule_epochs=run.config.scheduled_epochs)
    return config


def reproduction_of(first: Run, second: Run) -> Reproduction:
    """Compare two runs, over the epochs that both have.

    Raises
    ------
    BadInputError
        Their settings differ in more than the number of epochs and the device, or one of them has
        no epoch.
    """
    configs = (_with_its_schedule(run.config) for run in (first, second))
    changed = sorted(differences(*configs).keys() - MAY_DIFFER)
    if changed:
        raise BadInputError(
            f"the two runs differ in {', '.join(changed).replace('_', ' ')}",
            "Take a run with the same settings",
        )
    pairs = _pairs(first.rows, second.rows)
    if not pairs:
        raise BadInputError("the two runs have no epoch in common", "Train them for one or more")
    is_locked = first.config.locks_test_set
    tested = [(a, b) for a, b in pairs if a.test_top1 is not None and b.test_top1 is not None]
    figures = (
        _apart(name, title, tested if is_locked and name.startswith("test_") else pairs)
        for name, title in FIGURES.items()
    )
    circumstances = circumstances_apart([first, second])
    return Reproduction(
        epochs=len(pairs),
        figures=tuple(figure for figure in figures if figure is not None),
        circumstances=tuple(one for one in circumstances if one.name not in _ALL_THE_SAME),
        locks_test_set=is_locked,
    )


def _has_length(config: TrainConfig) -> bool:
    """Whether the learning rate depends on how long the schedule is."""
    return config.schedule in ("cosine", "one-cycle")


def _with_its_schedule(config: TrainConfig) -> TrainConfig:
    """The config with the length of its schedule said, whether its person said it or not."""
    epochs = config.scheduled_epochs if _has_length(config) else None
    return replace(config, schedule_epochs=epochs)


def _pairs(first: Sequence[EpochRow], second: Sequence[EpochRow]) -> _Pairs:
    others = {row.epoch: row for row in second}
    return [(row, others[row.epoch]) for row in first if row.epoch in others]


def _apart(name: str, title: str, pairs: _Pairs) -> FigureApart | None:
    values = [(getattr(a, name), getattr(b, name)) for a, b in pairs]
    if all(a is None and b is None for a, b in values):
        return None
    distances = [_distance(a, b) for a, b in values]
    since = next(
        (row.epoch for (row, _), far in zip(pairs, distances, strict=True) if far > 0), None
    )
    return FigureApart(name, title, *values[-1], max(distances), since)


def _distance(a: float | None, b: float | None) -> float:
    if a is None or b is None:  # a loss that was not finite
        return 0.0 if a is b else math.inf
    return abs(a - b)


def _shown(value: float | None, digits: int) -> str:
    return "none" if value is None else f"{value:.{digits}f}"
