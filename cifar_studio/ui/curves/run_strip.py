"""The runs that share the plots: colour, letter, name, data and best value of each."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from cifar_studio.runs import wording
from cifar_studio.ui.curves.data.run_colours import RunStyle
from cifar_studio.ui.curves.data.run_data import RunData
from cifar_studio.ui.curves.plot.legend import Legend, Sample
from cifar_studio.ui.widgets import theme


class RunStrip(QWidget):
    """Entries that switch runs, and a word about their data. Hidden for one run.

    Signals
    -------
    toggled()
        A run was switched on or off.
    """

    toggled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.legend = Legend(explanation="best")
        self.notice = QLabel()
        self.notice.setWordWrap(True)
        self._runs: list[tuple[RunData, RunStyle]] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.legend)
        self._column.addWidget(self.notice)
        self.legend.toggled.connect(self.toggled)
        self.restyle()
        self.hide()

    def set_runs(self, runs: Sequence[tuple[RunData, RunStyle]]) -> None:
        """Show these runs; those known already keep whether they are on."""
        if [(run.path, style) for run, style in runs] != [(r.path, s) for r, s in self._runs]:
            self._runs = list(runs)
            self._rebuild()
        self._runs = list(runs)
        self.setVisible(self._is_shown)
        self._warn()
        self.show_values()

    def hidden_keys(self) -> frozenset[str]:
        """Folders of the runs that are switched off."""
        return self.legend.hidden_keys() if len(self._runs) > 1 else frozenset()

    @property
    def _is_shown(self) -> bool:
        return len(self._runs) > 1 or any(run.about for run, _ in self._runs)

    def show_values(self) -> None:
        """The best top-1 of each run."""
        for run, _ in self._runs:
            if entry := self.legend.entries.get(str(run.path)):
                entry.set_value(wording.best_top1(run.best))

    def _tint(self) -> None:
        colours = theme.current()
        colour = colours.warning if self.notice.text().startswith("⚠") else colours.muted
        self.notice.setStyleSheet(f"color: {colour};")

    def restyle(self) -> None:
        self._column.setSpacing(theme.px(4))
        self._tint()
        if self._runs:
            self._rebuild()
            self.show_values()

    def _rebuild(self) -> None:
        entries = []
        for run, style in self._runs if self._is_shown else []:
            data = wording.data_of(run.config, run.data_name)
            title = f"{style.letter}  {run.name} ({data})"
            entries.append((str(run.path), Sample(style.shade or "text"), title, "00.00 %"))
        self.legend.set_entries(entries)

    def _warn(self) -> None:
        names = sorted({run.data_name for run, _ in self._runs})
        counts = sorted({run.test_pictures for run, _ in self._runs})
        text = ""
        if len(names) > 1:
            text = f"Different data share these axes ({' and '.join(names)}): do not compare them."
        elif len(counts) > 1:
            pictures = " and ".join(f"{count:,}" for count in counts)
            text = f"These runs were tested on different numbers of pictures ({pictures})."
        about = dict.fromkeys(run.about for run, _ in self._runs if run.about)
        self.notice.setText("  ".join((f"⚠  {text}" if text else "", *about)).strip())
        self.notice.setVisible(bool(text or about))
        self._tint()
