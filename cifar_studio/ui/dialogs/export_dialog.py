"""Asks what of some runs shall leave the studio, and where to."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QWidget,
)
from typing_extensions import override

from cifar_studio.export.formats import FORMATS, Format
from cifar_studio.ui.dialogs.question_dialog import QuestionDialog
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.layouts import NO_MARGINS, STRETCH, column, grow, row

FIELD_PX = 56
SIZES_IN = (3.0, 40.0)
DPI = (50, 1200)


@dataclass(frozen=True)
class ExportChoice:
    """What a person chose; a width or height of None is what suits each figure."""

    folder: str
    formats: tuple[str, ...]
    width_in: float | None
    height_in: float | None
    dpi: int


class ExportDialog(QuestionDialog):
    """Formats by what they are for, the size of figures, and the folder.

    `title` says which runs; `folder` is filled in and `formats` are ticked at first, of those
    that are `known`.
    """

    def __init__(
        self,
        parent: QWidget | None,
        title: str,
        folder: str,
        formats: Iterable[str],
        known: Mapping[str, Format] = FORMATS,
    ) -> None:
        super().__init__(parent, "Export", "Export")
        self._known = known
        self.boxes: dict[str, QCheckBox] = {}
        self.folder = QLineEdit(folder)
        self.folder.setAccessibleName("Folder")
        self.folder.setToolTip("Made if it is not there; each run gets a folder of its name in it")
        self.width_in = _length_field("Width of figures in inches")
        self.height_in = _length_field("Height of figures in inches")
        self.dpi = QLineEdit("300")
        self.dpi.setValidator(QIntValidator(*DPI, self))
        self.dpi.setFixedWidth(theme.px(FIELD_PX))
        self.dpi.setAccessibleName("Dots an inch of PNG files")
        self._fault = basics.label("", "fault")
        self.lay_out(
            basics.label(title, "heading"),
            grow(self._formats(set(formats))),
            self._sizes(),
            self._place(),
            self._fault,
        )
        for field in (self.folder, self.width_in, self.height_in, self.dpi):
            field.textChanged.connect(self._on_changed)
        for box in self.boxes.values():
            box.toggled.connect(self._on_changed)
        self._on_changed()
        # With large type or on a small screen the formats scroll, and the buttons stay in reach.
        room = self.screen().availableSize() - QSize(0, theme.px(theme.TITLE_BAR_PX))
        self.resize(self.sizeHint().boundedTo(room))

    @property
    def choice(self) -> ExportChoice:
        width, height = self.width_in.text(), self.height_in.text()
        return ExportChoice(
            folder=self.folder.text().strip(),
            formats=tuple(key for key, box in self.boxes.items() if box.isChecked()),
            width_in=float(width) if width else None,
            height_in=float(height) if height else None,
            dpi=int(self.dpi.text()),
        )

    def _formats(self, ticked: set[str]) -> QScrollArea:
        by_group = itertools.groupby(self._known.values(), lambda one: one.group)
        groups = [self._group(title, list(members), ticked) for title, members in by_group]
        content = QWidget()
        column(*groups, STRETCH, parent=content, margins=NO_MARGINS, spacing=3)
        return _WholeScroll(content)

    def _group(self, title: str, formats: list[Format], ticked: set[str]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(4 * theme.GRID)
        grid.setVerticalSpacing(theme.GRID)
        grid.setColumnMinimumWidth(0, theme.px(120))
        grid.setColumnStretch(1, 1)
        grid.addWidget(basics.label(title, "muted"), 0, 0, 1, 2)
        for line, one in enumerate(formats, 1):
            box = QCheckBox(one.title)
            box.setChecked(one.key in ticked)
            box.setAccessibleDescription(one.about)
            self.boxes[one.key] = box
            grid.addWidget(box, line, 0)
            grid.addWidget(basics.label(one.about, "muted"), line, 1)
        return grid

    def _sizes(self) -> QHBoxLayout:
        return row(
            basics.label("Figures"),
            self.width_in,
            basics.label("x"),
            self.height_in,
            basics.label("inches, PNG"),
            self.dpi,
            basics.label("dots an inch"),
            STRETCH,
            spacing=2,
        )

    def _place(self) -> QHBoxLayout:
        choose = basics.button("Choose…", self._on_choose)
        return row(basics.label("Folder"), grow(self.folder), choose, spacing=2)

    def _on_choose(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Export to", self.folder.text())
        if folder:
            self.folder.setText(folder)

    def _on_changed(self) -> None:
        fault = self._first_fault()
        self._fault.setText(fault)
        self.answer_button.setEnabled(not fault)

    def _first_fault(self) -> str:
        if not any(box.isChecked() for box in self.boxes.values()):
            return "Choose a format"
        if not Path(self.folder.text().strip()).is_absolute():
            return "Give a whole path for the folder"
        for field in (self.width_in, self.height_in):
            if field.text() and not field.hasAcceptableInput():
                return f"A figure has {SIZES_IN[0]:g} to {SIZES_IN[1]:g} inches an edge"
        if bool(self.width_in.text()) != bool(self.height_in.text()):
            return "Give both edges of figures, or none"
        if not self.dpi.hasAcceptableInput():
            return f"A picture has {DPI[0]} to {DPI[1]} dots an inch"
        return ""


class _WholeScroll(QScrollArea):
    """Asks for the room of all its contents; others ask for 24 lines and no more."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self._content = content
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidgetResizable(True)
        self.setWidget(content)

    @override
    def sizeHint(self) -> QSize:
        return self._content.sizeHint()

    @override
    def minimumSizeHint(self) -> QSize:
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(self._content.minimumSizeHint().width() + bar, 0)


def _length_field(name: str) -> QLineEdit:
    field = basics.decimal_field(*SIZES_IN, decimals=2)
    field.setPlaceholderText("fit")
    field.setFixedWidth(theme.px(FIELD_PX))
    field.setAccessibleName(name)
    return field
