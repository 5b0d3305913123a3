"""One row of the form: label, editor, a dot with a reset where it differs from the preset."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QToolButton, QWidget
from typing_extensions import override

from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.layouts import NO_MARGINS, column, row

LABEL_PX = 96
BUTTON_PX = 24
ROW_PX = 28
FAULT_GAP_PX = 2


class Field(QWidget):
    """A labelled editor of one config key.

    Signals
    -------
    edited(str)
        The person changed the value; carries the key.
    reset_requested(str)
        Take the preset's value again.
    """

    edited = Signal(str)
    reset_requested = Signal(str)

    def __init__(self, key: str, text: str, tip: str) -> None:
        super().__init__()
        self.key = key
        self._label = basics.label(text)
        self._reset = basics.GlyphButton("reset", f"{text}: take the preset's value again")
        self._reset.clicked.connect(lambda: self.reset_requested.emit(self.key))
        self._fault = basics.text("", "fault")
        self._fault.hide()
        self._hint = basics.text("", "small")
        self._hint.hide()
        self.title = text
        self._label_px = LABEL_PX
        self._buttons: list[QToolButton] = []
        self._room = QWidget()  # of a button that others have
        self._room.hide()
        self._other: QWidget | None = None  # stands where the editor does
        self._row = row(self._label, spacing=1)
        parts = self._row, self._fault, self._hint
        column(*parts, parent=self, margins=NO_MARGINS).setSpacing(FAULT_GAP_PX)
        self.setToolTip(tip)
        theme.manager().changed.connect(self._on_theme_changed)

    def value(self) -> Any:
        """The value as the config takes it; a text that is no value is returned as it is."""
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Show a value without telling that the person changed it."""
        raise NotImplementedError

    def set_fault(self, message: str) -> None:
        """Mark the value as bad, or as good where the message is empty."""
        self._fault.setText(message)
        self._fault.setVisible(bool(message))

    def set_hint(self, sentence: str) -> None:
        """Say what a person should know of the value; nothing where it is empty."""
        self._hint.setText(sentence)
        self._hint.setVisible(bool(sentence))

    def set_changed(self, changed: bool) -> None:
        """Show the dot and the reset where the value differs from the preset's."""
        self._label.setText(f"{self.title} •" if changed else self.title)
        self._reset.setVisible(changed)

    def add_button(self, button: QToolButton) -> None:
        """Put a button behind the editor."""
        self._row.insertWidget(self._row.indexOf(self._reset), button)
        QWidget.setTabOrder(self._editor_part, button)
        self._buttons.append(button)
        self._on_theme_changed()

    def keep_room(self, is_kept: bool) -> None:
        """Leave the room of a button free, so that editors end where those of others do."""
        self._room.setVisible(is_kept)

    def show_instead(self, other: QWidget | None) -> None:
        """Have something of one row or more stand where the editor is, or the editor again."""
        if self._other is not None and self._other is not other:
            self._other.hide()
            self._row.removeWidget(self._other)
        self._other = other
        shown = other or self._editor_part
        if other is not None and self._row.indexOf(other) < 0:
            self._row.insertWidget(1, other, 1)
            before = self._editor_part
            for part in other.findChildren(QWidget):
                if part.focusPolicy() & Qt.FocusPolicy.TabFocus:
                    QWidget.setTabOrder(before, part)
                    before = part
        self._editor_part.setVisible(other is None)
        shown.show()
        self._label.setBuddy(shown)
        self.setFocusProxy(shown)
        # At its first row.
        side = Qt.AlignmentFlag.AlignTop if other is not None else Qt.AlignmentFlag(0)
        for part in (self._label, self._reset, *self._buttons):
            self._row.setAlignment(part, side)

    def use_whole_width(self, label_px: int) -> None:
        """Of a field without a preset, and so without a reset."""
        self._label_px = label_px
        policy = self._reset.sizePolicy()
        policy.setRetainSizeWhenHidden(False)
        self._reset.setSizePolicy(policy)
        self._on_theme_changed()

    def set_spoken_name(self, name: str) -> None:
        """What assistive technology calls the editor, where its label is not enough."""
        self._editor_part.setAccessibleName(name)

    def _set_editor(self, editor: QWidget) -> None:
        self._editor_part = editor
        editor.setAccessibleName(self.title)
        editor.setAccessibleDescription(self.toolTip())
        self._label.setBuddy(editor)
        self.setFocusProxy(editor)
        self._row.addWidget(editor, 1)
        self._row.addWidget(self._room)
        self._row.addWidget(self._reset)
        QWidget.setTabOrder(editor, self._reset)
        policy = self._reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(policy)
        self.set_changed(False)
        self._on_theme_changed()

    def _on_theme_changed(self) -> None:
        self._label.setFixedWidth(theme.px(self._label_px))
        self._label.setMinimumHeight(theme.px(ROW_PX))
        for part in (self._reset, *self._buttons, self._room):
            part.setFixedSize(theme.px(BUTTON_PX), theme.px(ROW_PX))


class LineField(Field):
    """What is typed in one line."""

    def __init__(self, key: str, text: str, tip: str) -> None:
        super().__init__(key, text, tip)
        self._editor = QLineEdit()
        self._editor.textEdited.connect(lambda: self.edited.emit(self.key))
        self._set_editor(self._editor)

    @override
    def set_fault(self, message: str) -> None:
        super().set_fault(message)
        mark_faulty(self._editor, bool(message))


def mark_faulty(line: QLineEdit, is_faulty: bool) -> None:
    """Frame a line as faulty, or as any other; styling it anew takes a while."""
    if (line.property("faulty") == "true") != is_faulty:
        line.setProperty("faulty", "true" if is_faulty else "false")
        basics.restyle(line)
