"""Where two runs disagree: four counts of pictures, each of which can be looked at."""

from __future__ import annotations

import functools

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QMenu, QPushButton, QWidget

from cifar_studio.runs.analysis.comparison import Comparison
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.explanation import QUESTION

PARTS = {
    "a_only": "A right, B wrong",
    "b_only": "B right, A wrong",
    "both_right": "Both right",
    "both_wrong": "Both wrong",
}


class Disagreements(QWidget):
    """Links "A right, B wrong: 123 pictures".

    Signals
    -------
    opened(str, object)
        "a_only", "b_only", "both_right" or "both_wrong", and (n,) int32 test pictures.
    explanation_requested(str, QPoint)
    """

    opened = Signal(str, object)
    explanation_requested = Signal(str, QPoint)

    def __init__(self) -> None:
        super().__init__()
        self._comparison: Comparison | None = None
        self.links: dict[str, QPushButton] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        for place, key in enumerate(PARTS):
            link = basics.link("", functools.partial(self._open, key))
            link.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            link.customContextMenuRequested.connect(
                lambda at, link=link: self._on_menu_requested(link.mapToGlobal(at))
            )
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
        for key, words in PARTS.items():
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

    def _on_menu_requested(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.addAction(QUESTION, lambda: self.explanation_requested.emit("disagreement", at))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)
