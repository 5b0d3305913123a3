"""The runs that are drawn beside the selected one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from cifar_studio.runs.folder.library import Run


class OverlaidRuns(QObject):
    """Which runs are to be drawn, in the order in which they were asked for.

    Signals
    -------
    changed(list of Run)
    """

    changed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._runs: list[Run] = []

    def __contains__(self, run: Run) -> bool:
        return any(other.path == run.path for other in self._runs)

    def toggle(self, run: Run) -> None:
        """Draw a run, or draw it no more."""
        others = [other for other in self._runs if other.path != run.path]
        self.set_runs(others if len(others) < len(self._runs) else [*others, run])

    def set_runs(self, runs: Sequence[Run]) -> None:
        """Draw these and no others."""
        self._runs = list(runs)
        self.changed.emit(list(runs))
