"""The Runs page: what waits, experiments, and the library of runs with search and stars."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import (
    QConcatenateTablesProxyModel,
    QModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QListView, QMenu, QStackedLayout, QWidget

from cifar_studio import paths
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.reference_runs import is_reference
from cifar_studio.ui.library.damaged_runs import DamagedRuns
from cifar_studio.ui.library.experiment_entry import ShownExperiment
from cifar_studio.ui.library.experiment_menu import ExperimentMenu
from cifar_studio.ui.library.experiment_model import EXPERIMENT_ROLE, TRIAL_ROLE, ExperimentModel
from cifar_studio.ui.library.queue_list import QueueList
from cifar_studio.ui.library.reference_model import ReferenceModel
from cifar_studio.ui.library.run_delegate import RunDelegate
from cifar_studio.ui.library.run_filter import RunFilter
from cifar_studio.ui.library.run_menu import OverlaidRuns, RunMenu
from cifar_studio.ui.library.run_model import RUN_ROLE, RunModel, goes_on
from cifar_studio.ui.library.run_notes import RunNotes
from cifar_studio.ui.training.run_queue import RunQueue
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.layouts import NO_MARGINS, column, grow
from cifar_studio.ui.widgets.shortcut_keys import DELETE, RENAME, STAR

NO_RUNS = "No runs yet.\nEvery training leaves one here, with its settings, figures and networks."
NOTHING_FOUND = "No run matches. Esc shows all of them."


class RunsPanel(QWidget):
    """The library.

    Signals
    -------
    run_chosen(Path)
        The person wants to see this run.
    experiment_chosen(Path)
        Likewise what the trials of this experiment say together.
    """

    run_chosen = Signal(object)
    experiment_chosen = Signal(object)

    def __init__(self, model: RunModel, queue: RunQueue) -> None:
        super().__init__()
        self._model = model
        self.experiments = ExperimentModel(paths.experiments_folder(), model, self)
        self.references = ReferenceModel(self)
        self._all = QConcatenateTablesProxyModel(self)
        for source in (self.experiments, model, self.references):
            self._all.addSourceModel(source)
        self._filter = RunFilter(self._all, self.experiments, self)
        self.notes = RunNotes(self)
        self.notes.written.connect(model.look_at)
        self.overlays = OverlaidRuns(self)
        self.menu = RunMenu(self.notes, self.overlays, self)
        self.experiments_menu = ExperimentMenu(self)
        self.experiments_menu.show_requested.connect(self.experiment_chosen)
        self._search = basics.search_field("Search runs (Ctrl+F)", "Search runs")
        self._search.textChanged.connect(self._on_search_changed)
        self._list = QListView()
        self._list.setAccessibleName("Experiments and runs, newest first")
        self._list.setModel(self._filter)
        self._list.setMouseTracking(True)
        self._list.setUniformItemSizes(True)  # else each change asks for the height of all
        self._list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._list.customContextMenuRequested.connect(self._on_context_menu_requested)
        self._list.selectionModel().currentChanged.connect(self._on_current_changed)
        self._list.clicked.connect(self._on_clicked)
        delegate = RunDelegate(self._list)
        delegate.star_clicked.connect(self.notes.toggle_star)
        delegate.chevron_clicked.connect(self._toggle)
        delegate.experiment_clicked.connect(self.experiment_chosen)
        self._list.setItemDelegate(delegate)
        for keys, action in (
            (STAR, self.notes.toggle_star),
            (RENAME, self.notes.rename),
            (DELETE, self._delete),
        ):
            self._on_key(keys, partial(self._on_key_pressed, action))
        self._on_key(Qt.Key.Key_Return, self._on_return_pressed)
        self._on_key(Qt.Key.Key_Space, self._on_space_pressed)
        self._on_key(Qt.Key.Key_Right, self._on_right_pressed)
        self._on_key(Qt.Key.Key_Left, self._on_left_pressed)
        self._loading = False
        self._selected: Path | None = None
        self.waiting = QueueList(queue)
        self._lay_out()
        for shown in (model, self._filter):
            shown.rowsInserted.connect(self._show_empty)
            shown.rowsRemoved.connect(self._show_empty)
        self._filter.rowsInserted.connect(self._on_rows_inserted)
        self.experiments.follow()
        self.experiments.rowsInserted.connect(self._on_rows_inserted)
        self._show_empty()

    def focus_search(self) -> None:
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def select(self, path: Path) -> None:
        """Show a run as chosen, now or when it has been read; tells nobody.

        Where its experiment is folded that is shown as chosen.
        """
        self._selected = path
        if _path_of(self._list.currentIndex()) == path:
            return
        of_trial = self.experiments.index_of_run(path)
        for index in (of_trial, self._model.index_of(path), self.references.index_of(path)):
            if (seen := self._seen(index)).isValid():
                self._make_current(seen)
                return
        if of_trial.isValid():
            seen = self._seen(self.experiments.experiment_of(of_trial))
            if seen.isValid():
                self._make_current(seen)

    def _make_current(self, index: QModelIndex) -> None:
        """Mark an item as chosen; tells nobody."""
        before, self._loading = self._loading, True
        self._list.setCurrentIndex(index)
        self._loading = before

    def _seen(self, index: QModelIndex) -> QModelIndex:
        """In the list, an item of one of the models; invalid where it is not to be seen."""
        if not index.isValid():
            return QModelIndex()
        return self._filter.mapFromSource(self._all.mapFromSource(index))

    def _inner(self, index: QModelIndex) -> QModelIndex:
        """In its own model, an item of the list."""
        return self._all.mapToSource(self._filter.mapToSource(index))

    def _lay_out(self) -> None:
        empty = self._empty = basics.text("", "muted")
        empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        empty.setContentsMargins(4 * theme.GRID, 2 * theme.GRID, 4 * theme.GRID, 0)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._list)
        self._stack.addWidget(empty)
        search = column(self._search, margins=(4, 3, 4, 2))
        damaged = DamagedRuns(self._model)
        damaged.mend_requested.connect(self.menu.mend_requested)
        parts = (self.waiting, search, grow(self._stack), damaged)
        column(*parts, parent=self, margins=NO_MARGINS, spacing=0)

    def _show_empty(self) -> None:
        self._stack.setCurrentIndex(0 if self._filter.rowCount() else 1)
        self._search.setEnabled(self._all.rowCount() > 0)
        self._empty.setText(NOTHING_FOUND if self._all.rowCount() else NO_RUNS)

    def _on_search_changed(self, text: str) -> None:
        """Who searches has not chosen yet: what is chosen stays so, though it is not to be seen."""
        chosen = self._inner(self._list.currentIndex())
        before, self._loading = self._loading, True
        self._filter.search(text)
        self._loading = before
        if chosen.isValid():
            self._make_current(self._seen(chosen))
        self._show_empty()

    def _on_rows_inserted(self) -> None:
        """A library is read in turns: the run that is shown may come late."""
        if self._selected is not None and not self._list.currentIndex().isValid():
            self.select(self._selected)

    def _on_current_changed(self, current: QModelIndex) -> None:
        run = current.data(RUN_ROLE) if current.isValid() else None
        if run is not None and not self._loading:
            self._selected = run.path
            self.run_chosen.emit(run.path)

    def _on_clicked(self, index: QModelIndex) -> None:
        """The heading of the reference runs hides them, or shows them again."""
        if index.isValid() and index.data(RUN_ROLE) is None and _experiment(index) is None:
            self.references.set_open(not self.references.is_open)

    def _toggle(self, path: Path) -> None:
        self._set_open(path, not self.experiments.is_open(path))

    def _set_open(self, path: Path, is_open: bool) -> None:
        """Unfold an experiment, or fold it; what is chosen in it is then the experiment itself."""
        current, heading = self._list.currentIndex(), self.experiments.index_of(path)
        is_of_trial = current.isValid() and current.data(TRIAL_ROLE) is not None
        if is_of_trial and self.experiments.experiment_of(self._inner(current)) == heading:
            self._make_current(self._seen(heading))
        self.experiments.set_open(path, is_open)

    def _on_return_pressed(self) -> None:
        index = self._list.currentIndex()
        experiment = _experiment(index)
        if experiment is not None:
            self._toggle(experiment.state.path)
        else:
            self._on_clicked(index)

    def _on_space_pressed(self) -> None:
        experiment = _experiment(self._list.currentIndex())
        if experiment is not None:
            self.experiment_chosen.emit(experiment.state.path)

    def _on_right_pressed(self) -> None:
        """Unfold, then go to the first run."""
        index = self._list.currentIndex()
        experiment = _experiment(index)
        if experiment is not None and not experiment.is_open:
            self._set_open(experiment.state.path, True)
        elif experiment is not None:
            below = index.siblingAtRow(index.row() + 1)
            if below.data(TRIAL_ROLE) is not None:
                self._list.setCurrentIndex(below)

    def _on_left_pressed(self) -> None:
        """Fold; from a run go to its experiment."""
        index = self._list.currentIndex()
        experiment = _experiment(index)
        if experiment is not None:
            self._set_open(experiment.state.path, False)
        elif index.isValid() and index.data(TRIAL_ROLE) is not None:
            above = self.experiments.experiment_of(self._inner(index))
            self._list.setCurrentIndex(self._seen(above))

    def _on_key(self, keys: QKeySequence | str | Qt.Key, action: Callable[[], None]) -> None:
        """Have something done at a key while the list has the keyboard."""
        shortcut = QShortcut(QKeySequence(keys), self._list)
        shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        shortcut.activated.connect(action)

    def _on_key_pressed(self, action: Callable[[Run], None]) -> None:
        """Do this with the run that is chosen in the list."""
        index = self._list.currentIndex()
        run, experiment = index.data(RUN_ROLE), _experiment(index)
        if run is not None and not is_reference(run):
            action(run)
        elif experiment is not None and action == self._delete:
            self.experiments_menu.request_delete(experiment)

    def _delete(self, run: Run) -> None:
        if not goes_on(run):
            self.menu.delete_requested.emit((run,))

    def _on_context_menu_requested(self, position: QPoint) -> None:
        index = self._list.indexAt(position)
        run, experiment = index.data(RUN_ROLE), _experiment(index)
        menu = QMenu(self)
        if run is not None:
            self.menu.fill(menu, run)
        elif experiment is not None:
            self.experiments_menu.fill(menu, experiment)
        if not menu.isEmpty():
            menu.exec(self._list.viewport().mapToGlobal(position))
        menu.deleteLater()


def _experiment(index: QModelIndex) -> ShownExperiment | None:
    experiment: ShownExperiment | None = index.data(EXPERIMENT_ROLE) if index.isValid() else None
    return experiment


def _path_of(index: QModelIndex) -> Path | None:
    """The folder of the run at an item of the list."""
    run: Run | None = index.data(RUN_ROLE) if index.isValid() else None
    return run.path if run is not None else None
