"""The run that trains now, as the window follows it; and which run every tab shows."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from cifar_studio.runs import wording
from cifar_studio.runs.folder.events import EpochEnded, RunEnded, RunStarted
from cifar_studio.ui.training.run_progress import Progress


class RunSelection(QObject):
    """Knows the selected run and the live one.

    Signals
    -------
    selected_changed(Path or None)
    """

    selected_changed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._selected: Path | None = None
        self._live: RunStarted | None = None
        self.progress: Progress | None = None
        self._epochs_done = 0

    @property
    def selected(self) -> Path | None:
        return self._selected

    @property
    def started(self) -> RunStarted | None:
        """How the run began that trains now."""
        return self._live

    @property
    def live(self) -> Path | None:
        return Path(self._live.folder) if self._live else None

    @property
    def shows_live(self) -> bool:
        """Whether the tabs show the run that trains."""
        return self._live is not None and self._selected == self.live

    def select(self, path: Path | None) -> None:
        if path != self._selected:
            self._selected = path
            self.selected_changed.emit(path)

    def handle(self, event: object) -> None:
        """Follow the live run; a run that starts is selected."""
        if isinstance(event, RunStarted):
            self._live = event
            self.progress = Progress(event)
            self._epochs_done = event.first_epoch - 1
            self.select(Path(event.folder))
        elif isinstance(event, RunEnded):
            self._live = None
            self.progress = None
            self._epochs_done = 0
        elif self.progress is not None:
            self.progress.handle(event)
            if isinstance(event, EpochEnded):
                self._epochs_done = event.row.epoch

    @property
    def pointer_text(self) -> str:
        """Where the live run is, for who looks at another one; empty for who looks at it."""
        if self._live is None or self.shows_live or self.progress is None:
            return ""
        config = self._live.config
        return f"Training: {wording.network(config)} {self.progress.epoch}/{config.epochs} · show"

    @property
    def kept_text(self) -> str:
        """What a stop now would keep."""
        batch = self.progress.batch if self.progress is not None else 0
        place = f" at batch {batch:,}" if batch else ""
        return f"Every finished epoch is kept, and the state{place}."

    @property
    def kept_by_force_text(self) -> str:
        """What an end by force would keep."""
        if self._live is None:
            return "whatever was on the disk before is kept"
        if not self._epochs_done:
            return "nothing of it is kept: no epoch is finished"
        return f"the last checkpoint, of epoch {self._epochs_done}, is kept"
