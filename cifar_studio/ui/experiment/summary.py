"""What stands above the views: how far it is, by what it is judged, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from cifar_studio.runs.experiment import standing
from cifar_studio.runs.experiment.standing import Step
from cifar_studio.ui.experiment import words
from cifar_studio.ui.experiment.data import ExperimentData
from cifar_studio.ui.widgets import basics
from cifar_studio.ui.widgets.layouts import NO_MARGINS, column, grow, row

WIDEN, WIDEN_TIP = "Widen", "Search farther out on this side of the range"


class _Step(QWidget):
    """A sentence with a button that does what it proposes."""

    def __init__(self, button: QPushButton) -> None:
        super().__init__()
        self.words = basics.ElidedLabel("")
        self.button = button
        row(grow(self.words), button, parent=self, margins=NO_MARGINS, spacing=2)
        self.hide()

    def show_words(self, words: str, *, has_button: bool = True) -> None:
        self.words.setText(words)
        self.words.setToolTip(basics.plain_tip(words))
        self.button.setVisible(has_button)
        self.setVisible(bool(words))


class ExperimentSummary(QWidget):
    """One line on how it stands, one on how it is judged, and at most two on what could be done.

    Signals
    -------
    pause_requested(), go_on_requested(), stop_requested(), more_requested(), finish_requested()
    widen_requested(str)
        Key of the axis at whose edge the best trial lies.
    """

    pause_requested = Signal()
    go_on_requested = Signal()
    stop_requested = Signal()
    more_requested = Signal()
    finish_requested = Signal()
    widen_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.headline = basics.ElidedLabel("", "heading")
        self.judged_by = basics.ElidedLabel("", "muted")
        self.pause = basics.button("", self.pause_requested.emit)
        self.go_on = basics.button("", self.go_on_requested.emit)
        self.stop = basics.button("", self.stop_requested.emit)
        self.more = basics.button("", self.more_requested.emit)
        self.finish = basics.button("", self.finish_requested.emit)
        self.widen = basics.button(WIDEN, self._on_widen)
        self.widen.setToolTip(WIDEN_TIP)
        self.edge, self.next_step = _Step(self.widen), _Step(self.finish)
        self._edge_key = ""
        said = column(self.headline, self.judged_by, spacing=1)
        self._buttons: dict[Step, QPushButton] = {
            "pause": self.pause,
            "go_on": self.go_on,
            "stop": self.stop,
            "more": self.more,
        }
        top = row(grow(said), *self._buttons.values(), spacing=2)
        column(top, self.edge, self.next_step, parent=self, margins=NO_MARGINS, spacing=2)

    def show_experiment(self, data: ExperimentData) -> None:
        """Say how it stands, and offer what makes sense now."""
        now = words.stage(data)
        self._say(self.headline, f"{data.state.name}  ·  {words.headline(data)}")
        self._say(self.judged_by, words.judged_by(data))
        offered = standing.steps(data.state, now)
        for step, button in self._buttons.items():
            button.setVisible(step in offered)
            button.setText(standing.step_words(step, data.state, now))
            button.setToolTip(standing.step_tip(step, now))
        can_widen = bool(data.edges) and data.edges[0].can_widen
        self._edge_key = data.edges[0].axis.key if data.edges else ""
        self.edge.show_words(words.edge(data), has_button=can_widen)
        sentence, finish = words.next_step(data)
        self.finish.setText(finish)
        self.next_step.show_words(sentence and f"Next: {sentence[:1].lower()}{sentence[1:]}")
        self.finish.setToolTip(sentence)
        self.finish.setAccessibleName(sentence)

    def restyle(self) -> None:
        for button in (*self._buttons.values(), self.finish, self.widen):
            basics.restyle(button)

    def _say(self, label: basics.ElidedLabel, text: str) -> None:
        if label.text() != text:
            label.setText(text)
            label.setToolTip(basics.plain_tip(text))

    def _on_widen(self) -> None:
        self.widen_requested.emit(self._edge_key)
