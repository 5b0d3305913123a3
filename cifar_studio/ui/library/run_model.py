"""The runs of a folder as a Qt model, newest first, kept up to date with the disk."""

from __future__ import annotations

from bisect import bisect_left
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)
from typing_extensions import override

from cifar_studio.errors import StudioError
from cifar_studio.runs import wording
from cifar_studio.runs.folder.folder_watch import FolderWatch
from cifar_studio.runs.folder.growing_file import EpochsFile
from cifar_studio.runs.folder.library import DamagedRun, Run, load_with
from cifar_studio.runs.reference_runs import is_reference, reference_runs

REFRESH_MS = 2000
NEXT_TURN_MS = 5
READS_A_TURN = 8  # runs, or slices of long ones: a few milliseconds
RUN_ROLE = Qt.ItemDataRole.UserRole
SEARCH_ROLE = Qt.ItemDataRole.UserRole + 1
STATE_ROLE = Qt.ItemDataRole.UserRole + 2
_Index = QModelIndex | QPersistentModelIndex


class RunModel(QAbstractListModel):
    """One item a run; `RUN_ROLE` is the `Run`.

    Other processes write runs too, so the folder is looked at every two seconds; only runs whose
    files have changed are read again, and of their epochs only those that are new. Where there is
    much to read, it is read in turns, the newest run first, so that the window stays quick.

    Signals
    -------
    run_changed(Path)
        The run at that path was read again.
    damaged_changed()
        Other runs than before cannot be read.
    about_to_look()
        The folder is looked at now.
    """

    run_changed = Signal(object)
    damaged_changed = Signal()
    about_to_look = Signal()

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder = folder
        self._runs: list[Run] = []
        self._names: list[str] = []  # of the same runs, oldest first
        self._watch = FolderWatch(folder)
        self._epochs: dict[Path, EpochsFile] = {}
        self._damaged: dict[Path, DamagedRun] = {}
        self._paused: Path | None = None
        self._unread: dict[Path, None] = {}  # in the order in which they are to be read
        self._timer = QTimer(self, interval=REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        self._next_turn = QTimer(self, interval=NEXT_TURN_MS, singleShot=True)
        self._next_turn.timeout.connect(self._on_next_turn)

    def watch(self) -> None:
        """Read the folder now, and look again every two seconds."""
        self.refresh()
        self._timer.start()

    def find(self, path: Path | None) -> Run | None:
        """The run at a path, as it was last read; a reference run too."""
        position = self._position(path) if path is not None else None
        if position is None:
            return next((run for run in reference_runs() if run.path == path), None)
        return self._runs[position]

    def index_of(self, path: Path) -> QModelIndex:
        """The item of the run at a path."""
        position = self._position(path)
        return self.index(position) if position is not None else QModelIndex()

    @property
    def newest(self) -> Run | None:
        return self._runs[0] if self._runs else None

    @property
    def runs(self) -> tuple[Run, ...]:
        return tuple(self._runs)

    @property
    def damaged(self) -> tuple[DamagedRun, ...]:
        """Runs whose settings cannot be read; they are no items."""
        return tuple(self._damaged[path] for path in sorted(self._damaged, reverse=True))

    @property
    def is_reading(self) -> bool:
        """Whether there is more to read than a turn has room for."""
        return bool(self._unread) or self._watch.has_more

    def refresh(self) -> None:
        """Take in what is new, changed or gone on the disk."""
        self._look(())

    def look_at(self, path: Path) -> None:
        """Likewise, and the run at this path in any case: of thousands not each has its turn."""
        self._look((path,))

    def _look(self, surely: tuple[Path, ...]) -> None:
        self.about_to_look.emit()
        live = [run.path for run in self._runs if goes_on(run)]
        changes = self._watch.poll([*live, *surely])
        for path in changes.gone:
            self._remove(path)
        # What changed now is what somebody looks at; the rest of a large library can wait.
        self._unread = dict.fromkeys(changes.changed) | self._unread
        self._read_some()

    def say_paused(self, path: Path | None) -> None:
        """Say of one run that it is paused, also where a full disk keeps its file behind."""
        before, self._paused = self._paused, path
        for changed in {before, path}:
            position = self._position(changed) if changed is not None else None
            if position is not None:
                index = self.index(position)
                self.dataChanged.emit(index, index)

    def state(self, run: Run) -> str:
        """How a run stands, in a word."""
        return "paused" if run.path == self._paused else wording.state(run)

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._runs)

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        run = self._runs[index.row()]
        return role_of(run, role, self.state(run))

    def _on_next_turn(self) -> None:
        if self._unread:
            self._read_some()
        else:
            self.refresh()

    def _read_some(self) -> None:
        for _ in range(READS_A_TURN):
            path = next(iter(self._unread), None)
            if path is None:
                break
            if self._read(path):
                del self._unread[path]
        if self.is_reading:
            self._next_turn.start()

    def _read(self, path: Path) -> bool:
        """Read a run, or a slice of its epochs; False where more is to be read."""
        epochs = self._epochs.setdefault(path, EpochsFile(path / "epochs.csv"))
        if not epochs.read():
            return False
        try:
            table = epochs.table
            run = load_with(path, table.rows, lines_left_out=table.lines_left_out)
        except (StudioError, OSError) as error:
            self._remove_item(path)
            self._note_damage(path, DamagedRun.of(path, error))
            return True
        self._note_damage(path, None)
        position = self._position(path)
        if position is None:
            self._insert(run)
        elif self._runs[position] != run:
            self._runs[position] = run
            index = self.index(position)
            self.dataChanged.emit(index, index)
            self.run_changed.emit(path)
        return True

    def _position(self, path: Path) -> int | None:
        place = bisect_left(self._names, path.name)
        if place == len(self._names) or self._names[place] != path.name:
            return None
        position = len(self._names) - 1 - place
        return position if self._runs[position].path == path else None

    def _insert(self, run: Run) -> None:
        place = bisect_left(self._names, run.path.name)
        position = len(self._names) - place
        self.beginInsertRows(QModelIndex(), position, position)
        self._names.insert(place, run.path.name)
        self._runs.insert(position, run)
        self.endInsertRows()

    def _remove(self, path: Path) -> None:
        self._unread.pop(path, None)
        self._epochs.pop(path, None)
        self._note_damage(path, None)
        self._remove_item(path)

    def _note_damage(self, path: Path, damage: DamagedRun | None) -> None:
        if damage != self._damaged.get(path):
            self._damaged.pop(path, None)
            if damage is not None:
                self._damaged[path] = damage
            self.damaged_changed.emit()

    def _remove_item(self, path: Path) -> None:
        position = self._position(path)
        if position is None:
            return  # it could never be read
        self.beginRemoveRows(QModelIndex(), position, position)
        del self._names[len(self._names) - 1 - position]
        del self._runs[position]
        self.endRemoveRows()


