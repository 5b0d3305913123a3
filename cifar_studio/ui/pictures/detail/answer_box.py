"""What the run's network says about the chosen picture, or how to come to know it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from cifar_studio.runs.wording import CAUTION
from cifar_studio.ui.pictures.data.answers import Answer, Answers, SomeAnswers
from cifar_studio.ui.pictures.data.picture_set import split_of
from cifar_studio.ui.pictures.data.shown_pictures import NO_LABEL, ShownPictures
from cifar_studio.ui.pictures.detail.likeliest import Likeliest
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.layouts import NO_MARGINS, column, grow, row

HEADING_PX = 156
NO_RUN = "Choose a run under Runs, and its five likeliest classes stand here."


class AnswerBox(QWidget):
    """Heading with the verdict, and five bars.

    Signals
    -------
    evaluate_requested(str)
        "training" or "test": the split of the picture.
    """

    evaluate_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._pictures: ShownPictures | None = None
        self._reference = -1
        self._answers: SomeAnswers | None = None
        self._run_name = ""
        self._why_none = NO_RUN
        self._is_waiting = False
        self.heading = basics.label("", "heading")
        self.verdict = basics.label("")
        self.bars = Likeliest()
        self.note = basics.text("", "muted")
        self.evaluate = basics.button("Evaluate", self._on_evaluate_clicked)
        top = row(grow(self.heading), self.verdict, spacing=2)
        parts = (top, self.bars, self.note, self.evaluate)
        column(*parts, parent=self, margins=NO_MARGINS, spacing=2)
        self._show()

    def show_picture(self, pictures: ShownPictures | None, reference: int) -> None:
        self._pictures, self._reference = pictures, reference
        self._show()

    def show_answers(self, answers: SomeAnswers | None, run_name: str, why_none: str = "") -> None:
        """What a run answered; without a name, why nothing did, in a sentence."""
        self._answers, self._run_name = answers, run_name
        self._why_none = why_none or NO_RUN
        self._is_waiting = False
        self._show()

    def _on_evaluate_clicked(self) -> None:
        if not self._is_waiting:
            self._is_waiting = True  # a button that were disabled would lose the keyboard
            self.evaluate.setText("Evaluating…")
            self.evaluate_requested.emit(split_of(self._reference))

    def _show(self) -> None:
        answer = None
        if self._answers is not None and self._pictures is not None and self._reference >= 0:
            answer = self._answers.of(self._reference)
        self._name_run()
        self.bars.setVisible(answer is not None)
        self.verdict.setVisible(False)
        self.evaluate.setVisible(answer is None and bool(self._run_name))
        self.note.setText("")
        if answer is not None and self._pictures is not None:
            true = self._pictures.label(self._reference)
            self.bars.show_answer(self._pictures, answer, true)
            if self._pictures.is_own:
                self.note.setText(f"{CAUTION}.")
            if true != NO_LABEL:
                self._judge(answer, true)
        else:
            self._offer_evaluation()
        self.note.setVisible(bool(self.note.text()))

    def _judge(self, answer: Answer, true: int) -> None:
        is_right = answer.classes[0] == true
        self.verdict.setVisible(True)
        self.verdict.setText("✓ right" if is_right else "✗ wrong")
        self.verdict.setProperty("role", "small" if is_right else "fault")
        basics.restyle(self.verdict)
        if true not in answer.classes:
            self.note.setText("The true class is not among the five.")

    def _name_run(self) -> None:
        name = self._run_name or "What a network"
        room, right = theme.px(HEADING_PX), Qt.TextElideMode.ElideRight
        shown = self.heading.fontMetrics().elidedText(name, right, room)
        self.heading.setText(f"{shown} says")
        self.heading.setToolTip(basics.plain_tip(self._run_name))

    def _offer_evaluation(self) -> None:
        if not self._run_name:
            self.note.setText(self._why_none)
            return
        split = split_of(max(self._reference, 0))
        is_partly = isinstance(self._answers, Answers) and self._answers.has(split)
        self.note.setText(
            f"This picture is not among the {split} pictures that were evaluated."
            if is_partly
            else f"The {split} pictures are not evaluated with this run's network yet."
        )
        if not self._is_waiting:
            self.evaluate.setText(f"Evaluate all {split} pictures")
