"""What stands where the matrix will be, and how to get it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from cifar_studio.ui.widgets import basics, theme

_WITHOUT_RUN = "Select a run that has finished an epoch, or press Ctrl+R to start a training."
_STILL_TRAINING = "The first answers come at the end of the first epoch."
_WITHOUT_EVALUATION = (
    "This run has no answers to show yet. They are written at the end of its best epoch; "
    "or let its network answer all test pictures now."
)


class NotEvaluated(QFrame):
    """A heading, a short text, and a button where the run can be evaluated.

    Signals
    -------
    evaluate_requested()
    """

    evaluate_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "surface")
        self._text = ""
        self._is_live = False
        title = basics.label("Which classes are taken for which", "heading")
        self.body = basics.label("", "muted")
        self.body.setWordWrap(True)
        self.button = basics.button("Evaluate now", self.evaluate_requested.emit)
        column = QVBoxLayout(self)
        column.setSpacing(2 * theme.GRID)
        column.addStretch(2)
        for part in (title, self.body):
            part.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(part)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        self.set_possible(False)

    def set_text(self, text: str) -> None:
        """What to say while no run is selected; empty for the usual words."""
        self._text = text

    def set_live(self, is_live: bool) -> None:
        """Whether the run is on, and writes its answers itself."""
        self._is_live = is_live

    def set_possible(self, possible: bool) -> None:
        """Whether there is a run to evaluate."""
        waits = possible and self._is_live
        without = _STILL_TRAINING if waits else _WITHOUT_EVALUATION
        self.body.setText(without if possible else self._text or _WITHOUT_RUN)
        self.button.setVisible(possible and not waits)

    def show_progress(self, text: str) -> None:
        """How far the evaluation is that was asked for."""
        self.body.setText(text)
