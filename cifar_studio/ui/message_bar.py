"""A bar for what went wrong: what happened, what is kept, what to do; details fold out."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout

from cifar_studio.ui import theme, widgets

DETAILS_PX = 140


class MessageBar(QFrame):
    """Shows one message at a time, until it is closed or the next one comes."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        self._action: Callable[[], object] | None = None
        self._text = widgets.label("")
        self._text.setWordWrap(True)
        self._do = widgets.button("", self.act)
        self._more = widgets.link("Details", self._on_more)
        self._copy = widgets.link("Copy", self._on_copy)
        close = widgets.GlyphButton("close", "Close this message")
        close.clicked.connect(self.hide)
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setAccessibleName("Details")
        self._details.setFixedHeight(theme.px(DETAILS_PX))
        self._details.hide()
        row = QHBoxLayout()
        row.setSpacing(2 * theme.GRID)
        row.addWidget(self._text, 1)
        for part in (self._do, self._more, self._copy, close):
            row.addWidget(part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4 * theme.GRID, 2 * theme.GRID, 2 * theme.GRID, 2 * theme.GRID)
        layout.setSpacing(2 * theme.GRID)
        layout.addLayout(row)
        layout.addWidget(self._details)
        self.hide()

    def show_message(
        self,
        text: str,
        details: str = "",
        *,
        action_text: str = "",
        action: Callable[[], object] | None = None,
    ) -> None:
        """Say something; `action` is what the person can do about it at once."""
        self._text.setText(text)
        self._details.setPlainText(details)
        self._details.hide()
        self._more.setVisible(bool(details))
        self._more.setText("Details")
        self._copy.setVisible(bool(details))
        self._action = action
        self._do.setText(action_text)
        self._do.setVisible(action is not None)
        self.show()

    @property
    def text(self) -> str:
        return self._text.text()

    def act(self) -> None:
        """Do what the message offers, and close it."""
        self.hide()
        if self._action is not None:
            self._action()

    def _on_more(self) -> None:
        self._details.setVisible(self._details.isHidden())
        self._more.setText("Details" if self._details.isHidden() else "Fewer details")

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self._text.text()}\n\n{self._details.toPlainText()}")
