"""The chosen picture: large, with its labels, the network's answer and augmented versions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from cifar_studio.ui.pictures.data.answers import SomeAnswers
from cifar_studio.ui.pictures.data.shown_pictures import ShownPictures
from cifar_studio.ui.pictures.detail.answer_box import AnswerBox
from cifar_studio.ui.pictures.detail.contact_sheet import ContactSheet
from cifar_studio.ui.pictures.detail.large_picture import LARGE_PX, LargePicture
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.empty_view import EmptyView

WANTED_AFTER_MS = 150  # who walks along by the arrow keys asks for no versions on the way
SHEET_CAPTION = "As the network sees it while it learns"
NO_EXPLANATION = "Choose a run first: the explanation is of its network"
MARGIN_PX = 16
NONE_CHOSEN = ("No picture chosen", "Click one, or walk with the arrow keys.")
SCROLL_BAR_PX = 10


class PictureDetail(QWidget):
    """The panel at the right of the pictures.

    Signals
    -------
    evaluate_requested(str)
        "training" or "test": evaluate all pictures of that split.
    augmented_requested(int)
        Reference of a picture that has been looked at for a moment.
    explain_requested(int, int or None)
        Reference of the picture, and the class to explain, None for the likeliest one;
        `show_explanation` answers.
    """

    evaluate_requested = Signal(str)
    augmented_requested = Signal(int)
    explain_requested = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self._pictures: ShownPictures | None = None
        self._reference = -1
        self._has_run = self._is_asking = False
        self._wanted = QTimer(self, singleShot=True, interval=WANTED_AFTER_MS)
        self._wanted.timeout.connect(self._on_requested)
        self.picture = LargePicture()
        self.name = basics.label("", "heading")
        self.place = basics.label("", "muted")
        self.answer = AnswerBox()
        self.answer.evaluate_requested.connect(self.evaluate_requested)
        self.answer.bars.class_chosen.connect(self._ask_why)
        self.explain = basics.button("Why this class", self._on_explain_clicked)
        self.heat = QCheckBox("Heat map")
        self.heat.setChecked(True)
        self.heat.setToolTip("Lay over the picture which of its places the answer rests on")
        self.heat.toggled.connect(self.picture.set_heat_visible)
        self.words = basics.label("", "muted")
        self.sheet = ContactSheet()
        self.sheet_caption = basics.label(SHEET_CAPTION, "muted")
        for text in (self.name, self.place, self.words, self.sheet_caption):
            text.setWordWrap(True)
        self.name.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._lay_out()
        self._show()

    @property
    def reference(self) -> int:
        return self._reference

    def show_set(self, pictures: ShownPictures | None) -> None:
        self._pictures = pictures
        self.show_picture(-1)

    def show_picture(self, reference: int) -> None:
        """Show a picture of the set; -1 shows none."""
        self._reference = reference
        self._show()

    def show_answers(self, answers: SomeAnswers | None, run_name: str) -> None:
        """What a run answered; an empty name means that no run is chosen.

        An explanation that was shown goes, for it was of another network.
        """
        self._has_run = bool(run_name)
        self.answer.show_answers(answers, run_name)
        self.picture.show_heat(None)
        self._show_words("")
        self._allow_explaining()

    def show_augmented(
        self, versions: Sequence[NDArray[np.uint8]], caption: str, reference: int | None = None
    ) -> None:
        """(32, 32, 3) each; passed over where `reference` is of a picture no longer shown."""
        if reference in (None, self._reference):
            self.sheet.show_versions(versions)
            self.sheet_caption.setText(caption or SHEET_CAPTION)

    def show_explanation(
        self, heat_HW: NDArray[np.float32] | None, words: str, reference: int | None = None
    ) -> None:
        """A heat map, 0 to 1, and what it says; without one `words` say why."""
        if reference in (None, self._reference):
            self.picture.show_heat(heat_HW)
            self._show_words(words)
            self._allow_explaining()

    def _lay_out(self) -> None:
        content = self._content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(MARGIN_PX, 3 * theme.GRID, MARGIN_PX, MARGIN_PX)
        column.setSpacing(2 * theme.GRID)
        column.addWidget(self.picture)
        column.addWidget(self.name)
        column.addWidget(self.place)
        explaining = QHBoxLayout()
        explaining.setSpacing(3 * theme.GRID)
        explaining.addWidget(self.explain)
        explaining.addWidget(self.heat)
        explaining.addStretch(1)
        self._sheet_line = basics.line()
        for part in (basics.line(), self.answer, explaining, self.words, self._sheet_line):
            if isinstance(part, QHBoxLayout):
                column.addLayout(part)
            else:
                column.addWidget(part)
        column.addWidget(self.sheet_caption)
        column.addWidget(self.sheet)
        column.addStretch(1)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(content)
        area.setWidgetResizable(True)
        self._stack = QStackedLayout(self)
        empty = EmptyView(*NONE_CHOSEN)
        empty.setProperty("role", "")  # on the ground of the panel, not on a surface
        self._stack.addWidget(empty)
        self._stack.addWidget(area)
        theme.manager().changed.connect(self._restyle)
        self._restyle()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def _restyle(self) -> None:
        width = theme.px(LARGE_PX) + 2 * MARGIN_PX
        self._content.setFixedWidth(width)
        self.setFixedWidth(width + SCROLL_BAR_PX)

    def _show(self) -> None:
        is_chosen = self._pictures is not None and self._reference >= 0
        self._stack.setCurrentIndex(1 if is_chosen else 0)
        self.sheet.clear()
        self.sheet_caption.setText(SHEET_CAPTION)
        self._wanted.stop()
        self.picture.show_pixels(None, "")
        self._show_words("")
        self.answer.show_picture(self._pictures, self._reference)
        if self._pictures is None or self._reference < 0:
            return
        pictures, reference = self._pictures, self._reference
        self.picture.show_pixels(pictures.pixels(reference), pictures.title(reference))
        self.name.setText(pictures.title(reference))
        self.place.setText(pictures.facts(reference))
        for part in (self.sheet, self.sheet_caption, self._sheet_line):
            part.setHidden(pictures.is_own)
        self._allow_explaining()
        if self.isVisible() and not pictures.is_own:
            self._wanted.start()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        is_own = self._pictures is not None and self._pictures.is_own
        if self._reference >= 0 and not self.sheet.count and not is_own:
            self._wanted.start()

    def _show_words(self, words: str) -> None:
        self.words.setText(words)
        self.words.setVisible(bool(words))
        self.heat.setVisible(self.picture.heat is not None)

    def _allow_explaining(self) -> None:
        self._is_asking = False
        self.explain.setText("Why this class")
        self.explain.setEnabled(self._has_run)
        self.explain.setToolTip("" if self._has_run else NO_EXPLANATION)

    def _on_explain_clicked(self) -> None:
        self._ask_why(None)

    def _ask_why(self, label: int | None) -> None:
        if self._has_run and self._reference >= 0 and not self._is_asking:
            self._is_asking = True  # a button that were disabled would lose the keyboard
            self.explain.setText("Looking…")
            self.explain_requested.emit(self._reference, label)

    def _on_requested(self) -> None:
        if self._reference >= 0:
            self.augmented_requested.emit(self._reference)
