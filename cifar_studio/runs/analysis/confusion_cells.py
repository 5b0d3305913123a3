"""What a confusion matrix shows, as numbers and words, for the window and for figures alike.

How it is drawn is their business.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cifar_studio.data.names import ClassNames
from cifar_studio.runs.analysis.metrics import to_superclasses
from cifar_studio.runs.wording import MINUS

Level = Literal["superclasses", "classes"]


@dataclass(frozen=True, eq=False)
class Cells:
    """A confusion matrix in the order in which it is shown.

    Attributes
    ----------
    level : Level
    counts : (K, K) int64
        Rows the true class; A's counts minus B's where `is_difference`.
    shown : (K,) int64
        Pictures of each row's class.
    titles : tuple of K str
    classes : tuple of K tuples of int
        Class numbers that each row and column stands for.
    groups : tuple of (str, int)
        Superclasses in order: title, and how many rows each has.
    is_difference : bool
    """

    level: Level
    counts: NDArray[np.int64]
    shown: NDArray[np.int64]
    titles: tuple[str, ...]
    classes: tuple[tuple[int, ...], ...]
    groups: tuple[tuple[str, int], ...]
    is_difference: bool = False

    def __len__(self) -> int:
        return len(self.titles)

    def values(self, percent: bool) -> NDArray[np.float64]:
        """Counts, or per cent of the row's pictures; a row without pictures is all zero."""
        if not percent:
            return self.counts.astype(np.float64)
        shown = np.maximum(self.shown, 1)[:, None]
        return 100.0 * self.counts / shown

    def text(self, row: int, column: int, percent: bool) -> str:
        """A cell's figure as it stands in the cell: without decimals, nothing for zero."""
        count = int(self.counts[row, column])
        if not count:
            return ""
        if not percent:
            return f"{signed(count) if self.is_difference else count}"
        value = 100.0 * count / max(int(self.shown[row]), 1)
        if round(abs(value)) == 0:
            return ("+<1" if value > 0 else f"{MINUS}<1") if self.is_difference else "<1"
        return signed(round(value)) if self.is_difference else f"{value:.0f}"

    def describe(self, row: int, column: int) -> str:
        """A cell in words: "maple shown, oak said: 23 of 100 (23.00 %)"."""
        shown, said = self.titles[row], self.titles[column]
        words = f"{shown} shown and said" if row == column else f"{shown} shown, {said} said"
        count, total = int(self.counts[row, column]), int(self.shown[row])
        if self.is_difference:
            return f"{words}: A {signed(count)} against B, of {total:,}"
        if not total:
            return f"{words}: no {shown} was shown"
        return f"{words}: {count:,} of {total:,} ({100 * count / total:.2f} %)"

    def heading(self, row: int, column: int) -> str:
        """A cell as a heading: "maple → oak: 23 of 100"."""
        count = int(self.counts[row, column])
        words = signed(count) if self.is_difference else f"{count:,}"
        return f"{self.titles[row]} → {self.titles[column]}: {words} of {int(self.shown[row]):,}"

    def as_text(self, percent: bool) -> str:
        """The matrix for a spreadsheet: tab-separated, with titles; per cent with two decimals."""
        form = "{:.2f}" if percent else "{:.0f}"
        lines = ["\t".join(("shown \\ said", *self.titles))]
        for title, values in zip(self.titles, self.values(percent), strict=True):
            lines.append("\t".join((title, *(form.format(value) for value in values))))
        return "\n".join(lines) + "\n"

    def place_of(self, class_number: int) -> int:
        """Row that stands for a class, alone or among others."""
        return next(i for i, numbers in enumerate(self.classes) if class_number in numbers)

    def group_of(self, place: int) -> int:
        """Superclass, in the order shown, of a row."""
        if self.level == "superclasses":
            return place
        ends = np.cumsum([size for _, size in self.groups])
        return int(np.searchsorted(ends, place, side="right"))

    def rows_of_group(self, group: int) -> tuple[int, int]:
        """First row of a superclass, and how many there are."""
        start = sum(size for _, size in self.groups[:group])
        return start, self.groups[group][1]


def cells_of(
    confusion: NDArray[np.int64],
    names: ClassNames,
    level: Level,
    minus: NDArray[np.int64] | None = None,
) -> Cells:
    """Order a (100, 100) matrix for showing, less another one over the same pictures if given."""
    counts = confusion if minus is None else confusion - minus
    groups = tuple(
        (title, len(names.classes_in(number)))
        for number, title in enumerate(names.superclass_titles)
    )
    shown = confusion.sum(axis=1)
    if level == "superclasses":
        return Cells(
            level=level,
            counts=to_superclasses(counts, names.superclass_of),
            shown=np.bincount(names.superclass_of, weights=shown).astype(np.int64),
            titles=names.superclass_titles,
            classes=tuple(names.classes_in(number) for number in range(len(groups))),
            groups=tuple((title, 1) for title, _ in groups),
            is_difference=minus is not None,
        )
    order = list(names.by_superclass)
    return Cells(
        level=level,
        counts=counts[np.ix_(order, order)],
        shown=shown[order],
        titles=tuple(names.class_titles[number] for number in order),
        classes=tuple((number,) for number in order),
        groups=groups,
        is_difference=minus is not None,
    )


@dataclass(frozen=True)
class Shading:
    """How strongly a value is coloured: 0 for none, 1 for `top`, either linear or logarithmic.

    Attributes
    ----------
    top : float
        The largest value.
    unit : float
        The smallest value but zero; where the logarithmic shading starts to bend.
    logarithmic : bool
    """

    top: float
    unit: float
    logarithmic: bool

    @classmethod
    def of(cls, values: NDArray[np.float64], logarithmic: bool) -> Shading:
        """That suits these values, of whatever sign."""
        sizes = np.abs(values[values != 0])
        top, unit = (float(sizes.max()), float(sizes.min())) if sizes.size else (1.0, 1.0)
        return cls(top, unit, logarithmic)

    def strength(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Each value's place between 0 and 1, by its size."""
        sizes = np.abs(values)
        if self.logarithmic:
            sizes = np.log1p(sizes / self.unit) / math.log1p(self.top / self.unit)
        else:
            sizes = sizes / self.top
        return np.clip(sizes, 0.0, 1.0)

    def ticks(self, whole: bool) -> list[float]:
        """Zero, round values between, and the top; never two of nearly the same strength."""
        least, most = (1.0 if whole else self.unit), self.top
        decade = 10.0 ** math.floor(math.log10(least))
        rounds = []
        while decade <= most:
            rounds += [decade * m for m in (1, 2, 5) if least <= decade * m < most]
            decade *= 10
        kept = [0.0, most]
        for value in reversed(rounds):
            strengths = self.strength(np.array([*kept, value]))
            if np.abs(strengths[:-1] - strengths[-1]).min() > 0.09:
                kept.append(value)
        return sorted(kept)


def signed(number: int) -> str:
    """With the sign always said, and a true minus."""
    if number == 0:
        return "0"
    return f"+{number:,}" if number > 0 else f"{MINUS}{-number:,}"
