"""Precision, recall, F1 and support of each class or superclass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cifar_studio.data.names import ClassNames
from cifar_studio.runs.analysis.metrics import class_scores, to_superclasses
from cifar_studio.ui.tables.figure_model import Column, Row
from cifar_studio.ui.tables.figure_table import FigureTable
from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.segments import Segments

_CLASS = Column("Class", "class")
_SUPERCLASS = Column("Superclass", "superclasses")
_FIGURES = (
    Column("Precision", "precision", "{:.2f}", "It was never said, so none of its answers counts"),
    Column("Recall", "recall", "{:.2f}", "None of its pictures was shown"),
    Column("F1", "f1", "{:.2f}", "It was neither shown nor said"),
    Column("n", "support", "{:,.0f}"),
)
_GAINS = tuple(
    Column(f"Δ {column.title}", column.key, "{:+.2f}", "It is undefined for A or for B")
    for column in _FIGURES[:3]
)


class ClassTable(QWidget):
    """The 100 classes, or the 20 superclasses, to sort, search and copy.

    Its `table` tells with `row_chosen` and `row_opened` the class numbers of a row: one, or a
    superclass's five.
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
        self._confusion: NDArray[np.int64] | None = None
        self._minus: NDArray[np.int64] | None = None
        self._names: ClassNames | None = None
        self.level.chosen.connect(lambda _: self._fill())
        self._row = QHBoxLayout()
        self._row.addWidget(self.level)
        self._row.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._row)
        self._column.addWidget(self.table, 1)
        self.restyle()

    def show_matrix(
        self,
        confusion: NDArray[np.int64] | None,
        names: ClassNames | None,
        minus: NDArray[np.int64] | None = None,
    ) -> None:
        """Show the scores of a (100, 100) matrix, rows the true class, less another's if given."""
        self._confusion, self._names, self._minus = confusion, names, minus
        self._fill()

    def search(self, words: str) -> None:
        self.table.search(words)

    def restyle(self) -> None:
        self._column.setContentsMargins(0, theme.px(8), 0, 0)
        self._column.setSpacing(theme.px(8))
        self.level.restyle()
        self.table.restyle()

    def _fill(self) -> None:
        confusion, names = self._confusion, self._names
        if confusion is None or names is None:
            self.table.set_rows((), ())
            return
        by_class = self.level.key == "classes"
        scores_KF = _scores(confusion, names, by_class)
        figures: tuple[Column, ...] = _FIGURES
        if self._minus is not None:
            scores_KF[:, :3] -= _scores(self._minus, names, by_class)[:, :3]
            figures = (*_GAINS, _FIGURES[3])
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
