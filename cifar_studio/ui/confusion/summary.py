"""What an evaluation comes to: three accuracies, where the mistakes stay, and what it is of."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from cifar_studio.data.names import ClassNames
from cifar_studio.runs.analysis import metrics
from cifar_studio.runs.analysis.comparison import Comparison
from cifar_studio.runs.folder.evaluation import Evaluation
from cifar_studio.runs.wording import NONE
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.explanation import QUESTION

_CAPTIONS = {"top1": "top-1", "top5": "top-5", "superclass": "superclass"}


@dataclass(frozen=True)
class Figures:
    """The figures of one evaluation as text."""

    top1: str
    top5: str
    superclass: str
    inside: str


def figures_of(evaluation: Evaluation, names: ClassNames) -> Figures:
    inside = metrics.share_inside_superclass(evaluation.confusion, names.superclass_of)
    return Figures(
        top1=_percent(metrics.accuracy(evaluation.confusion)),
        top5=_percent(metrics.top_k(evaluation.true, evaluation.top5, 5)),
        superclass=_percent(metrics.superclass_accuracy(evaluation.confusion, names.superclass_of)),
        inside="No mistake"
        if inside is None
        else f"{100 * inside:.0f} % of mistakes stay in the superclass",
    )


def difference_in_words(comparison: Comparison) -> str:
    """What A − B is of, and how the two runs do on just these pictures."""
    a, b = (_percent(metrics.accuracy(matrix)) for matrix in (comparison.a, comparison.b))
    return (
        f"Matrix and tables are A − B over the {comparison.pictures:,} pictures that both were "
        f"tested on: A has {a} of them right, B {b}. The figures above and the calibration are A's."
    )


class Summary(QWidget):
    """The figures of the evaluation shown; each can be asked how it is computed.

    Signals
    -------
    explanation_requested(str, QPoint)
    """

    explanation_requested = Signal(str, QPoint)

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
                self._ask(label, key)
            self._row.addLayout(pair)
            self.figures[key] = figure
        self._row.addStretch(1)
        self.inside = basics.label()
        self._ask(self.inside, "inside")
        self.origin = basics.label("", "muted")
        self.origin.setWordWrap(True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(self._row)
        self._column.addWidget(self.inside)
        self._column.addWidget(self.origin)
        self.restyle()

    def show_figures(self, figures: Figures, origin: str) -> None:
        """Show the figures and what they are of."""
        for key, label in self.figures.items():
            label.setText(getattr(figures, key))
        self.inside.setText(figures.inside)
        self.origin.setText(origin)
        self.origin.setAccessibleName(origin)

    def restyle(self) -> None:
        self._column.setSpacing(theme.px(2))
        self._row.setSpacing(theme.px(24))

    def _ask(self, label: QLabel, key: str) -> None:
        label.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        label.customContextMenuRequested.connect(
            lambda at: self._on_menu_requested(key, label.mapToGlobal(at))
        )

    def _on_menu_requested(self, key: str, at: QPoint) -> None:
        menu = QMenu(self)
        menu.addAction(QUESTION, lambda: self.explanation_requested.emit(key, at))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)


def _percent(share: float | None) -> str:
    return NONE if share is None else f"{100 * share:.2f} %"
