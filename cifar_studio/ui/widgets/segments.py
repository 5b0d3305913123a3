"""A row of joined buttons, one of which is always pressed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget

from cifar_studio.ui.widgets import theme

HEIGHT_PX = 28


class Segments(QWidget):
    """A choice of a few, each a key, text and tooltip; `name` is for assistive technology.

    Signals
    -------
    chosen(str)
        Another key was chosen by the person.
    """

    chosen = Signal(str)

    def __init__(self, name: str, choices: Sequence[tuple[str, str, str]]) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.buttons: dict[str, QToolButton] = {}
        group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for place, (key, text, tip) in enumerate(choices):
            button = QToolButton()
            button.setText(text)
            button.setCheckable(True)
            button.setToolTip(tip)
            button.setAccessibleName(f"{name}: {tip}")
            button.setProperty("role", "segment")
            ends = (place == 0, place == len(choices) - 1)
            at = {(True, False): "first", (False, True): "last"}.get(ends, "middle")
            button.setProperty("at", at)
            button.clicked.connect(lambda _=False, key=key: self._on_clicked(key))
            group.addButton(button)
            row.addWidget(button)
            self.buttons[key] = button
        self.key = choices[0][0]  # what is chosen
        self.buttons[self.key].setChecked(True)
        self.restyle()

    def choose(self, key: str) -> None:
        """Choose without telling so."""
        self.key = key
        self.buttons[key].setChecked(True)

    def set_possible(self, key: str, possible: bool) -> None:
        """Whether a choice can be made."""
        self.buttons[key].setEnabled(possible)

    def restyle(self) -> None:
        """Sizes of the theme in force."""
        for button in self.buttons.values():
            button.setFixedHeight(theme.px(HEIGHT_PX))

    def _on_clicked(self, key: str) -> None:
        if key != self.key:
            self.key = key
            self.chosen.emit(key)
