"""One crosshair for two plots and the table: which epoch is looked at, and who says so."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from cifar_studio.ui.curves.plot.panel import PlotPanel
from cifar_studio.ui.curves.table.epoch_view import EpochTable


class EpochPointer(QObject):
    """Follows the mouse, and keeps the epoch that was clicked, stepped to or chosen in the table.

    Signals
    -------
    epoch_changed(int)
        The epoch under the crosshair; 0 where there is none.
    """

    epoch_changed = Signal(int)

    def __init__(self, panels: Sequence[PlotPanel], table: EpochTable, parent: QObject) -> None:
        super().__init__(parent)
        self._panels = tuple(panels)
        self._table = table
        self._hovered: int | None = None
        self._pinned: int | None = None
        self._reported = 0
        for panel in panels:
            panel.plot.hovered.connect(self._on_hovered)
            panel.plot.clicked.connect(self._on_clicked)
            panel.plot.stepped.connect(self._on_stepped)
            panel.plot.released.connect(self.clear)
        table.epoch_chosen.connect(self._on_epoch_chosen)

    @property
    def epoch(self) -> int:
        """The epoch under the crosshair; 0 where there is none."""
        return (self._hovered if self._hovered is not None else self._pinned) or 0

    def clear(self) -> None:
        """No crosshair, since another run is shown."""
        self._hovered = None
        self._pin(None)

    def _pin(self, epoch: int | None) -> None:
        self._pinned = epoch
        self._table.choose(epoch or 0)
        self._show()

    def _show(self) -> None:
        epoch = self.epoch
        if epoch == self._reported:
            return
        self._reported = epoch
        for panel in self._panels:
            panel.show_crosshair(epoch or None)
        self._table.mark(epoch)
        self.epoch_changed.emit(epoch)

    def _last(self) -> int:
        runs = [drawn.run for drawn in self._panels[0].drawn]
        return max((math.ceil(run.position) for run in runs), default=0)

    def _nearest(self, position: float) -> int | None:
        """The epoch whose end is nearest; the one under way counts as far as it got."""
        runs = [drawn.run for drawn in self._panels[0].drawn]
        if not runs or self._last() == 0:
            return None
        reached = max(run.position for run in runs)
        if position > (reached + math.floor(reached)) / 2:
            return self._last()
        return min(max(round(position), 1), self._last())

    def _on_hovered(self, position: float) -> None:
        self._hovered = None if math.isnan(position) else self._nearest(position)
        self._show()

    def _on_clicked(self, position: float) -> None:
        self._pin(self._nearest(position))

    def _on_stepped(self, steps: int) -> None:
        last = self._last()
        if last == 0:
            return
        start = self.epoch or (last + 1 if steps < 0 else 0)
        self._hovered = None
        self._pin(min(max(start + steps, 1), last))

    def _on_epoch_chosen(self, epoch: int) -> None:
        self._hovered = None
        self._pinned = epoch
        self._show()
