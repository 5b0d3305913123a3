"""The runs that wait for their turn, what becomes of them where runs fail, and their file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from cifar_studio.runs.folder import lock
from cifar_studio.runs.queue_rules import FailureCount, PlannedRun, read_queue, write_queue


class RunQueue(QObject):
    """An ordered list of planned runs.

    A run that could not even begin is put at the end, so that it is not lost and the others get
    their turn. `queue_rules.MOST_FAILURES` runs in a row that fail before their first epoch hold
    the queue.

    Signals
    -------
    changed()
    held(str)
        No more runs are handed out until `release`; carries the fault of the last one.

    A person may hold it too, and runs of last time wait until a person lets them go.
    """

    changed = Signal()
    held = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runs: list[PlannedRun] = []
        self._taken: PlannedRun | None = None
        self._failures = FailureCount()
        self._is_held = False  # by failures
        self._is_paused = False  # by a person

    @property
    def runs(self) -> tuple[PlannedRun, ...]:
        return tuple(self._runs)

    @property
    def is_held(self) -> bool:
        """Whether runs wait that `take_next` does not hand out."""
        return (self._is_held or self._is_paused) and bool(self._runs)

    @property
    def is_held_by_failures(self) -> bool:
        return self._is_held and bool(self._runs)

    def restore(self, runs: Sequence[PlannedRun]) -> None:
        """Take runs of last time in; they wait for a person."""
        if runs:
            self._runs = [*runs, *self._runs]
            self._is_paused = True
            self.changed.emit()

    def pause(self) -> None:
        """Hand out no run until `release`."""
        self._is_paused = True
        self.changed.emit()

    def add(self, run: PlannedRun) -> None:
        self._runs.append(run)
        self.changed.emit()

    def remove(self, position: int) -> PlannedRun:
        """Take a run out, as a person does."""
        run = self._runs.pop(position)
        if not self._runs:  # whatever comes later was not part of what failed
            self._failures.clear()
            self._is_held = self._is_paused = False
        self.changed.emit()
        return run

    def move(self, position: int, to: int) -> None:
        """Move a run; positions past either end mean that end."""
        run = self._runs.pop(position)
        self._runs.insert(max(0, to), run)
        self.changed.emit()

    def take_next(self) -> PlannedRun | None:
        """Hand out the first run; None where none waits or the queue is held."""
        self._taken = self._runs.pop(0) if self._runs and not self.is_held else None
        if self._taken is not None:
            self.changed.emit()
        return self._taken

    def has_taken(self, run: PlannedRun) -> bool:
        """Whether the run that was handed out last is this one."""
        return self._taken is run

    def note_success(self) -> None:
        """A run got so far that there is no reason to hold the others."""
        self._failures.clear()
        if self._is_held:
            self._is_held = False
            self.changed.emit()

    def note_failure(self, fault: str, unbegun: PlannedRun | None) -> None:
        """A run failed.

        Parameters
        ----------
        fault : str
        unbegun : PlannedRun or None
            The run, where it has left no folder. It waits again if it came from here.
        """
        self._failures.add()
        if unbegun is not None and self.has_taken(unbegun):
            self._taken = None
            self.add(unbegun)
        if self._runs and self._failures.is_too_many and not self._is_held:
            self._is_held = True
            self.changed.emit()
            self.held.emit(fault)

    def release(self) -> None:
        """Hand out runs again."""
        if self._is_held or self._is_paused:
            self._failures.clear()
            self._is_held = self._is_paused = False
            self.changed.emit()


class QueueFile(QObject):
    """Writes the queue at each change, and reads it once.

    Of several windows the first one keeps the file; the others' queues last as long as they do.
    """

    def __init__(self, path: Path, queue: RunQueue, parent: QObject) -> None:
        super().__init__(parent)
        self._path = path
        self._queue = queue
        self._is_mine = self._take()
        self._is_read = False

    def restore(self) -> int:
        """Put the runs of last time into the queue, held; how many there are.

        A damaged file is begun anew, and so is a setting that this version does not take.
        """
        if not self._is_mine or self._is_read:
            return 0
        self._is_read = True
        runs = read_queue(self._path)
        self._queue.restore(runs)
        self._queue.changed.connect(self._write)
        return len(runs)

    def close(self) -> None:
        """Let the next window have the file, as it is now."""
        if self._is_mine:
            self._is_mine = False
            if self._is_read:
                self._queue.changed.disconnect(self._write)
            self._lock.release()

    def _take(self) -> bool:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = lock.take(self._path.with_suffix(".lock"))
        except (lock.LockTakenError, OSError):
            return False
        return True

    def _write(self) -> None:
        write_queue(self._path, self._queue.runs)
