"""Asks how much of the report's study is to be repeated, and says what that takes here."""

from __future__ import annotations

import datetime

from PySide6.QtCore import Qt
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QLineEdit, QWidget

from cifar_studio.config.presets import PRINTED_DECAY, REPEATING_DECAY
from cifar_studio.config.settings import bounds_of
from cifar_studio.config.study import FULL, SHORT, StudyRun, StudySize, study_runs
from cifar_studio.runs import wording
from cifar_studio.ui.dialogs.question_dialog import QuestionDialog
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.layouts import STRETCH, row
from cifar_studio.ui.workers.cost_estimator import CostEstimator

FIELD_PX = 64
MOST_SEEDS = 20
WITH_REPEATING_DECAY = (
    "With the report's epochs, all pictures, and the weight decay of "
    f"{REPEATING_DECAY:g} that repeats its figures."
)
WITH_PRINTED_DECAY = (
    f"With the report's epochs, all pictures, and the weight decay of {PRINTED_DECAY:g} that it "
    "prints; VGG11 so trained ended far from its table."
)
_HEADS = ("Run", "Epochs", "Time", "Memory")


class StudyDialog(QuestionDialog):
    """The six runs with time and memory, measured for a few batches where they are not known.

    `on_demo`: the demo set stands in for CIFAR-100.
    """

    def __init__(self, parent: QWidget | None, costs: CostEstimator, on_demo: bool) -> None:
        super().__init__(parent, "Repeat the report", "Train")
        self._costs = costs
        self.short = QCheckBox("A smaller version")
        self.short.setToolTip("Fewer epochs and pictures; its runs are marked and do not compare")
        self.as_printed = QCheckBox(f"As printed: weight decay {PRINTED_DECAY:g}")
        self.as_printed.setToolTip(
            f"The report prints {PRINTED_DECAY:g}; its figures come out with {REPEATING_DECAY:g}"
        )
        self.epochs = self._field(SHORT.epochs or 1, "epochs", "Epochs of every run")
        per_class = SHORT.train_per_class or 1
        self.per_class = self._field(per_class, "train_per_class", "Training pictures a class")
        self.seeds = self._field(1, "", "Runs of each kind, with seeds from 0 on")
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(6 * theme.GRID)
        self._grid.setVerticalSpacing(theme.GRID)
        self._grid.setColumnStretch(0, 1)
        self._cells: list[tuple[QLabel, ...]] = []
        self._total = basics.label("", "heading")
        self._words = basics.text("", "muted")
        self._on_demo = on_demo
        self._fill_grid()
        size = row(
            self.short,
            self.epochs,
            basics.label("epochs,"),
            self.per_class,
            basics.label("training pictures a class"),
            STRETCH,
            basics.label("Seeds"),
            self.seeds,
            spacing=2,
        )
        self.lay_out(size, self.as_printed, self._grid, self._total, self._words)
        for field in (self.epochs, self.per_class, self.seeds):
            field.textChanged.connect(self._show)
        for switch in (self.short, self.as_printed):
            switch.toggled.connect(self._show)
        costs.changed.connect(self._show)
        self._show()

    @property
    def runs(self) -> list[StudyRun]:
        """What is to be trained, in the report's order."""
        return study_runs(self.size_of_study, as_printed=self.is_as_printed)

    @property
    def is_as_printed(self) -> bool:
        return self.as_printed.isChecked()

    @property
    def size_of_study(self) -> StudySize:
        seeds = int(self.seeds.text())
        if not self.short.isChecked():
            return StudySize(seeds=seeds)
        return StudySize(int(self.epochs.text()), int(self.per_class.text()), None, seeds)

    def _field(self, value: int, key: str, tip: str) -> QLineEdit:
        field = QLineEdit(str(value))
        high = int(bounds_of(key).high) if key else MOST_SEEDS
        field.setValidator(QIntValidator(1, high, self))
        field.setFixedWidth(theme.px(FIELD_PX))
        field.setAccessibleName(tip)
        field.setToolTip(f"{tip}, 1 to {high:,}")
        return field

    def _fill_grid(self) -> None:
        for column, head in enumerate(_HEADS):
            self._grid.addWidget(basics.label(head, "muted"), 0, column, _side(column))
        for line in range(1, len(study_runs(FULL)) + 1):
            cells = tuple(basics.label() for _ in _HEADS)
            for column, cell in enumerate(cells):
                self._grid.addWidget(cell, line, column, _side(column))
            self._cells.append(cells)

    def _show(self) -> None:
        short = self.short.isChecked()
        for field in (self.epochs, self.per_class):
            field.setEnabled(short)
        fields = (self.epochs, self.per_class, self.seeds)
        is_whole = all(field.hasAcceptableInput() for field in fields)
        self.answer_button.setEnabled(is_whole)
        if is_whole:
            self._show_costs()

    def _show_costs(self) -> None:
        runs = self.runs
        total: float | None = 0.0
        unknown: list[StudyRun] = []
        for run, (title, epochs, time, memory) in zip(runs, self._cells, strict=False):
            title.setText(run.preset.title)
            epochs.setText(str(run.config.epochs))
            speed = self._costs.speed(run.config)
            failure = self._costs.failure(run.config)
            time.setToolTip(basics.plain_tip(failure))
            if speed is None:
                total = None
                unknown += [] if failure else [run]
                is_coming = self._costs.may_measure and not failure
                time.setText("measuring…" if is_coming else "unknown")
                memory.setText("")
                continue
            seconds = speed.seconds(run.config)
            time.setText(wording.duration(seconds))
            memory.setText(wording.memory(speed.memory_mib))
            if total is not None:
                total += seconds * len(runs) / len(self._cells)
        if unknown:
            self._costs.speed(unknown[0].config)  # the one asked for last is measured next
        self._show_total(total, len(runs))
        mark = runs[0].mark
        whole = WITH_PRINTED_DECAY if self.as_printed.isChecked() else WITH_REPEATING_DECAY
        words = [f"Marked {mark}; they do not compare with the report." if mark else whole]
        if self._on_demo:
            words.append("They see the demo set: get CIFAR-100 first to compare.")
        if unknown and not self._costs.may_measure:
            words.append("Times are measured while no run is on.")
        self._words.setText(" ".join(words))

    def _show_total(self, total: float | None, count: int) -> None:
        if total is None:
            self._total.setText(f"{count} runs")
            return
        end = datetime.datetime.now() + datetime.timedelta(seconds=total)
        about = wording.duration(total)
        self._total.setText(f"{count} runs: about {about}, to about {wording.clock(end)}")


def _side(column: int) -> Qt.AlignmentFlag:
    return Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft


def ask_study(
    parent: QWidget, costs: CostEstimator, on_demo: bool
) -> tuple[StudySize, bool] | None:
    """How much is to be trained, and whether as printed; None where the person thinks better."""
    dialog = StudyDialog(parent, costs, on_demo)
    return (dialog.size_of_study, dialog.is_as_printed) if dialog.is_answered() else None
