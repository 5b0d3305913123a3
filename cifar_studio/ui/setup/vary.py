"""Lets a field of the form take several values or a range: what a search varies."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget
from typing_extensions import override

from cifar_studio.config.setting_types import Setting
from cifar_studio.ui.setup.axis_offers import LOG
from cifar_studio.ui.setup.field import Field, mark_faulty
from cifar_studio.ui.widgets import basics
from cifar_studio.ui.widgets.layouts import NO_MARGINS, column

VALUES_TIP = (
    "Values with commas between, such as {values}, or a range, such as {low}..{high}. "
    "With log each factor of ten is as likely."
)
EPOCHS_TIP = "Lists of epochs with semicolons between, such as 60, 120; 80, 160."


class Vary(QObject):
    """A button beside a field, and while it is pressed an editor of values in its place.

    Parameters
    ----------
    offer : callable
        Gives the words that the editor begins with.

    Signals
    -------
    edited(str)
        The person varies it, varies it no more, or over other values; carries the key.
    """

    edited = Signal(str)

    def __init__(self, field: Field, setting: Setting, offer: Callable[[Setting], str]) -> None:
        super().__init__(field)
        self._field, self._setting, self._offer = field, setting, offer
        self._title = setting.title or setting.caption
        self._editor: _Values | _Choices | None = None
        self._is_possible = False
        self._button = basics.GlyphButton("vary", f"Vary: {self._title} (try several values)")
        self._button.setCheckable(True)
        self._button.setAccessibleName(f"Vary {self._title}")
        self._button.clicked.connect(self._on_clicked)
        field.add_button(self._button)
        self._button.hide()

    @property
    def is_on(self) -> bool:
        """Whether the setting is varied now."""
        return self._is_possible and self._button.isChecked()

    @property
    def words(self) -> str:
        """What is typed or ticked, as `read_axis` takes it; kept while varying is not possible."""
        return self._editor.words() if self._editor and self._button.isChecked() else ""

    def set_possible(self, is_possible: bool) -> None:
        """Offer to vary it, or do not."""
        if is_possible != self._is_possible:
            self._is_possible = is_possible
            self._button.setVisible(is_possible)
            self._show()

    def vary(self, words: str) -> None:
        """Vary it over what the words say, or no more where there are none; tells nobody."""
        self._button.setChecked(bool(words))
        if words:
            if self._editor is None:
                self._editor = self._made()
            self._editor.set_words(words)
        self._show()

    def set_fault(self, message: str) -> None:
        """Mark what is typed as bad or good; the field itself says what is wrong."""
        if self._editor is not None:
            self._editor.set_faulty(bool(message))

    def _made(self) -> _Values | _Choices:
        setting = self._setting
        if setting.kind == "switch":
            result: _Values | _Choices = _Choices({"true": setting.caption, "false": "without"})
        elif setting.bounds is None and setting.kind != "epochs":
            result = _Choices(setting.choices)
        else:
            result = _Values(f"{self._title}: values", _tip(setting))
        result.setAccessibleName(f"{self._title}: values")
        result.edited.connect(partial(self.edited.emit, setting.key))
        return result

    def _show(self) -> None:
        self._field.show_instead(self._editor if self.is_on else None)

    def _on_clicked(self) -> None:
        if self._button.isChecked():
            # What was typed before is taken up again.
            before = self._editor.words() if self._editor is not None else ""
            self.vary(before or self._offer(self._setting))
            if self._editor is not None:
                self._editor.setFocus(Qt.FocusReason.TabFocusReason)  # which selects a text
        else:
            self._show()
        self.edited.emit(self._setting.key)


class _Values(QWidget):
    """A line for values or a range, and below a range whether it is logarithmic."""

    edited = Signal()

    def __init__(self, name: str, tip: str) -> None:
        super().__init__()
        self._line = QLineEdit()
        self._line.setAccessibleName(name)
        self._line.setToolTip(tip)
        self._line.setAccessibleDescription(tip)
        self._line.textEdited.connect(self._on_edited)
        self._log = QCheckBox("logarithmic")
        self._log.setToolTip("Draw by ratio: each factor of ten is as likely")
        self._log.setAccessibleName(f"{name}, logarithmic")
        self._log.clicked.connect(self._on_edited)
        column(self._line, self._log, parent=self, margins=NO_MARGINS, spacing=0)
        self.setFocusProxy(self._line)

    def words(self) -> str:
        text = self._line.text().strip()
        adds_log = self._log.isChecked() and not self._log.isHidden() and LOG not in text
        return f"{text}{LOG}" if adds_log else text

    def set_words(self, words: str) -> None:
        self._log.setChecked(words.endswith(LOG))
        self._line.setText(words.removesuffix(LOG))
        self._line.setCursorPosition(0)
        self._show_log()

    def set_faulty(self, is_faulty: bool) -> None:
        mark_faulty(self._line, is_faulty)

    def _show_log(self) -> None:
        text = self._line.text()
        self._log.setVisible((".." in text or " to " in text) and LOG not in text)

    def _on_edited(self) -> None:
        self._show_log()
        self.edited.emit()


class _Choices(QWidget):
    """A box to tick for each value."""

    edited = Signal()

    def __init__(self, choices: dict[str, str]) -> None:
        super().__init__()
        self._boxes = {value: QCheckBox(title) for value, title in choices.items()}
        for box in self._boxes.values():
            box.clicked.connect(self.edited)
        column(*self._boxes.values(), parent=self, margins=NO_MARGINS, spacing=0)
        self.setFocusProxy(next(iter(self._boxes.values())))

    def words(self) -> str:
        return ",".join(value for value, box in self._boxes.items() if box.isChecked())

    def set_words(self, words: str) -> None:
        chosen = words.split(",")
        for value, box in self._boxes.items():
            box.setChecked(value in chosen)

    @override
    def setAccessibleName(self, name: str) -> None:
        super().setAccessibleName(name)
        for box in self._boxes.values():
            box.setAccessibleName(f"{name}, {box.text()}")

    def set_faulty(self, is_faulty: bool) -> None:
        """The words below say it."""


def _tip(setting: Setting) -> str:
    if setting.kind == "epochs":
        return EPOCHS_TIP
    logarithmic = setting.scale == "logarithmic"
    values = ("0.001, 0.01", "0.001", "0.1") if logarithmic else ("0.1, 0.2", "0.1", "0.5")
    if setting.kind == "whole number":
        values = ("2, 4, 8", "2", "20")
    return VALUES_TIP.format(values=values[0], low=values[1], high=values[2])
