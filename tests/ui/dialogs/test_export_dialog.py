"""The dialog that asks what shall leave the studio."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea
from pytestqt.qtbot import QtBot

from cifar_studio.export.formats import EVERYDAY, FORMATS
from cifar_studio.ui.dialogs.export_dialog import ExportChoice, ExportDialog


@pytest.fixture
def dialog(qtbot: QtBot, light: None, tmp_path: Path) -> ExportDialog:
    dialog = ExportDialog(None, "ResNet18", str(tmp_path), EVERYDAY)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def can_export(dialog: ExportDialog) -> bool:
    (button,) = (b for b in dialog.findChildren(QPushButton) if b.text() == "Export")
    return button.isEnabled()


def faults(dialog: ExportDialog) -> list[str]:
    labels = dialog.findChildren(QLabel)
    return [label.text() for label in labels if label.property("role") == "fault" and label.text()]


def test_that_every_format_is_offered_and_the_everyday_ones_ticked(
    dialog: ExportDialog, tmp_path: Path
) -> None:
    assert set(dialog.boxes) == set(FORMATS)
    assert dialog.choice == ExportChoice(str(tmp_path), EVERYDAY, None, None, 300)
    assert can_export(dialog)


def test_that_a_size_is_taken(dialog: ExportDialog) -> None:
    dialog.width_in.setText("6.5")
    assert faults(dialog) == ["Give both edges of figures, or none"]
    dialog.height_in.setText("4")
    dialog.dpi.setText("150")
    assert can_export(dialog)
    choice = dialog.choice
    assert (choice.width_in, choice.height_in, choice.dpi) == (6.5, 4.0, 150)


@pytest.mark.parametrize(
    ("field", "text"),
    [("folder", "somewhere"), ("folder", ""), ("width_in", "1"), ("dpi", "5"), ("dpi", "")],
)
def test_that_what_makes_no_sense_cannot_be_exported(
    dialog: ExportDialog, field: str, text: str
) -> None:
    getattr(dialog, field).setText(text)
    assert not can_export(dialog)
    assert len(faults(dialog)) == 1


def test_that_nothing_is_no_export(dialog: ExportDialog) -> None:
    for box in dialog.boxes.values():
        box.setChecked(False)
    assert faults(dialog) == ["Choose a format"]


def test_that_the_buttons_stay_in_reach_on_a_low_screen(dialog: ExportDialog) -> None:
    area = dialog.findChild(QScrollArea)
    assert area is not None
    assert dialog.height() <= dialog.screen().availableGeometry().height()
    dialog.resize(dialog.width(), 420)
    assert dialog.height() == 420
    assert area.verticalScrollBar().maximum() > 0, "the formats scroll"
    assert area.horizontalScrollBar().maximum() == 0
    for button in dialog.findChildren(QPushButton):
        assert dialog.rect().contains(button.geometry()), button.text()
    area.ensureWidgetVisible(dialog.boxes["bundle"])
    assert not dialog.boxes["bundle"].visibleRegion().isEmpty()
