"""Above the grid: split, answers, size; below them how many there are, and what filters them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QSlider, QWidget

from cifar_studio.ui.pictures.data.query import WhichAnswers, WhichSplit
from cifar_studio.ui.pictures.grid.cell_area import SIZES_PX
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.flow_layout import FlowLayout
from cifar_studio.ui.widgets.layouts import NO_MARGINS, column, row

SPLITS: tuple[tuple[str, WhichSplit], ...] = (
    ("All pictures", "both"),
    ("Training", "training"),
    ("Test", "test"),
)
OWN = "Your own"
ANSWERS: tuple[tuple[str, WhichAnswers], ...] = (
    ("All answers", "all"),
    ("Right", "right"),
    ("Wrong", "wrong"),
    ("Most confident mistakes", "mistakes"),
)
NO_RUN = "Right and wrong are known once a run is chosen whose network was evaluated"
NOTCH_PX = 16
SLIDER_PX = 72
ROW_PX = 24
CHIP_TEXT_PX = 240


class Chip(QFrame):
    """A filter in words, with a cross that takes it away."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.text = ""  # in full, shortened or not
        self._shown = basics.label()
        self.remove = basics.GlyphButton("close", "Remove this filter")
        row(self._shown, self.remove, parent=self, margins=(2, 0, 0, 0), spacing=1)

    def show_text(self, text: str) -> None:
        """Show a filter; an empty text hides the chip."""
        self.text = text
        self.setToolTip(basics.plain_tip(text))
        self.setAccessibleName(f"Filter: {text}")
        self.setVisible(bool(text))
        self.restyle()

    def restyle(self) -> None:
        """Take sizes and type anew."""
        side = theme.px(ROW_PX)
        self.setFixedHeight(side)
        self.remove.setFixedSize(side - 2, side - 2)
        metrics, elide = self._shown.fontMetrics(), Qt.TextElideMode.ElideRight
        self._shown.setText(metrics.elidedText(self.text, elide, theme.px(CHIP_TEXT_PX)))


