"""The table of trials."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QItemSelectionModel, QModelIndex, Signal
from typing_extensions import override

from cifar_studio.config.settings import SETTINGS
from cifar_studio.ui.experiment import words
from cifar_studio.ui.experiment.data import ExperimentData
from cifar_studio.ui.experiment.trials_model import TrialsModel, TrialsProxy
from cifar_studio.ui.tables.row_delegate import PAD_PX
from cifar_studio.ui.tables.row_table import HEADER_PX, ROW_PX, RowTable
from cifar_studio.ui.widgets import theme

EXPLANATIONS: dict[str, tuple[str, str]] = {
    **{key: (words.title(key), setting.sentence) for key, setting in SETTINGS.items()},
    "trial": ("Trial", "Trials are numbered in the order in which they were planned."),
    "preset": ("Preset", "The preset whose settings the trial takes."),
    "figure": (
        "Figure",
        "By this trials are judged. Of a trial that was pruned or still runs it is the best so "
        "far, written pale, and takes no part in the ranking.",
    ),
    "best_epoch": ("Best epoch", "The epoch from 1 that has the figure."),
    "trained_epochs": ("Epochs", "How many epochs were trained, of all folds together."),
    "state": ("State", "How the trial stands; why one failed is told when the mouse rests on it."),
    "seconds": ("Time", "How long the trial was trained, its interruptions left out."),
}


class TrialsTable(RowTable):
    """Every trial as a row.

    Signals
    -------
    trial_chosen(int)
        Its row is now the current one, by mouse or key.
    """

    trial_chosen = Signal(int)

    def __init__(self) -> None:
        self.trials = TrialsModel()
        self.filter = TrialsProxy(self.trials)
        super().__init__(self.trials, self.filter, "Trials of the experiment", words.NO_TRIAL)
        self.restyle()

    def show_trials(self, data: ExperimentData | None, inside: np.ndarray | None) -> None:
        """Show the trials, or those of them that lie inside the limits."""
        self._setting = True
        if self.trials.show(data):
            self.unsort()
        numbers = None
        if data is not None and inside is not None:
            pairs = zip(data.trials, inside, strict=True)
            numbers = frozenset(trial.number for trial, is_inside in pairs if is_inside)
        self.filter.keep(numbers)
        self._setting = False
        self._fit_columns()

    def choose(self, number: int | None) -> None:
        """Select the row of a trial without telling so."""
        flag = QItemSelectionModel.SelectionFlag
        index, row = QModelIndex(), self.trials.rows.get(number or 0)
        if row is not None:
            index = self.filter.mapFromSource(self.trials.index(row, 0))
        self._setting = True
        if not index.isValid():
            self.selectionModel().clearSelection()
        elif index.row() != self.currentIndex().row() or not self.selectionModel().hasSelection():
            self.selectionModel().setCurrentIndex(index, flag.ClearAndSelect | flag.Rows)
            self.scrollTo(index)
        self._setting = False

    @override
    def restyle(self) -> None:
        super().restyle()
        self.setMinimumHeight(theme.px(HEADER_PX + 3 * ROW_PX))

    @override
    def _fit_columns(self) -> None:
        """As wide as the longest words need; what is left goes to the columns of words."""
        columns, metrics = self.trials.columns, self.fontMetrics()
        if not columns:
            return
        pad, arrow = 2 * theme.px(PAD_PX), metrics.horizontalAdvance("▾ ")
        pairs = list(zip(self.trials.longest, columns, strict=True))

        def widths_with(room: int) -> list[int]:
            return [
                max(metrics.horizontalAdvance(text), metrics.horizontalAdvance(c.title) + room)
                + pad
                + 2
                for text, c in pairs
            ]

        widths = widths_with(arrow)
        if sum(widths) > self.viewport().width():
            widths = widths_with(0)
        spare = max(self.viewport().width() - sum(widths), 0)
        for place in range(len(columns)):
            more = spare // len(columns)
            self.horizontalHeader().resizeSection(place, widths[place] + more)

    @override
    def _on_current_row_changed(self) -> None:
        if not self._setting and self.currentIndex().isValid():
            row = self.source_row(self.currentIndex().row())
            self.trial_chosen.emit(self.trials.lines[row].trial.number)

    @override
    def _nothing(self) -> str:
        return "No trial lies within the limits" if self.trials.lines else super()._nothing()
