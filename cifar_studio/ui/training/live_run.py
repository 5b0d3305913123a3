"""The run that trains now: the one place that knows which it is and how far it has come."""

from __future__ import annotations

from pathlib import Path

from cifar_studio.runs.folder.events import (
    EpochEnded,
    RunContinued,
    RunEnded,
    RunPaused,
    RunStarted,
)
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.training.run_progress import Progress


class LiveRun:
    """Follows the run that was begun last. Plain: no Qt; the controller feeds it.

    Attributes
    ----------
    planned : PlannedRun or None
        What it was asked for as; None where it was resumed.
    resumed : Path or None
        Its folder where it was resumed; None where it is a new one.
    has_begun : bool
        Whether it came as far as training; still known when it has ended.
    started : RunStarted or None
        How it began; None before that and after its end.
    progress : Progress or None
        Likewise.
    disk_refuses : bool
        It is paused, since the disk does not take its state.
    """

    def __init__(self) -> None:
        self.planned: PlannedRun | None = None
        self.resumed: Path | None = None
        self.has_begun = False
        self.started: RunStarted | None = None
        self.progress: Progress | None = None
        self.disk_refuses = False
        self._epochs_done = 0

    @property
    def path(self) -> Path | None:
        """Its folder, while it trains."""
        return Path(self.started.folder) if self.started is not None else None

    def begin(self, planned: PlannedRun | None, resumed: Path | None) -> None:
        """A run was asked for; its events are to follow."""
        self.planned, self.resumed = planned, resumed
        self.has_begun = self.disk_refuses = False
        self.started = self.progress = None
        self._epochs_done = 0

    def handle(self, event: object) -> None:
        """Take in an event of the run."""
        if isinstance(event, RunStarted):
            self.has_begun = True
            self.started = event
            self.progress = Progress(event)
            self._epochs_done = event.first_epoch - 1
        elif isinstance(event, RunEnded):
            self.started = self.progress = None
            self.disk_refuses = False
        elif isinstance(event, RunPaused):
            self.disk_refuses = event.reason == "disk"
        elif isinstance(event, RunContinued):
            self.disk_refuses = False
        elif self.progress is not None:
            self.progress.handle(event)
            if isinstance(event, EpochEnded):
                self._epochs_done = event.row.epoch

    @property
    def kept_text(self) -> str:
        """What a stop now would keep."""
        batch = self.progress.batch if self.progress is not None else 0
        place = f" at batch {batch:,}" if batch else ""
        return f"Every finished epoch is kept, and the state{place}."

    @property
    def kept_by_force_text(self) -> str:
        """What an end by force would keep."""
        if self.started is None:
            return "whatever was on the disk before is kept"
        if not self._epochs_done:
            return "nothing of it is kept: no epoch is finished"
        return f"the last checkpoint, of epoch {self._epochs_done}, is kept"
