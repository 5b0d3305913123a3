"""The most frequent mistakes, one a row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from cifar_studio.data.names import ClassNames
from cifar_studio.runs.analysis.metrics import most_confused
from cifar_studio.ui.tables.figure_model import Column, Row
from cifar_studio.ui.tables.figure_table import FigureTable
from cifar_studio.ui.tables.table import Table

MOST = 200
_ARROW = " → "
_COLUMNS = (
    Column("Shown → said", "confused"),
    Column("Pictures", "confused", "{:,.0f}"),
    Column("of", "support", "{:,.0f}"),
    Column("%", "share", "{:.2f}"),
)
_DIFFERENCES = (
    Column("Shown → said", "confused"),
    Column("A − B", "difference", "{:+,.0f}"),
    Column("A", "confused", "{:,.0f}"),
    Column("B", "confused", "{:,.0f}"),
)


class MostConfused(FigureTable):
    """Pairs of classes, "maple → oak 23 of 100".

    The subject of a row is (class shown, class said).
    """

    def __init__(self) -> None:
        super().__init__("Most confused", "No mistake to show")

    @override
    def as_table(self, name: str) -> Table:
        """With the two classes in columns of their own."""
        table = super().as_table(name)
        rows = [(*str(pair).split(_ARROW), *rest) for pair, *rest in table.rows]
        return Table(name, ("Shown", "Said", *table.header[1:]), rows)

    def show_matrix(self, confusion: NDArray[np.int64] | None, names: ClassNames | None) -> None:
        """Show the mistakes of a (100, 100) matrix, the most frequent first."""
        if confusion is None or names is None:
            self.set_rows((), ())
            return
        shown_N, titles = confusion.sum(axis=1), names.class_titles
        rows = []
        for true, said, count in most_confused(confusion, MOST):
            of = float(shown_N[true])
            words = f"{titles[true]}{_ARROW}{titles[said]}"
            rows.append(Row((words, float(count), of, 100 * count / of), (true, said)))
        self.set_rows(_COLUMNS, rows)

    def show_difference(
        self, a: NDArray[np.int64], b: NDArray[np.int64], names: ClassNames
    ) -> None:
        """Show the mistakes that one of two (100, 100) matrices has most more of than the other."""
        titles, rows = names.class_titles, []
        for true, said, _ in most_confused(np.abs(a - b), MOST):
            words = f"{titles[true]}{_ARROW}{titles[said]}"
            in_a, in_b = float(a[true, said]), float(b[true, said])
            rows.append(Row((words, in_a - in_b, in_a, in_b), (true, said)))
        self.set_rows(_DIFFERENCES, rows)
