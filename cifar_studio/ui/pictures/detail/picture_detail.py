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
    QScrollArea,
    QSizePolicy,
    QStackedLayout,
    QWidget,
)
from typing_extensions import override

from cifar_studio.runs.answers import MixedClasses
from cifar_studio.ui.pictures.data.answers import SomeAnswers
from cifar_studio.ui.pictures.data.shown_pictures import ShownPictures
from cifar_studio.ui.pictures.detail.answer_box import AnswerBox
from cifar_studio.ui.pictures.detail.contact_sheet import ContactSheet
from cifar_studio.ui.pictures.detail.large_picture import LARGE_PX, LargePicture
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.empty_view import EmptyView
from cifar_studio.ui.widgets.layouts import STRETCH, column, row

VERSIONS_AFTER_MS = 150  # the arrow keys ask for no versions on the way
SHEET_CAPTION = "As the network sees it while it learns"
NO_EXPLANATION = "Choose a run first: the explanation is of its network"
MARGIN = 4  # in units of the grid
NONE_CHOSEN = ("No picture chosen", "Click one, or walk with the arrow keys.")
SCROLL_BAR_PX = 10


class PictureDetail(QWidget):
    """The panel at the right of the pictures.

    Signals
    -------
    evaluate_requested(str)
        "training" or "test": evaluate all pictures of that split.
    augmented_requested(int)
        Reference of a picture that has been shown for a moment.
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
        self.reference = -1
        self._has_run = self._is_waiting = False
        self._versions_timer = QTimer(self, singleShot=True, interval=VERSIONS_AFTER_MS)
        self._versions_timer.timeout.connect(self._on_versions_due)
        self.picture = LargePicture()
        self.name = basics.text("", "heading")
        self.place = basics.text("", "muted")
        self.answer = AnswerBox()
        self.answer.evaluate_requested.connect(self.evaluate_requested)
        self.answer.bars.class_chosen.connect(self._request_explanation)
        self.explain = basics.button("Why this class", lambda: self._request_explanation(None))
        self.heat = QCheckBox("Heat map")
        self.heat.setChecked(True)
        self.heat.setToolTip("Lay over the picture which of its places the answer rests on")
        self.heat.toggled.connect(self.picture.set_heat_visible)
        self.words = basics.text("", "muted")
        self.sheet = ContactSheet()
        self.sheet_caption = basics.text(SHEET_CAPTION, "muted")
        for text in (self.name, self.place):
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._lay_out()
        self._show()

    def show_set(self, pictures: ShownPictures | None) -> None:
        self._pictures = pictures
        self.show_picture(-1)

    def show_picture(self, reference: int) -> None:
        """Show a picture of the set; -1 shows none."""
        self.reference = reference
        self._show()

    def show_answers(self, answers: SomeAnswers | None, run_name: str, why_none: str = "") -> None:
        """What a run answered; an empty name means that no run is chosen, or one without answers.

        An explanation that was shown goes, for it was of another network.
        """
        self._has_run = bool(run_name)
        self.answer.show_answers(answers, run_name, why_none)
        self.picture.show_heat(None)
        self._show_words("")
        self._allow_explaining()

    def show_augmented(
        self,
        versions: Sequence[NDArray[np.uint8]],
        caption: str,
        reference: int,
        mixed: Sequence[MixedClasses | None] = (),
    ) -> None:
        """(32, 32, 3) each; passed over where `reference` is of a picture no longer shown."""
        if reference == self.reference:
            self.sheet.show_versions(versions, mixed)
            self.sheet_caption.setText(caption or SHEET_CAPTION)

    def show_explanation(
        self, heat_HW: NDArray[np.float32] | None, words: str, reference: int
    ) -> None:
        """A heat map, 0 to 1, and what it says; without one `words` say why."""
        if reference == self.reference:
            self.picture.show_heat(heat_HW)
            self._show_words(words)
            self._allow_explaining()

    def _lay_out(self) -> None:
        content = self._content = QWidget()
        self._sheet_line = basics.line()
        column(
            self.picture,
            self.name,
            self.place,
            basics.line(),
            self.answer,
            row(self.explain, self.heat, STRETCH, spacing=3),
            self.words,
            self._sheet_line,
            self.sheet_caption,
            self.sheet,
            STRETCH,
            parent=content,
            margins=(MARGIN, 3, MARGIN, MARGIN),
            spacing=2,
        )
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
        width = theme.px(LARGE_PX) + 2 * MARGIN * theme.GRID
        self._content.setFixedWidth(width)
        self.setFixedWidth(width + SCROLL_BAR_PX)

    def _show(self) -> None:
        self._versions_timer.stop()
        self.sheet.show_versions([])
        self.sheet_caption.setText(SHEET_CAPTION)
        self.picture.show_pixels(None, "")
        self._show_words("")
        pictures, reference = self._pictures, self.reference
        self.answer.show_picture(pictures, reference)
        if pictures is None or reference < 0:
            self._stack.setCurrentIndex(0)
            return
        self._stack.setCurrentIndex(1)
        self.picture.show_pixels(pictures.pixels(reference), pictures.title(reference))
        self.name.setText(pictures.title(reference))
        self.place.setText(pictures.facts(reference))
        for part in (self.sheet, self.sheet_caption, self._sheet_line):
            part.setHidden(pictures.is_own)
        self._allow_explaining()
        if self.isVisible() and not pictures.is_own:
            self._versions_timer.start()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        is_own = self._pictures is not None and self._pictures.is_own
        if self.reference >= 0 and not self.sheet.count and not is_own:
            self._versions_timer.start()

    def _show_words(self, words: str) -> None:
        self.words.setText(words)
        self.words.setVisible(bool(words))
        self.heat.setVisible(self.picture.heat is not None)

    def _allow_explaining(self) -> None:
        self._is_waiting = False
        self.explain.setText("Why this class")
        self.explain.setEnabled(self._has_run)
        self.explain.setToolTip("" if self._has_run else NO_EXPLANATION)

    def _request_explanation(self, label: int | None) -> None:
        if self._has_run and self.reference >= 0 and not self._is_waiting:
            self._is_waiting = True  # a button that were disabled would lose the keyboard
            self.explain.setText("Looking…")
            self.explain_requested.emit(self.reference, label)

    def _on_versions_due(self) -> None:
        if self.reference >= 0:
            self.augmented_requested.emit(self.reference)
