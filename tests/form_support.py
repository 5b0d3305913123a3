"""A person at the form."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from cifar_studio.config.experiment.experiment import Experiment
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


def button(panel: QWidget, name: str) -> QToolButton:
    return next(b for b in panel.findChildren(QToolButton) if b.accessibleName() == name)


def fork(panel: SetupPanel, title: str) -> QToolButton:
    return button(panel, f"Vary {title}")


def choose(panel: SetupPanel, title: str, key: str) -> None:
    box = combo(panel, f"Experiment, {title}")
    box.setCurrentIndex(box.findData(key))


def experiment_of(panel: SetupPanel) -> Experiment:
    planned = panel.planned_experiment()
    assert planned is not None, panel.faults()
    return planned[1]


def segment(panel: SetupPanel, text: str) -> QToolButton:
    return next(b for b in panel.findChildren(QToolButton) if b.text() == text and b.isCheckable())
