"""The runs of a folder as a Qt model, newest first, kept up to date with the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    QTimer,
    Signal,
)
from typing_extensions import override

from cifar_studio.errors import StudioError
from cifar_studio.runs.library import Run, load, run_paths
from cifar_studio.ui import wording

REFRESH_MS = 2000
RUN_ROLE = Qt.ItemDataRole.UserRole
SEARCH_ROLE = Qt.ItemDataRole.UserRole + 1
_WATCHED = ("status.json", "epochs.csv", "notes.json", "environment.json", "trace.csv")
_Index = QModelIndex | QPersistentModelIndex


class RunModel(QAbstractListModel):
    """One item a run; `RUN_ROLE` is the `Run`.

    Other processes write runs too, so the folder is looked at every two seconds; only runs whose
    files have changed are read again.

    Signals
    -------
    run_changed(Path)
        The run at that path was read again.
    """

    run_changed = Signal(object)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._runs: list[Run] = []
        self._stamps: dict[Path, tuple[int, ...]] = {}
        self._timer = QTimer(self, interval=REFRESH_MS)
        self._timer.timeout.connect(self.refresh)

    def watch(self) -> None:
        """Read the folder now, and look again every two seconds."""
        self.refresh()
        self._timer.start()

    def find(self, path: Path) -> Run | None:
        """The run at a path, as it was last read."""
        return next((run for run in self._runs if run.path == path), None)

    @property
    def newest(self) -> Run | None:
        return self._runs[0] if self._runs else None

    @property
    def runs(self) -> tuple[Run, ...]:
        return tuple(self._runs)

    def refresh(self) -> None:
        """Take in what is new, changed or gone on the disk."""
        paths = run_paths(self._folder)
        for run in [run for run in self._runs if run.path not in paths]:
            self._remove(run.path)
        for path in paths:
            stamp = _stamp(path)
            if self._stamps.get(path) != stamp or self._may_have_died(path):
                self._stamps[path] = stamp
                self._read(path)

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._runs)

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        run = self._runs[index.row()]
        if role == RUN_ROLE:
            return run
        if role == Qt.ItemDataRole.DisplayRole:
            return wording.run_title(run)
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(run.path)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return (
                f"{wording.run_title(run)}, {run.data_name}, "
                f"{wording.progress(run)} epochs, {wording.state(run)}"
            )
        if role == SEARCH_ROLE:
            star = "star" if run.notes.star else ""
            words = (
                wording.run_title(run),
                wording.network(run.config),
                run.config.architecture,
                run.data_name,
                wording.state(run),
                run.notes.notes,
                f"seed {run.config.seed}",
                run.path.name,
                star,
            )
            return " ".join(words)
        return None

    def _may_have_died(self, path: Path) -> bool:
        # A process that is killed writes nothing: only its lock tells.
        run = self.find(path)
        return run is not None and run.status.state in ("running", "paused")

    def _read(self, path: Path) -> None:
        try:
            run = load(path)
        except (StudioError, OSError):
            return
        position = next((i for i, known in enumerate(self._runs) if known.path == path), None)
        if position is None:
            position = sum(known.path.name > path.name for known in self._runs)
            self.beginInsertRows(QModelIndex(), position, position)
            self._runs.insert(position, run)
            self.endInsertRows()
        elif self._runs[position] != run:
            self._runs[position] = run
            index = self.index(position)
            self.dataChanged.emit(index, index)
            self.run_changed.emit(path)

    def _remove(self, path: Path) -> None:
        position = next(i for i, run in enumerate(self._runs) if run.path == path)
        self.beginRemoveRows(QModelIndex(), position, position)
        del self._runs[position]
        self.endRemoveRows()
        self._stamps.pop(path, None)


class RunFilter(QSortFilterProxyModel):
    """The runs in whose words every word of the search occurs, short ones at a word's start."""

    def __init__(self, model: RunModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: list[str] = []
        self.setSourceModel(model)

    def search(self, text: str) -> None:
        self.beginFilterChange()
        self._words = text.casefold().split()
        self.endFilterChange()

    @override
    def filterAcceptsRow(self, source_row: int, source_parent: _Index) -> bool:
        index = self.sourceModel().index(source_row, 0, source_parent)
        text = str(index.data(SEARCH_ROLE)).casefold()
        return all(_occurs(word, text) for word in self._words)


def _occurs(word: str, text: str) -> bool:
    # "seed 4" must not find every run of the 14th.
    return word in text if len(word) > 2 else f" {word}" in f" {text}"


def _stamp(path: Path) -> tuple[int, ...]:
    stamps = []
    for name in _WATCHED:
        try:
            facts = (path / name).stat()
            stamps += [facts.st_mtime_ns, facts.st_size]
        except OSError:
            stamps += [0, 0]
    return tuple(stamps)
