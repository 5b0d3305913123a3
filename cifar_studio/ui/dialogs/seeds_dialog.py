"""Asks with how many seeds a run shall be repeated."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace
from PySide6.QtWidgets import QWidget

from cifar_studio.runs import wording
from cifar_studio.runs.analysis.seeds import missing_seeds
from cifar_studio.runs.folder.library import Run
from cifar_studio.ui.dialogs.question_dialog import NumberDialog
from cifar_studio.ui.widgets import basics

MOST = 30
SHOWN = 8


class SeedsDialog(NumberDialog):
    """Says which seeds would be trained besides those `present`, and about how long that takes."""

    def __init__(self, parent: QWidget, run: Run, present: Collection[int]) -> None:
        self._first = replace(run.config, seed=min(present))
        self._present = set(present)
        seconds = [row.train_seconds + row.eval_seconds for row in run.rows]
        self._seconds = sum(seconds) / len(seconds) * run.config.epochs if seconds else 0.0
        self._words = basics.text("", "muted")
        have = len(self._present)
        super().__init__(
            parent,
            "Repeat with more seeds",
            "Train",
            f"{wording.run_title(run)}, {run.config.epochs} epochs.\nHow many seeds in all?",
            "Seeds in all",
            (have + 1, max(3, have + 1), have + MOST),
            self._words,
        )
        self._show_seeds()
        self.editor.textChanged.connect(self._show_seeds)

    def _show_seeds(self) -> None:
        if not self.editor.hasAcceptableInput():
            return
        seeds = missing_seeds(self._first, self.number, self._present)
        listed = ", ".join(map(str, seeds[:SHOWN])) + ("…" if len(seeds) > SHOWN else "")
        runs = "run is" if len(seeds) == 1 else "runs are"
        time = f", about {wording.duration(self._seconds * len(seeds))}" if self._seconds else ""
        have = ", ".join(map(str, sorted(self._present)[:SHOWN]))
        self._words.setText(
            f"There {'is seed' if len(self._present) == 1 else 'are seeds'} {have}. "
            f"{len(seeds)} {runs} to be trained: seed {listed}{time}."
        )


def ask_seeds(parent: QWidget, run: Run, present: Collection[int]) -> int | None:
    """How many seeds there shall be in all; None where the person thinks better."""
    dialog = SeedsDialog(parent, run, present)
    return dialog.number if dialog.is_answered() else None
