"""The experiments of a folder as a Qt model, newest first, each followed by its runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from typing_extensions import override

from cifar_studio.runs.experiment.trials import Trial
from cifar_studio.runs.folder.library import Run
from cifar_studio.ui.library.experiment_entry import ExperimentEntry, ShownExperiment
from cifar_studio.ui.library.experiment_rows import ExperimentRows
from cifar_studio.ui.library.experiment_watch import ExperimentWatch
from cifar_studio.ui.library.run_model import RUN_ROLE, RunModel, role_of

EXPERIMENT_ROLE = Qt.ItemDataRole.UserRole + 3
TRIAL_ROLE = Qt.ItemDataRole.UserRole + 4
_Index = QModelIndex | QPersistentModelIndex


class ExperimentModel(QAbstractListModel):
    """One item an experiment, whose `EXPERIMENT_ROLE` is how it is shown; then one each run of it.

    The runs are items whether the experiment is open or not: `accepts` says which of them are to
    be seen.

    Signals
    -------
    hiding_changed()
        Other runs than before need no row of their own.
    """

    hiding_changed = Signal()

    def __init__(self, folder: Path, runs: RunModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows = ExperimentRows()
        self._runs = runs
        self._going: list[Run] = []  # between the signals before and after rows go
        self._hiding: frozenset[str] = frozenset()
        self._watch = ExperimentWatch(folder, self)
        self._watch.changed.connect(self._on_changed)
        self._watch.gone.connect(self._unlist)
        self._watch.looked.connect(self._look_at_hiding)

    def follow(self) -> None:
        """From now on take in what the model of runs has, and look at the disk whenever it does.

        Connect what shows both models before: it has to know of a run first.
        """
        runs = self._runs
        runs.about_to_look.connect(self.refresh)
        runs.rowsInserted.connect(self._on_runs_inserted)
        runs.dataChanged.connect(self._on_runs_changed)
        runs.rowsAboutToBeRemoved.connect(self._on_runs_going)
        runs.rowsRemoved.connect(self._on_runs_gone)

    @property
    def is_reading(self) -> bool:
        """Whether there is more to read than a turn has room for."""
        return self._watch.is_reading

    def refresh(self) -> None:
        """Take in what is new, changed or gone on the disk."""
        self._watch.look()

    # What is asked of it

    def hides(self, run: Run) -> bool:
        """Whether a run stands with its experiment, and needs no row of its own."""
        says = run.environment.trial if run.environment is not None else None
        return says is not None and says.experiment in self._hiding

    def find(self, path: Path) -> ShownExperiment | None:
        """The experiment in this folder; None where it has no item."""
        entry = self._entry(path)
        return self._shown(entry) if entry is not None else None

    def index_of(self, path: Path) -> QModelIndex:
        """The item of an experiment, by its folder."""
        entry = self._entry(path)
        return self.index(self._rows.start(entry)) if entry is not None else QModelIndex()

    def index_of_run(self, path: Path) -> QModelIndex:
        """The item of a run, by its folder."""
        for entry in self._rows.entries:
            place = entry.position(path.name)
            if place is not None and entry.runs[place].path == path:
                return self.index(self._rows.start(entry) + 1 + place)
        return QModelIndex()

    def experiment_of(self, index: QModelIndex) -> QModelIndex:
        """The experiment's item for the item of one of its runs, or for its own."""
        entry, _ = self._rows.at(index.row())
        return self.index(self._rows.start(entry))

    def is_open(self, path: Path) -> bool:
        """Whether the runs of an experiment are to be seen."""
        entry = self._watch.find(path)
        return entry is not None and entry.is_open

    def set_open(self, path: Path, is_open: bool) -> None:
        """Show the runs of an experiment, or its own item alone."""
        entry = self._entry(path)
        if entry is not None and entry.is_open != is_open:
            entry.is_open = is_open
            self._tell(entry, len(entry.runs))

    def search(self, words: list[str]) -> None:
        """From now on accept what all these words occur in."""
        self._rows.search(words)

    def accepts(self, row: int) -> bool:
        """Whether an item is to be seen: an experiment that is found, and its runs where it is
        open; of one that is not found itself those of its runs that are."""
        entry, run = self._rows.at(row)
        found = self._rows.found_in(entry)
        if run is None:
            return found is None or bool(found)
        return entry.is_open if found is None else run.path.name in found

    # Qt's own

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else self._rows.count

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry, run = self._rows.at(index.row())
        if run is None:
            return self._data_of_experiment(entry, role)
        if role == RUN_ROLE:
            return run
        if role == TRIAL_ROLE:
            return entry.shown_trial(run)
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.shown_trial(run).title
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            title = f"Trial {entry.shown_trial(run).title}"
            between = "\n" if role == Qt.ItemDataRole.ToolTipRole else ", "
            return f"{title}{between}{role_of(run, role, self._runs.state(run))}"
        return role_of(run, role, self._runs.state(run))

    def _data_of_experiment(self, entry: ExperimentEntry, role: int) -> Any:
        if role == EXPERIMENT_ROLE:
            return self._shown(entry)
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(entry.path)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._shown(entry).spoken
        return None

    def _shown(self, entry: ExperimentEntry) -> ShownExperiment:
        is_found = self._rows.found_in(entry) is not None
        return entry.shown(is_open=entry.is_open or is_found)

    # Rows

    def _entry(self, path: Path) -> ExperimentEntry | None:
        entry = self._watch.find(path)
        return entry if entry is not None and entry in self._rows else None

    def _tell(self, entry: ExperimentEntry, runs: int = 0) -> None:
        """Its row is another one now, and so are the first rows of its runs."""
        self._rows.count_again(entry)
        start = self._rows.start(entry)
        self.dataChanged.emit(self.index(start), self.index(start + runs))

    def _tell_run(self, entry: ExperimentEntry, place: int) -> None:
        index = self.index(self._rows.start(entry) + 1 + place)
        self.dataChanged.emit(index, index)

    def _list(self, entry: ExperimentEntry) -> None:
        """Give an experiment its row, and rows to those of its runs that are known."""
        for run in filter(entry.owns, self._runs.runs):
            entry.insert(run)
        start = self._rows.start_for(entry)
        self.beginInsertRows(QModelIndex(), start, start + len(entry.runs))
        self._rows.insert(entry)
        self.endInsertRows()

    def _unlist(self, entry: ExperimentEntry) -> None:
        if entry not in self._rows:
            return
        start = self._rows.start(entry)
        self.beginRemoveRows(QModelIndex(), start, start + len(entry.runs))
        self._rows.remove(entry)
        entry.remove_runs()
        self.endRemoveRows()

    def _insert(self, entry: ExperimentEntry, run: Run) -> None:
        row = self._rows.start(entry) + 1 + entry.place_for(run)
        self.beginInsertRows(QModelIndex(), row, row)
        entry.insert(run)
        self._rows.count_again(entry)
        self.endInsertRows()

    def _remove(self, entry: ExperimentEntry, name: str) -> None:
        place = entry.position(name)
        if place is None:
            return
        row = self._rows.start(entry) + 1 + place
        self.beginRemoveRows(QModelIndex(), row, row)
        entry.remove(place)
        self._rows.count_again(entry)
        self.endRemoveRows()

    # Reading

    def _on_changed(self, entry: ExperimentEntry, trials: Sequence[Trial]) -> None:
        if not entry.is_listed:
            self._unlist(entry)
        elif entry not in self._rows:
            self._list(entry)
        else:
            for run in entry.strays():
                self._remove(entry, run)
            for part in (part for trial in trials for part in trial.parts if part.run):
                self._take_part(entry, part.run)
            self._tell(entry)

    def _take_part(self, entry: ExperimentEntry, name: str) -> None:
        """Something else is known of the trial of this run."""
        place = entry.position(name)
        if place is not None:
            self._tell_run(entry, place)
            return
        index = self._runs.index_of(self._runs.folder / name)
        if index.isValid() and entry.owns(index.data(RUN_ROLE)):
            self._insert(entry, index.data(RUN_ROLE))

    def _look_at_hiding(self) -> None:
        hiding = frozenset(one.name for one in self._watch.entries if one.takes_runs)
        if hiding != self._hiding:
            changed, self._hiding = hiding ^ self._hiding, hiding
            if any(
                run.environment is not None
                and run.environment.trial is not None
                and run.environment.trial.experiment in changed
                for run in self._runs.runs
            ):
                self.hiding_changed.emit()

    # The runs

    def _on_runs_inserted(self, _parent: QModelIndex, first: int, last: int) -> None:
        for run in self._runs_at(first, last):
            for entry in self._rows.entries:
                if entry.owns(run) and entry.position(run.path.name) is None:
                    self._insert(entry, run)
                    self._tell(entry)

    def _on_runs_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        for run in self._runs_at(first.row(), last.row()):
            for entry in self._rows.entries:
                place = entry.position(run.path.name)
                if entry.owns(run):
                    if place is None:
                        self._insert(entry, run)
                    else:
                        entry.runs[place] = run
                        self._tell_run(entry, place)
                    self._tell(entry)

    def _on_runs_going(self, _parent: QModelIndex, first: int, last: int) -> None:
        self._going = self._runs_at(first, last)

    def _on_runs_gone(self) -> None:
        for run in self._going:
            for entry in self._rows.entries:
                if entry.position(run.path.name) is not None:
                    self._remove(entry, run.path.name)
                    self._tell(entry)
        self._going = []

    def _runs_at(self, first: int, last: int) -> list[Run]:
        return [self._runs.index(row).data(RUN_ROLE) for row in range(first, last + 1)]
