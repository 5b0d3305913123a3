"""The tables beside the matrix: scores of each class, and the most frequent mistakes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from cifar_studio.data.names import ClassNames
from cifar_studio.runs.analysis.metrics import class_scores, most_confused, to_superclasses
from cifar_studio.ui.tables.figure_model import Column, Row
from cifar_studio.ui.tables.figure_table import FigureTable
from cifar_studio.ui.tables.table import Table
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.segments import Segments

MOST_MISTAKES = 200
_CLASS = Column("Class", "class")
_SUPERCLASS = Column("Superclass", "superclasses")
_SCORES = (
    Column("Precision", "precision", "{:.2f}", "It was never said, so none of its answers counts"),
    Column("Recall", "recall", "{:.2f}", "None of its pictures was shown"),
    Column("F1", "f1", "{:.2f}", "It was neither shown nor said"),
    Column("n", "support", "{:,.0f}"),
)
_GAINS = tuple(
    Column(f"Δ {column.title}", column.key, "{:+.2f}", "It is undefined for A or for B")
    for column in _SCORES[:3]
)
_ARROW = " → "
_MISTAKE = Column("Shown → said", "confused")
_MISTAKES = (
    _MISTAKE,
    Column("Pictures", "confused", "{:,.0f}"),
    Column("of", "support", "{:,.0f}"),
    Column("%", "share", "{:.2f}"),
)
_CHANGED_MISTAKES = (
    _MISTAKE,
    Column("A − B", "difference", "{:+,.0f}"),
    Column("A", "confused", "{:,.0f}"),
    Column("B", "confused", "{:,.0f}"),
)


class ClassTable(QWidget):
    """Precision, recall, F1 and support of the 100 classes or the 20 superclasses.

    The subject of a row of its `table` is the class numbers: one, or a superclass's five.
    """

    def __init__(self) -> None:
        super().__init__()
        self.table = FigureTable("Classes", "Each class has a row here once a run is evaluated")
        self.level = Segments(
            "Rows",
            [
                ("classes", "100 classes", "The 100 classes"),
                ("superclasses", "20 superclasses", "The 20 superclasses"),
            ],
        )
        self._shown: tuple[NDArray[np.int64], ClassNames, NDArray[np.int64] | None] | None = None
        self.level.chosen.connect(self._fill)
        self._row = QHBoxLayout()
        self._row.addWidget(self.level)
        self._row.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._row)
        self._column.addWidget(self.table, 1)
        self.restyle()

    def show_matrix(
        self,
        confusion: NDArray[np.int64],
        names: ClassNames,
        minus: NDArray[np.int64] | None = None,
    ) -> None:
        """Show the scores of a (100, 100) matrix, rows the true class, less another's if given."""
        self._shown = (confusion, names, minus)
        self._fill()

    def restyle(self) -> None:
        self._column.setContentsMargins(0, theme.px(8), 0, 0)
        self._column.setSpacing(theme.px(8))
        self.level.restyle()
        self.table.restyle()

    def _fill(self) -> None:
        if self._shown is None:
            return
        confusion, names, minus = self._shown
        by_class = self.level.key == "classes"
        scores_KF = _scores(confusion, names, by_class)
        figures: tuple[Column, ...] = _SCORES
        if minus is not None:
            scores_KF[:, :3] -= _scores(minus, names, by_class)[:, :3]
            figures = (*_GAINS, _SCORES[3])
        rows = []
        for number, scores in enumerate(scores_KF.tolist()):
            if by_class:
                superclass = names.superclass_titles[int(names.superclass_of[number])]
                titles: tuple[str, ...] = (names.class_titles[number], superclass)
                subject: tuple[int, ...] = (number,)
            else:
                titles, subject = (names.superclass_titles[number],), names.classes_in(number)
            rows.append(Row((*titles, *scores), subject))
        columns = (_CLASS, _SUPERCLASS) if by_class else (_SUPERCLASS,)
        self.table.set_rows((*columns, *figures), rows)


def _scores(confusion: NDArray[np.int64], names: ClassNames, by_class: bool) -> NDArray[np.float64]:
    """(K, 4): precision, recall, F1 and support of each class or superclass."""
    matrix = confusion if by_class else to_superclasses(confusion, names.superclass_of)
    scores = class_scores(matrix)
    return np.stack([scores.precision, scores.recall, scores.f1, scores.support], axis=1)


class MistakeTable(FigureTable):
    """Pairs of classes that are confused most, "maple → oak 23 of 100".

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

    def show_matrix(self, confusion: NDArray[np.int64], names: ClassNames) -> None:
        """Show the mistakes of a (100, 100) matrix, the most frequent first."""
        shown_N, titles = confusion.sum(axis=1), names.class_titles
        rows = []
        for true, said, count in most_confused(confusion, MOST_MISTAKES):
            of = float(shown_N[true])
            words = f"{titles[true]}{_ARROW}{titles[said]}"
            rows.append(Row((words, float(count), of, 100 * count / of), (true, said)))
        self.set_rows(_MISTAKES, rows)

    def show_difference(
        self, a: NDArray[np.int64], b: NDArray[np.int64], names: ClassNames
    ) -> None:
        """Show the mistakes that one of two (100, 100) matrices has most more of than the other."""
        titles, rows = names.class_titles, []
        for true, said, _ in most_confused(np.abs(a - b), MOST_MISTAKES):
            words = f"{titles[true]}{_ARROW}{titles[said]}"
            in_a, in_b = float(a[true, said]), float(b[true, said])
            rows.append(Row((words, in_a - in_b, in_a, in_b), (true, said)))
        self.set_rows(_CHANGED_MISTAKES, rows)
