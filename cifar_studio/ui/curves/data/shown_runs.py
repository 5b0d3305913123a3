"""Which runs the curves are drawn of, and the reading of their points."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from cifar_studio.runs.analysis.seeds import SeedGroup
from cifar_studio.runs.folder.events import Event, RunEnded, RunStarted
from cifar_studio.runs.folder.library import Run
from cifar_studio.ui.curves.data.run_colours import RunColours, RunStyle
from cifar_studio.ui.curves.data.run_data import RunData
from cifar_studio.ui.curves.data.seeds_data import SeedsData

NEXT_SLICE_MS = 5


class ShownRuns(QObject):
    """One run and those beside it, or groups of seeds; and the run that is trained, if any.

    Points of long runs are read a slice at a time, so that choosing one stops nothing.

    Attributes
    ----------
    main : RunData or None
        The run that is shown.
    live : RunData or None
        The run that is trained, or was last, whether it is shown or not.
    live_ended : bool
    groups : list of RunData
        Drawn in place of runs where there are any.

    Signals
    -------
    points_read()
        There is more to draw.
    """

    points_read = Signal()

    def __init__(self, colours: RunColours, parent: QObject) -> None:
        super().__init__(parent)
        self.main: RunData | None = None
        self.live: RunData | None = None
        self.live_ended = False
        self.groups: list[RunData] = []
        self._overlays: list[RunData] = []
        self._colours = colours
        self._behind: list[RunData] = []
        self._next_slice = QTimer(self, interval=NEXT_SLICE_MS, singleShot=True)
        self._next_slice.timeout.connect(self._on_next_slice)

    def drawn(self) -> list[RunData]:
        """The run shown and the others, each once; or the groups of seeds."""
        if self.groups:
            return list(self.groups)
        runs = {run.path: run for run in (self.main, *self._overlays) if run is not None}
        return list(runs.values())

    def styled(self) -> list[tuple[RunData, RunStyle]]:
        """The same, each with what tells it apart from the others."""
        runs = self.drawn()
        if len(runs) < 2:
            return [(run, RunStyle()) for run in runs]
        names = [run.path.name for run in runs]
        return [
            (run, RunStyle(self._colours.place_of(run.path.name, names), chr(ord("A") + index)))
            for index, run in enumerate(runs)
        ]

    def set_main(self, run: RunData | None) -> None:
        """Show another run, and groups no longer."""
        self.main, self.groups = run, []

    def set_overlays(self, runs: Sequence[Run]) -> None:
        """Lay other runs beside the one shown."""
        live, self.groups = self.live, []
        self._overlays = [
            live if live is not None and run.path == live.path else RunData.from_run(run)
            for run in runs
        ]

    def set_groups(self, groups: Sequence[SeedGroup]) -> None:
        """Draw groups of seeds in place of runs."""
        self.groups = [SeedsData(group) for group in groups if group.runs]

    def begin(self, started: RunStarted) -> RunData:
        """A run starts or goes on; its events are to follow through `handle`."""
        self.live, self.live_ended = RunData.from_started(started), False
        return self.live

    def handle(self, event: Event) -> bool:
        """Take an event of the run that is trained; True where something drawn is new."""
        live = self.live
        if live is None:
            return False
        if isinstance(event, RunEnded):
            live.end()
            self.live_ended = True
        elif not live.take(event):
            return False
        return live is self.main or live in self._overlays

    def read_on(self) -> None:
        """Have the rest of long runs read: of those drawn, and of the one that is trained."""
        runs = self.drawn()
        if self.live is not None and self.live not in runs:
            runs.append(self.live)
        self._follow(runs)

    def _follow(self, runs: Sequence[RunData]) -> None:
        self._behind = [run for run in runs if run.is_behind]
        if self._behind:
            self._next_slice.start()

    def _on_next_slice(self) -> None:
        if self._behind:
            self._behind[0].read_on()
            self.points_read.emit()
            self._follow(self._behind)
