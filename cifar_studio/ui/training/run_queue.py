"""The runs that wait for their turn, as the dispatcher tells of them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from cifar_studio.experiments.protocol import (
    AnyDispatchRequest,
    DropRun,
    HoldQueue,
    OrderQueue,
    QueueChanged,
    ReleaseQueue,
    StartRun,
)
from cifar_studio.runs.queue_rules import PlannedRun


class RunQueue(QObject):
    """An ordered list of planned runs; what a person changes is asked of the dispatcher.

    Signals
    -------
    changed()
    held(str)
        Several runs in a row have failed, and no more are begun until `release`; carries the
        fault of the last one.
    restored(int)
        So many runs of last time wait, held, for a person.
    """

    changed = Signal()
    held = Signal(str)
    restored = Signal(int)

    def __init__(
        self, ask: Callable[[AnyDispatchRequest], object], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._ask = ask
        self._state = QueueChanged(runs=())
        self._is_known = False

    @property
    def runs(self) -> tuple[PlannedRun, ...]:
        return tuple(queued.planned for queued in self._state.runs)

    @property
    def is_held(self) -> bool:
        """Whether runs wait that are not begun."""
        return bool(self._state.held_by)

    @property
    def is_held_by_failures(self) -> bool:
        return self._state.held_by == "failures"

    def show(self, state: QueueChanged) -> None:
        """Take in what the dispatcher says."""
        was_held = self.is_held_by_failures
        is_first, self._is_known = not self._is_known, True
        self._state = state
        self.changed.emit()
        if self.is_held_by_failures and not was_held:
            self.held.emit(state.fault)
        if is_first and state.runs:
            self.restored.emit(len(state.runs))

    def pause(self) -> None:
        """Begin no run until `release`."""
        self._ask(HoldQueue())

    def release(self) -> None:
        """Begin runs again."""
        self._ask(ReleaseQueue())

    def add(self, run: PlannedRun) -> None:
        """Train a run when its turn comes."""
        self._ask(StartRun(planned=run))

    def remove(self, position: int) -> None:
        """Take a run out."""
        self._ask(DropRun(trial=self._state.runs[position].trial))

    def move(self, position: int, to: int) -> None:
        """Move a run; positions past either end mean that end."""
        trials = [queued.trial for queued in self._state.runs]
        trials.insert(max(0, to), trials.pop(position))
        self._ask(OrderQueue(trials=trials))