class PictureControls(QWidget):
    """The toolbar of the grid.

    Signals
    -------
    changed()
        Another split or other answers are asked for.
    size_changed(int)
        Side of a thumbnail in logical pixels.
    filter_removed()
        The person took the chip away.
    evaluate_clicked()
    open_clicked()
    clear_clicked()
    list_clicked()
    repeats_clicked()
    """

    changed = Signal()
    size_changed = Signal(int)
    filter_removed = Signal()
    evaluate_clicked = Signal()
    open_clicked = Signal()
    clear_clicked = Signal()
    list_clicked = Signal()
    repeats_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.split = choice((*SPLITS, (OWN, "")), "Split", "Which pictures, or some of your own")
        self.answers = choice(ANSWERS, "Answers")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(SIZES_PX[0] // NOTCH_PX, SIZES_PX[1] // NOTCH_PX)
        self.slider.setPageStep(1)
        self.slider.setAccessibleName("Thumbnail size")
        self.slider.setToolTip("Size of the thumbnails; a picture has 32 by 32 pixels")
        self.count = basics.label("", "muted")
        self.count.setFont(theme.tabular(self.count.font()))
        self.demo = basics.label("Demo set", "heading")
        self.demo.setToolTip("Drawn by the studio, to try it without CIFAR-100; no photographs")
        self.chip = Chip()
        self.evaluate = basics.link("", self.evaluate_clicked.emit)
        self.open = basics.link("Open…", self.open_clicked.emit)
        self.open.setToolTip("Open pictures of your own (Ctrl+I), drop them here, or paste one")
        self.clear = basics.link("Remove all", self.clear_clicked.emit)
        self.save_list = basics.link("Save list…", self.list_clicked.emit)
        self.save_list.setToolTip("Keep this list of pictures as a table")
        self.repeats = basics.link("Repeats…", self.repeats_clicked.emit)
        self.repeats.setToolTip("List the pictures that occur more than once, exactly or nearly")
        self._lay_out()
        self.split.currentIndexChanged.connect(self.changed)
        self.answers.currentIndexChanged.connect(self.changed)
        self.slider.valueChanged.connect(self._on_size_changed)
        self.chip.remove.clicked.connect(self.filter_removed)
        self.allow_answers(NO_RUN)
        self.demo.hide()
        self.show_own(False)
        self.chip.show_text("")
        self.offer_evaluation("")
        theme.manager().changed.connect(self._restyle)
        self._restyle()

    @property
    def is_own_chosen(self) -> bool:
        """Whether pictures of the person's own are asked for."""
        return self.split.currentIndex() == len(SPLITS)

    @property
    def chosen_split(self) -> WhichSplit:
        """Of the set; all of it while own pictures are asked for."""
        return "both" if self.is_own_chosen else SPLITS[self.split.currentIndex()][1]

    @property
    def chosen_answers(self) -> WhichAnswers:
        return ANSWERS[self.answers.currentIndex()][1]

    @property
    def size_px(self) -> int:
        return self.slider.value() * NOTCH_PX

    def set_size(self, size_px: int) -> None:
        self.slider.setValue(round(size_px / NOTCH_PX))

    def show_choice(self, split: WhichSplit, answers: WhichAnswers) -> None:
        """Set both; emits nothing."""
        with QSignalBlocker(self.split), QSignalBlocker(self.answers):
            self.split.setCurrentIndex([value for _, value in SPLITS].index(split))
            self.answers.setCurrentIndex([value for _, value in ANSWERS].index(answers))

    def choose_own(self) -> None:
        """Ask for pictures of the person's own."""
        self.split.setCurrentIndex(len(SPLITS))

    def show_own(self, is_own: bool) -> None:
        """Offer what can be done with own pictures, or with those of the set."""
        self.answers.setHidden(is_own)
        self._of_set.setHidden(is_own)
        for part in self._own_parts:
            part.setVisible(is_own)

    def allow_answers(self, why_not: str) -> None:
        """Whether right and wrong can be chosen; if not, why."""
        self.answers.setEnabled(not why_not)
        tip = why_not or "Choose by what the network of the chosen run said"
        self.answers.setToolTip(tip)
        self.answers.setAccessibleDescription(tip)

    def show_count(self, number: int, note: str = "") -> None:
        """How many pictures there are; `note` says what else there is to know."""
        count = "1 picture" if number == 1 else f"{number:,} pictures"
        self.count.setText(f"{count} · {note}" if note else count)
        self._list.setVisible(number > 0)

    def offer_evaluation(self, split: str) -> None:
        """Offer to evaluate a split that the choice leaves out; empty offers nothing."""
        self.evaluate.setText(f"Evaluate the {split} pictures" if split else "")
        self._offer.setVisible(bool(split))

    def _lay_out(self) -> None:
        choices = QWidget()
        self._first = FlowLayout(choices, theme.px(2 * theme.GRID))
        for part in (self.split, self.answers, self.slider):
            self._first.addWidget(part)
        filters = QWidget()
        self._second = FlowLayout(filters, theme.px(3 * theme.GRID))
        self._offer = _centred(self.evaluate)
        self._own_parts = [_centred(self.open), _centred(self.clear)]
        self._list, self._of_set = _centred(self.save_list), _centred(self.repeats)
        self._links = (self._offer, *self._own_parts, self._list, self._of_set)
        for shown in (self.demo, self.count, self.chip, *self._links):
            self._second.addWidget(shown)
        column(choices, filters, parent=self, margins=(2, 3, 2, 1), spacing=2)

    def _restyle(self) -> None:
        self.slider.setFixedWidth(theme.px(SLIDER_PX))
        self.slider.setFixedHeight(self.split.sizeHint().height())
        self._first.set_gap(theme.px(2 * theme.GRID))
        self._second.set_gap(theme.px(3 * theme.GRID))
        for widget in (self.demo, self.count, *self._links):
            widget.setFixedHeight(theme.px(ROW_PX))
        self.chip.restyle()

    def _on_size_changed(self) -> None:
        self.slider.setAccessibleDescription(f"{self.size_px} pixels")
        self.size_changed.emit(self.size_px)


def _centred(link: QWidget) -> QWidget:
    """Holds a link, whose height the style sheet sets, in the middle of a row."""
    result = QWidget()
    row(link, parent=result, margins=NO_MARGINS)
    return result


def choice(choices: Sequence[tuple[str, str]], name: str, tip: str = "") -> QComboBox:
    """A box to choose from; of each choice its text and its value."""
    result = QComboBox()
    result.addItems([text for text, _ in choices])
    result.setAccessibleName(name)
    result.setToolTip(tip)
    result.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return result
