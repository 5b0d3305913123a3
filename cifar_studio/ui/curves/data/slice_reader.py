"""Reads the points of long runs a slice at a time, so that choosing one stops nothing."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, QTimer, Signal

from cifar_studio.ui.curves.data.run_data import RunData

NEXT_SLICE_MS = 5


class SliceReader(QObject):
    """Reads on in runs until none is behind its folder.

    Signals
    -------
    points_read()
        There is more to draw.
    """

    points_read = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._runs: list[RunData] = []
        self._timer = QTimer(self, interval=NEXT_SLICE_MS, singleShot=True)
        self._timer.timeout.connect(self._on_timeout)

    def follow(self, runs: Iterable[RunData]) -> None:
        """Read on in these from now on, and in no others."""
        self._runs = [run for run in runs if run.is_behind]
        if self._runs:
            self._timer.start()

    def _on_timeout(self) -> None:
        if self._runs:
            self._runs[0].read_on()
            self.points_read.emit()
            self.follow(self._runs)
