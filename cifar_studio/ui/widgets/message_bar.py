"""A bar for what went wrong: what happened, what is kept, what to do; details fold out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QPlainTextEdit

from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.layouts import column, grow, row

DETAILS_PX = 140
MOST_ACTIONS = 2
MOST_NOTICES = 5


@dataclass(frozen=True)
class Action:
    """What a person can do about a message at once: a button, and what it does."""

    text: str
    do: Callable[[], object]


class MessageBar(QFrame):
    """Shows one message at a time, until it is closed, withdrawn or the next one comes.

    Notices are less than messages: they wait until no message is in their way.

    Signals
    -------
    changed()
        Another message is shown, or none.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "bar")
        self._actions: tuple[Action, ...] = ()
        self.subject = ""  # of the message that is shown, if it has one
        self._notices: list[str] = []
        self._text = basics.text()
        self._buttons = tuple(
            basics.button("", partial(self.act, position)) for position in range(MOST_ACTIONS)
        )
        self._more = basics.link("Details", self._on_more)
        self._copy = basics.link("Copy", self._on_copy)
        close = basics.GlyphButton("close", "Close this message")
        close.clicked.connect(self._close)
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setAccessibleName("Details")
        self._details.setFixedHeight(theme.px(DETAILS_PX))
        self._details.hide()
        top = row(grow(self._text), *self._buttons, self._more, self._copy, close, spacing=2)
        column(top, self._details, parent=self, margins=(4, 2, 2, 2), spacing=2)
        self.hide()

    def show_message(
        self, text: str, details: str = "", *, actions: tuple[Action, ...] = (), subject: str = ""
    ) -> None:
        """Say something, with details to fold out, and two actions at most.

        The first action is `act()`; `subject` is what the message is about, for `withdraw`.
        """
        assert len(actions) <= MOST_ACTIONS
        self._text.setText(text)
        self.subject = subject
        self._details.setPlainText(details)
        self._details.hide()
        self._more.setVisible(bool(details))
        self._more.setText("Details")
        self._copy.setVisible(bool(details))
        self._actions = actions
        for position, button in enumerate(self._buttons):
            button.setVisible(position < len(actions))
            button.setText(actions[position].text if position < len(actions) else "")
        self.show()
        self.changed.emit()

    def show_notice(self, text: str) -> None:
        """Say something that a person should know and need not act upon."""
        if text not in self._notices:
            self._notices = [*self._notices, text][-MOST_NOTICES:]
        if self.isHidden():
            self._show_next_notice()

    def withdraw(self, subject: str) -> None:
        """Take a message back that is no longer true, if it is the one that is shown."""
        if subject and subject == self.subject:
            self._close()

    @property
    def text(self) -> str:
        return self._text.text()

    @property
    def action_texts(self) -> tuple[str, ...]:
        """What is offered, as on the buttons."""
        return tuple(action.text for action in self._actions)

    def act(self, position: int = 0) -> None:
        """Do what the message offers, and close it."""
        actions = self._actions
        self._close()
        if position < len(actions):
            actions[position].do()

    def _close(self) -> None:
        self.subject = ""
        self._actions = ()
        self.hide()
        self.changed.emit()
        self._show_next_notice()

    def _show_next_notice(self) -> None:
        if self._notices:
            self.show_message(self._notices.pop(0))

    def _on_more(self) -> None:
        self._details.setVisible(self._details.isHidden())
        self._more.setText("Details" if self._details.isHidden() else "Fewer details")

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self._text.text()}\n\n{self._details.toPlainText()}")
