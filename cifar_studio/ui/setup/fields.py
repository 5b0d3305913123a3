"""The editors of the form by what they take: numbers, texts, epochs, choices, yes or no."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt
from PySide6.QtGui import QKeyEvent, QStandardItemModel
from PySide6.QtWidgets import QCheckBox
from typing_extensions import override

from cifar_studio.config.serialization import as_epochs
from cifar_studio.ui.setup.field import Field, LineField
from cifar_studio.ui.setup.quiet_combo import QuietCombo


class NumberField(LineField):
    """A number that is typed; up and down step it, and a bad text is kept and marked.

    Parameters
    ----------
    step : float
        What the arrow keys add; 0 means that they go through 1, 2, 5, 10, …
    empty_text : str
        What an empty editor means (the value None), shown as a placeholder. Without it an empty
        editor is a fault.
    """

    def __init__(
        self,
        key: str,
        text: str,
        tip: str,
        *,
        integer: bool,
        step: float = 0.0,
        empty_text: str | None = None,
    ) -> None:
        super().__init__(key, text, tip)
        self._integer = integer
        self._step = step
        self._none_allowed = empty_text is not None
        self._editor.setPlaceholderText(empty_text or "")
        self._editor.installEventFilter(self)

    @override
    def value(self) -> Any:
        text = self._editor.text().strip().replace("\N{MINUS SIGN}", "-")
        if not text and self._none_allowed:
            return None
        # 0,01 is how half of the world writes it; 1,000 for a thousand does not come up here.
        text = text.replace(",", ".")
        for kind in (int, float) if self._integer else (float,):
            try:
                return kind(text)
            except ValueError:
                continue
        return text

    @override
    def set_value(self, value: Any) -> None:
        if isinstance(value, float):
            self._editor.setText(f"{value:.12g}")
        else:  # a whole number to its last digit, or a text that a person typed
            self._editor.setText("" if value is None else str(value))

    def set_empty_text(self, text: str) -> None:
        """Change what an empty editor says it means."""
        self._editor.setPlaceholderText(text)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Up:
                return self._step_by(+1)
            if event.key() == Qt.Key.Key_Down:
                return self._step_by(-1)
        return super().eventFilter(watched, event)

    def _step_by(self, direction: int) -> bool:
        value = self.value()
        if isinstance(value, int | float):
            stepped = value + direction * self._step if self._step else _next_125(value, direction)
            self.set_value(max(0, int(stepped) if self._integer else round(stepped, 12)))
            self.edited.emit(self.key)
        return True


class EpochsField(LineField):
    """A list of epochs, typed as numbers with commas between; a bad text is kept and marked."""

    @override
    def value(self) -> Any:
        return as_epochs(self._editor.text())

    @override
    def set_value(self, value: Any) -> None:
        words = value if isinstance(value, str) else ", ".join(map(str, value))
        self._editor.setText(words)


class ChoiceField(Field):
    """One of several values.

    With `takes_others` a value that is not among them is shown too, such as a device of another
    machine; the check will judge it. Else such a value is passed over.
    """

    def __init__(
        self,
        key: str,
        text: str,
        tip: str,
        choices: dict[Any, str],
        *,
        takes_others: bool = False,
    ) -> None:
        super().__init__(key, text, tip)
        self._takes_others = takes_others
        self._editor = QuietCombo()
        for value, title in choices.items():
            self._editor.addItem(title, value)
        self._editor.currentIndexChanged.connect(lambda: self.edited.emit(self.key))
        self._set_editor(self._editor)

    @override
    def value(self) -> Any:
        return self._editor.currentData()

    @override
    def set_value(self, value: Any) -> None:
        with QSignalBlocker(self._editor):
            position = self._editor.findData(value)
            if position < 0 and self._takes_others and isinstance(value, str):
                self._editor.addItem(value, value)
                position = self._editor.count() - 1
            if position >= 0:
                self._editor.setCurrentIndex(position)

    def set_choices(self, choices: dict[Any, str]) -> None:
        """Offer other values, keeping the one that is chosen."""
        value = self.value()
        with QSignalBlocker(self._editor):
            self._editor.clear()
            for choice, title in choices.items():
                self._editor.addItem(title, choice)
        self.set_value(value)

    def set_item_enabled(self, value: Any, enabled: bool) -> None:
        """Grey out a value that has no meaning now."""
        model = self._editor.model()
        assert isinstance(model, QStandardItemModel)
        model.item(self._editor.findData(value)).setEnabled(enabled)


class FlagField(Field):
    """Yes or no."""

    def __init__(self, key: str, text: str, tip: str, caption: str) -> None:
        super().__init__(key, text, tip)
        self._editor = QCheckBox(caption)
        self._editor.clicked.connect(lambda: self.edited.emit(self.key))
        self._set_editor(self._editor)

    @override
    def value(self) -> Any:
        return self._editor.isChecked()

    @override
    def set_value(self, value: Any) -> None:
        self._editor.setChecked(bool(value))


def _next_125(value: float, direction: int) -> float:
    """The next of 1, 2, 5 times a power of ten, up or down; 0.001 above nothing."""
    if value <= 0:
        return 0.001 if direction > 0 else 0.0
    ladder = [m * 10.0**e for e in range(-9, 10) for m in (1, 2, 5)]
    if direction > 0:
        return next((rung for rung in ladder if rung > value * (1 + 1e-9)), value)
    return next((rung for rung in reversed(ladder) if rung < value * (1 - 1e-9)), 0.0)
