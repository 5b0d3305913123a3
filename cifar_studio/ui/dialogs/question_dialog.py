"""What dialogs with a question have in common: a button that answers it, and Cancel."""

from __future__ import annotations

from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QDialog, QLayout, QLineEdit, QWidget

from cifar_studio.ui.widgets import basics
from cifar_studio.ui.widgets.layouts import STRETCH, Placed, column, row


class QuestionDialog(QDialog):
    """A question; `answer_button` accepts, and is to be enabled while there is an answer."""

    def __init__(self, parent: QWidget | None, title: str, answer: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.answer_button = basics.button(answer, self.accept, primary=True)
        self.answer_button.setDefault(True)

    def lay_out(self, *parts: QWidget | QLayout | Placed) -> None:
        """Put these above the buttons."""
        cancel = basics.button("Cancel", self.reject)
        buttons = row(STRETCH, self.answer_button, cancel, spacing=2)
        column(*parts, buttons, parent=self, margins=(6, 6, 6, 6), spacing=3)

    def is_answered(self) -> bool:
        """Ask, and wait; False where the person thinks better."""
        accepted = bool(self.exec())
        self.deleteLater()
        return accepted


class NumberDialog(QuestionDialog):
    """Asks for a whole number; `bounds` are the least, the proposed and the largest one.

    `name` is the editor's for assistive technology; `notes` stand below it.
    """

    def __init__(
        self,
        parent: QWidget | None,
        title: str,
        answer: str,
        question: str,
        name: str,
        bounds: tuple[int, int, int],
        *notes: QWidget,
    ) -> None:
        super().__init__(parent, title, answer)
        least, proposed, most = bounds
        self.editor = QLineEdit(str(proposed))
        self.editor.setValidator(QIntValidator(least, most, self))
        self.editor.setAccessibleName(name)
        self.editor.setToolTip(f"{least:,} to {most:,}")
        self.editor.selectAll()
        self.editor.textChanged.connect(self._on_text_changed)
        label = basics.label(question)
        label.setBuddy(self.editor)
        self.lay_out(label, self.editor, *notes)

    @property
    def number(self) -> int:
        return int(self.editor.text())

    def _on_text_changed(self) -> None:
        self.answer_button.setEnabled(self.editor.hasAcceptableInput())
