"""The pictures that occur more than once, as a list in a window of its own."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QProgressBar, QStackedLayout, QWidget

from cifar_studio.data.repeats.find_repeats import Repeats
from cifar_studio.ui.pictures.controls import choice
from cifar_studio.ui.pictures.data.picture_set import PictureSet
from cifar_studio.ui.pictures.repeats.repeats_model import (
    IDENTICAL,
    MIRRORED,
    NEAR,
    Pair,
    Splits,
    pairs_of,
)
from cifar_studio.ui.pictures.repeats.repeats_table import RepeatsTable
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.explanation import explain
from cifar_studio.ui.widgets.layouts import NO_MARGINS, STRETCH, column, grow, row

SIZE_PX = (820, 620)
KINDS = (("All pairs", ""), ("Identical", IDENTICAL), ("Mirrored", MIRRORED), ("Near", NEAR))
SPLITS: tuple[tuple[str, Splits], ...] = (
    ("Any split", "any"),
    ("Inside training", "training"),
    ("Inside test", "test"),
    ("Across the splits", "across"),
)
EXPLANATIONS = {
    "pair": (
        "Pairs of pictures",
        "Every picture is held against every other one and its mirror image: first from afar, as "
        "8x8 blocks (correlation 0.95 and more), then in detail. What was cut out of another "
        "picture is not found.",
    ),
    "kind": (
        "Kind",
        "Identical: every pixel is the same. Mirrored: left and right are exchanged. Nearly the "
        "same: compressed, brightened or slightly moved.",
    ),
    "likeness": (
        "Likeness",
        "Correlation of what differs from the blocks, edges and texture, from 0.7, where the "
        "list ends, to 1.",
    ),
    "classes": (
        "Classes",
        "The published labels. Where they differ, one picture has two labels.",
    ),
}
FINDING = "Every picture is compared with every other one. This takes about a minute, once."


class RepeatsDialog(QDialog):
    """Lists pairs; says how far it is while they are being found. Closing it gives that up.

    Signals
    -------
    find_requested()
    table_requested(Table)
        The list is to be kept as a file.
    """

    find_requested = Signal()
    table_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Repeated pictures")
        self.summary = basics.text()
        self.kind = choice(KINDS, "Kind of pair")
        self.splits = choice(SPLITS, "Where the pictures lie")
        self.count = basics.label("", "muted")
        self.save = basics.button("Save…", self._on_save_clicked)
        self.table = RepeatsTable()
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("How many pictures are compared")
        self.words = basics.text()
        self.cancel = basics.button("Cancel", self.close)
        self.again = basics.button("Try again", self.find_requested.emit)
        self._lay_out()
        self.resize(*(theme.px(side) for side in SIZE_PX))
        for box in (self.kind, self.splits):
            box.currentIndexChanged.connect(self._on_choice_changed)
        self.table.save_requested.connect(self._on_save_clicked)
        self.table.explanation_requested.connect(
            lambda key, at: explain(key, at, self, EXPLANATIONS)
        )

    def begin(self, pictures: PictureSet) -> None:
        """The pairs of this set are being found."""
        self.table.show_set(pictures)
        self._show_work(FINDING, is_busy=True)

    def show_progress(self, done: int, total: int) -> None:
        self.progress.setRange(0, max(total, 1))
        self.progress.setValue(done)

    def show_failure(self, text: str) -> None:
        """Nothing was found, and why."""
        self._show_work(text, is_busy=False)

    def show_repeats(self, repeats: Repeats) -> None:
        """What was found in the set that `begin` named."""
        pairs = pairs_of(repeats)
        self.summary.setText(summary_of(pairs))
        self.table.show_pairs(pairs)
        self._stack.setCurrentIndex(0)
        self._on_choice_changed()
        self.table.setFocus()

    def _lay_out(self) -> None:
        found, working = QWidget(), QWidget()
        choices = row(self.kind, self.splits, self.count, STRETCH, self.save, spacing=2)
        column(self.summary, choices, grow(self.table), parent=found, margins=NO_MARGINS, spacing=3)
        middle = column(self.words, self.progress, row(self.again, self.cancel, STRETCH), spacing=3)
        middle.insertStretch(0, 1)
        middle.addStretch(2)
        working.setLayout(middle)
        self._stack = QStackedLayout()
        self._stack.addWidget(found)
        self._stack.addWidget(working)
        column(self._stack, parent=self, margins=(4, 4, 4, 4))

    def _show_work(self, text: str, *, is_busy: bool) -> None:
        self._stack.setCurrentIndex(1)
        self.words.setText(text)
        self.progress.setVisible(is_busy)
        self.progress.setRange(0, 0)
        self.cancel.setVisible(is_busy)
        self.again.setVisible(not is_busy)

    def _on_choice_changed(self) -> None:
        kind = KINDS[self.kind.currentIndex()][1]
        self.table.filter.set_choice(kind, SPLITS[self.splits.currentIndex()][1])
        number = self.table.filter.rowCount()
        self.count.setText("1 pair" if number == 1 else f"{number:,} pairs")

    def _on_save_clicked(self) -> None:
        self.table_requested.emit(self.table.as_table("repeated pictures"))


def summary_of(pairs: Sequence[Pair]) -> str:
    """How many pairs there are of each kind, and what that means for a test."""
    if not pairs:
        return "No picture occurs twice."
    counts = [sum(pair.kind == kind for pair in pairs) for kind in (IDENTICAL, MIRRORED, NEAR)]
    across = sum(pair.splits == "across" for pair in pairs)
    words = (
        f"{len(pairs):,} pairs: {counts[0]:,} identical, {counts[1]:,} mirrored, "
        f"{counts[2]:,} nearly the same."
    )
    if across:
        words += (
            f" {across:,} have one picture in each split: there a network is tested on what it "
            "was trained on."
        )
    return words
