"""The runs that wait, kept on disk: a crash or a closed window does not forget them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from cifar_studio.runs.folder import lock
from cifar_studio.runs.queue_rules import read_queue, write_queue
from cifar_studio.ui.training.run_queue import RunQueue


class QueueFile(QObject):
    """Writes the queue at each change, and reads it once.

    Of several windows the first one keeps the file; the others' queues last as long as they do.

    Parameters
    ----------
    path : Path
    queue : RunQueue
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
