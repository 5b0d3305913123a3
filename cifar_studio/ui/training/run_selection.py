"""Which run every tab shows."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from cifar_studio.runs import wording
from cifar_studio.ui.training.live_run import LiveRun


class RunSelection(QObject):
    """Knows the selected run, and whether it is the live one.

    Signals
    -------
    selected_changed(Path or None)
    """

    selected_changed = Signal(object)

    def __init__(self, live: LiveRun, parent: QObject) -> None:
        super().__init__(parent)
        self._live = live
        self.selected: Path | None = None

    @property
    def shows_live(self) -> bool:
        """Whether the tabs show the run that trains."""
        return self._live.path is not None and self.selected == self._live.path

    def select(self, path: Path | None) -> None:
        if path != self.selected:
            self.selected = path
            self.selected_changed.emit(path)

    def select_live(self) -> None:
        """Show the run that trains, if any."""
        if self._live.path is not None:
            self.select(self._live.path)

    @property
    def pointer_text(self) -> str:
        """Where the live run is, for who looks at another one; empty for who looks at it."""
        started, progress = self._live.started, self._live.progress
        if started is None or progress is None or self.shows_live:
            return ""
        network = wording.network(started.config)
        return f"Training: {network} {progress.epoch}/{started.config.epochs} · show"
