"""What a tab shows that has nothing to show: what will be there, and how to get it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout

from cifar_studio.ui.widgets import basics, theme


class EmptyView(QFrame):
    """A heading and a short text in the middle, perhaps with a button below them."""

    def __init__(self, heading: str, text: str, button: QPushButton | None = None) -> None:
        super().__init__()
        self.setProperty("role", "surface")
        self._heading = basics.label(heading, "heading")
        self.body = basics.text(text, "muted")
        layout = QVBoxLayout(self)
        layout.setSpacing(2 * theme.GRID)
        layout.addStretch(2)
        for part in (self._heading, self.body):
            part.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(part)
        if button is not None:
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def set_text(self, heading: str, text: str) -> None:
        self._heading.setText(heading)
        self.body.setText(text)
