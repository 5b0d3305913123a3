"""Looks at a folder of experiments, and reads those that have changed in turns."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from cifar_studio.errors import StudioError
from cifar_studio.runs.experiment.experiment_folder import experiment_paths
from cifar_studio.ui.library.experiment_entry import ExperimentEntry

NEXT_TURN_MS = 5
SLICE_S = 0.01


class ExperimentWatch(QObject):
    """Knows the experiments that are there, whether they have been read or not.

    Signals
    -------
    changed(ExperimentEntry, list of Trial)
        It has been read: of these trials something else is known now.
    gone(ExperimentEntry)
        It is not there any more, or cannot be read.
    looked()
        A look or a turn is over.
    """

    changed = Signal(object, object)
    gone = Signal(object)
    looked = Signal()

    def __init__(self, folder: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._folder = folder
        self._known: dict[Path, ExperimentEntry] = {}
        self._unread: dict[ExperimentEntry, None] = {}
        self._next_turn = QTimer(self, interval=NEXT_TURN_MS, singleShot=True)
        self._next_turn.timeout.connect(self._read_some)

    @property
    def is_reading(self) -> bool:
        """Whether there is more to read than a turn has room for."""
        return bool(self._unread)

    @property
    def entries(self) -> Iterable[ExperimentEntry]:
        return self._known.values()

    def find(self, path: Path) -> ExperimentEntry | None:
        return self._known.get(path)

    def look(self) -> None:
        """Take in what is new, changed or gone on the disk."""
        paths = dict.fromkeys(experiment_paths(self._folder))
        for path in [path for path in self._known if path not in paths]:
            entry = self._known.pop(path)
            self._unread.pop(entry, None)
            self.gone.emit(entry)
        for path in paths:
            if path not in self._known:
                self._known[path] = ExperimentEntry(path)
            if self._known[path].has_news():
                self._unread[self._known[path]] = None
        self.looked.emit()
        self._read_some()

    def _read_some(self) -> None:
        end = time.perf_counter() + SLICE_S
        while self._unread and time.perf_counter() < end:
            entry = next(iter(self._unread))
            del self._unread[entry]
            self._read(entry)
        if self._unread:
            self._next_turn.start()
        self.looked.emit()

    def _read(self, entry: ExperimentEntry) -> None:
        before = entry.state
        try:
            state = entry.read()
        except StudioError:
            self.gone.emit(entry)
            entry.take(None)
            return
        if state is not before:
            self.changed.emit(entry, entry.take(state))
