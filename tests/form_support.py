"""A person at the form."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from cifar_studio.ui.setup.setup_panel import SetupPanel


def editor(panel: SetupPanel, name: str) -> QLineEdit:
    return next(e for e in panel.findChildren(QLineEdit) if e.accessibleName() == name)


def combo(panel: SetupPanel, name: str) -> QComboBox:
    return next(e for e in panel.findChildren(QComboBox) if e.accessibleName() == name)


def type_into(qtbot: QtBot, panel: SetupPanel, name: str, text: str) -> None:
    line = editor(panel, name)
    line.selectAll()
    qtbot.keyClicks(line, text) if text else qtbot.keyClick(line, Qt.Key.Key_Delete)


def shown_text(panel: SetupPanel) -> str:
    return "\n".join(label.text() for label in panel.findChildren(QLabel) if label.isVisible())


def has_colour(image: QImage, colour: str) -> bool:
    """Whether any pixel has this very colour."""
    return any(
        image.pixelColor(x, y).name().lower() == colour.lower()
        for x in range(image.width())
        for y in range(image.height())
    )