def _tip(run: Run) -> str:
    """Where it lies, and how its figure was chosen."""
    best = run.best
    if best is None:
        return str(run.path)
    figure = f"Top-1 {wording.best_top1(best)} at epoch {best.epoch}, {wording.how_chosen(run)}"
    locked = wording.test_locked(run.config) if run.is_test_locked else ""
    early = run.early_stop.words().capitalize() if run.early_stop is not None else ""
    return "\n".join(filter(None, (figure, locked, early, str(run.path))))


def role_of(run: Run, role: int, state: str) -> Any:
    """What an item of a run holds; `state` is how it stands, in a word."""
    if role == RUN_ROLE:
        return run
    if role == STATE_ROLE:
        return state
    if role == Qt.ItemDataRole.DisplayRole:
        return wording.run_title(run)
    if role == Qt.ItemDataRole.ToolTipRole:
        return run.notes.notes if is_reference(run) else _tip(run)
    if role == Qt.ItemDataRole.AccessibleTextRole:
        return (
            f"{wording.run_title(run)}, {wording.data_of(run.config, run.data_name)}, "
            f"{wording.progress(run)} epochs, {state}"
        )
    if role == SEARCH_ROLE:
        star = "star" if run.notes.star else ""
        return (
            f"{wording.run_title(run)} {wording.network(run.config)} "
            f"{run.config.architecture} {run.data_name} {state} "
            f"{run.notes.notes} seed {run.config.seed} {run.path.name} {star}"
        )
    return None


def occurs(word: str, text: str) -> bool:
    """Whether a word that is searched for is found in a text of small letters."""
    # "seed 4" must not find every run of the 14th.
    return word in text if len(word) > 2 else f" {word}" in f" {text}"


def goes_on(run: Run) -> bool:
    """Whether a run trains, or is paused."""
    return run.status.state in ("running", "paused")
