"""Asks with how many seeds a run shall be repeated."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from cifar_studio.runs import wording
from cifar_studio.runs.analysis.seeds import missing_seeds
from cifar_studio.runs.folder.library import Run
from cifar_studio.ui.widgets import basics, theme

MOST = 30
SHOWN = 8


class SeedsDialog(QDialog):
    """Says which seeds would be trained, and about how long that takes.

    Parameters
    ----------
    run : Run
    present : collection of int
        Seeds that are there already.
    """

    def __init__(self, parent: QWidget, run: Run, present: Collection[int]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Repeat with more seeds")
        self._first = replace(run.config, seed=min(present))
        self._present = set(present)
        seconds = [row.train_seconds + row.eval_seconds for row in run.rows]
        self._seconds = sum(seconds) / len(seconds) * run.config.epochs if seconds else 0.0
        have = len(self._present)
        self.editor = QLineEdit(str(max(3, have + 1)))
        self.editor.setValidator(QIntValidator(have + 1, have + MOST, self))
        self.editor.setAccessibleName("Seeds in all")
        self.editor.setToolTip(f"{have + 1} to {have + MOST}")
        self.editor.selectAll()
        self.editor.textChanged.connect(lambda _: self._show())
        self._words = basics.label("", "muted")
        self._words.setWordWrap(True)
        question = basics.label(
            f"{wording.run_title(run)}, {run.config.epochs} epochs.\nHow many seeds in all?"
        )
        question.setBuddy(self.editor)
        buttons = QHBoxLayout()
        buttons.setSpacing(2 * theme.GRID)
        buttons.addStretch(1)
        self._add = basics.button("Add to queue", self.accept, primary=True)
        self._add.setDefault(True)
        buttons.addWidget(self._add)
        buttons.addWidget(basics.button("Cancel", self.reject))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(*[6 * theme.GRID] * 4)
        layout.setSpacing(3 * theme.GRID)
        layout.addWidget(question)
        layout.addWidget(self.editor)
        layout.addWidget(self._words)
        layout.addLayout(buttons)
        self._show()

    @property
    def count(self) -> int:
        """How many seeds there shall be in all."""
        return int(self.editor.text())

    def _show(self) -> None:
        self._add.setEnabled(self.editor.hasAcceptableInput())
        if not self.editor.hasAcceptableInput():
            return
        seeds = missing_seeds(self._first, self.count, self._present)
        listed = ", ".join(map(str, seeds[:SHOWN])) + ("…" if len(seeds) > SHOWN else "")
        runs = "run waits" if len(seeds) == 1 else "runs will wait"
        time = f", about {wording.duration(self._seconds * len(seeds))}" if self._seconds else ""
        have = ", ".join(map(str, sorted(self._present)[:SHOWN]))
        self._words.setText(
            f"There {'is seed' if len(self._present) == 1 else 'are seeds'} {have}. "
            f"{len(seeds)} {runs} in the queue: seed {listed}{time}."
        )


def ask_seeds(parent: QWidget, run: Run, present: Collection[int]) -> int | None:
    """How many seeds there shall be in all; None where the person thinks better."""
    dialog = SeedsDialog(parent, run, present)
    accepted = dialog.exec()
    dialog.deleteLater()
    return dialog.count if accepted else None
