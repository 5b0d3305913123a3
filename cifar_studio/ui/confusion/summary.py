"""What an evaluation comes to, and where two runs disagree."""

from __future__ import annotations

import functools

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from cifar_studio.data.names import ClassNames
from cifar_studio.runs.analysis import metrics
from cifar_studio.runs.analysis.comparison import Comparison
from cifar_studio.runs.folder.evaluation import Evaluation
from cifar_studio.runs.wording import NONE
from cifar_studio.ui.confusion.explanations import EXPLANATIONS
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.explanation import offer_explanation

_CAPTIONS = {"top1": "top-1", "top5": "top-5", "superclass": "superclass"}
DISAGREEMENTS = {
    "a_only": "A right, B wrong",
    "b_only": "B right, A wrong",
    "both_right": "Both right",
    "both_wrong": "Both wrong",
}


class Summary(QWidget):
    """Three accuracies, where the mistakes stay, and what it is all of."""

    def __init__(self) -> None:
        super().__init__()
        self.figures: dict[str, QLabel] = {}
        self._row = QHBoxLayout()
        for key, caption in _CAPTIONS.items():
            figure, title = basics.label("", "headline"), basics.label(caption, "small")
            figure.setAccessibleName(caption)
            pair = QVBoxLayout()
            pair.setSpacing(0)
            for label in (figure, title):
                pair.addWidget(label)
                offer_explanation(label, key, EXPLANATIONS)
            self._row.addLayout(pair)
            self.figures[key] = figure
        self._row.addStretch(1)
        self.inside = basics.label()
        offer_explanation(self.inside, "inside", EXPLANATIONS)
        self.origin = basics.label("", "muted")
        self.origin.setWordWrap(True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(self._row)
        self._column.addWidget(self.inside)
        self._column.addWidget(self.origin)
        self.restyle()

    def show_evaluation(self, evaluation: Evaluation, names: ClassNames, origin: str) -> None:
        """Show the figures of an evaluation, and what it is of."""
        confusion, of = evaluation.confusion, names.superclass_of
        self.figures["top1"].setText(_percent(metrics.accuracy(confusion)))
        self.figures["top5"].setText(_percent(metrics.top_k(evaluation.true, evaluation.top5, 5)))
        self.figures["superclass"].setText(_percent(metrics.superclass_accuracy(confusion, of)))
        inside = metrics.share_inside_superclass(confusion, of)
        self.inside.setText(
            "No mistake"
            if inside is None
            else f"{100 * inside:.0f} % of mistakes stay in the superclass"
        )
        self.origin.setText(origin)
        self.origin.setAccessibleName(origin)

    def restyle(self) -> None:
        self._column.setSpacing(theme.px(2))
        self._row.setSpacing(theme.px(24))


class Disagreements(QWidget):
    """Links "A right, B wrong: 123 pictures".

    Signals
    -------
    opened(str, object)
        A key of `DISAGREEMENTS`, and (n,) int32 test pictures.
    """

    opened = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self._comparison: Comparison | None = None
        self.links: dict[str, QPushButton] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        for place, key in enumerate(DISAGREEMENTS):
            link = basics.link("", functools.partial(self._open, key))
            offer_explanation(link, "disagreement", EXPLANATIONS)
            column, row = divmod(place, 2)
            self._grid.addWidget(link, row, column, Qt.AlignmentFlag.AlignLeft)
            self.links[key] = link
        self._grid.setColumnStretch(2, 1)
        self.restyle()

    def show_comparison(self, comparison: Comparison | None) -> None:
        """Show the counts; None hides all."""
        self._comparison = comparison
        self.setVisible(comparison is not None)
        if comparison is None:
            return
        for key, words in DISAGREEMENTS.items():
            count = len(getattr(comparison, key))
            noun = "picture" if count == 1 else "pictures"
            self.links[key].setText(f"{words}: {count:,} {noun}")
            self.links[key].setEnabled(count > 0)

    def restyle(self) -> None:
        self._grid.setHorizontalSpacing(theme.px(24))
        self._grid.setVerticalSpacing(0)

    def _open(self, key: str) -> None:
        if self._comparison is not None:
            self.opened.emit(key, getattr(self._comparison, key))


def difference_in_words(comparison: Comparison) -> str:
    """What A − B is of, and how the two runs do on just these pictures."""
    a, b = (_percent(metrics.accuracy(matrix)) for matrix in (comparison.a, comparison.b))
    return (
        f"Matrix and tables are A − B over the {comparison.pictures:,} pictures that both were "
        f"tested on: A has {a} of them right, B {b}. The figures above and the calibration are A's."
    )


def _percent(share: float | None) -> str:
    return NONE if share is None else f"{100 * share:.2f} %"
