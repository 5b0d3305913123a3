"""The Runs page: what waits, and the library of runs with search and stars."""

from __future__ import annotations

from pathlib import Path

import msgspec
from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QInputDialog,
    QLineEdit,
    QListView,
    QMenu,
    QMessageBox,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from cifar_studio.config.check import BOUNDS
from cifar_studio.runs.command import train_command
from cifar_studio.runs.folder import RunFolder
from cifar_studio.runs.library import Run
from cifar_studio.ui import theme, widgets, wording
from cifar_studio.ui.library.damaged_runs import DamagedRuns
from cifar_studio.ui.library.queue_list import QueueList
from cifar_studio.ui.library.run_delegate import RunDelegate
from cifar_studio.ui.library.run_model import RUN_ROLE, RunFilter, RunModel
from cifar_studio.ui.opening import open_folder
from cifar_studio.ui.run_queue import RunQueue
from cifar_studio.ui.shortcuts import RENAME, STAR

NO_RUNS = "No runs yet.\nEvery training leaves one here, with its settings, figures and networks."
NOTHING_FOUND = "No run matches. Esc shows all of them."
RESUMABLE = ("stopped", "interrupted", "crashed", "failed")


class RunsPanel(QWidget):
    """The library.

    Signals
    -------
    run_chosen(Path)
        The person wants to see this run.
    settings_wanted(Run)
        Fill the form with this run's settings.
    resume_wanted(Run)
    longer_wanted(Run)
        Train it for more epochs.
    beside_changed(list of Run)
        Draw these beside the selected run.
    mend_wanted(Path)
        Take what cannot be read of a run from its checkpoint.
    queue_go_on_wanted()
        Start the runs that wait, though several have failed.
    """

    run_chosen = Signal(object)
    settings_wanted = Signal(object)
    resume_wanted = Signal(object)
    longer_wanted = Signal(object)
    beside_changed = Signal(object)
    mend_wanted = Signal(object)
    queue_go_on_wanted = Signal()

    def __init__(self, model: RunModel, queue: RunQueue) -> None:
        super().__init__()
        self._model = model
        self._filter = RunFilter(model, self)
        self._search = QLineEdit()
        self._search.setPlaceholderText("Search runs (Ctrl+F)")
        self._search.setAccessibleName("Search runs")
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._on_search_changed)
        clear = QShortcut(QKeySequence(Qt.Key.Key_Escape), self._search)
        clear.setContext(Qt.ShortcutContext.WidgetShortcut)
        clear.activated.connect(self._search.clear)
        self._list = QListView()
        self._list.setAccessibleName("Runs, newest first")
        self._list.setModel(self._filter)
        self._list.setMouseTracking(True)
        self._list.setUniformItemSizes(True)  # else each change asks for the height of all
        self._list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._list.customContextMenuRequested.connect(self._on_context_menu_requested)
        self._list.selectionModel().currentChanged.connect(self._on_current_changed)
        delegate = RunDelegate(self._list)
        delegate.star_clicked.connect(self._on_star_clicked)
        self._list.setItemDelegate(delegate)
        for keys, slot in ((STAR, self._on_star_pressed), (RENAME, self._on_rename_pressed)):
            shortcut = QShortcut(QKeySequence(keys), self._list)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(slot)
        self._busy = False
        self._loading = False
        self._beside: list[Run] = []
        self._menu = QMenu(self)
        self._menu_run: Run | None = None
        self._menu.aboutToShow.connect(self._on_menu_about_to_show)
        self._lay_out(queue)
        for shown in (model, self._filter):
            shown.rowsInserted.connect(self._show_empty)
            shown.rowsRemoved.connect(self._show_empty)
        self._show_empty()

    def focus_search(self) -> None:
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def select(self, path: Path) -> None:
        """Show a run as chosen; tells nobody."""
        for row in range(self._filter.rowCount()):
            index = self._filter.index(row, 0)
            if index.data(RUN_ROLE).path == path:
                self._loading = True
                self._list.setCurrentIndex(index)
                self._loading = False
                return

    def set_busy(self, busy: bool) -> None:
        """While a run is on, no other one can go on."""
        self._busy = busy

    def _lay_out(self, queue: RunQueue) -> None:
        empty = self._empty = widgets.label("", "muted")
        empty.setWordWrap(True)
        empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        empty.setContentsMargins(4 * theme.GRID, 2 * theme.GRID, 4 * theme.GRID, 0)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._list)
        self._stack.addWidget(empty)
        top = QVBoxLayout()
        top.setContentsMargins(4 * theme.GRID, 3 * theme.GRID, 4 * theme.GRID, 2 * theme.GRID)
        top.addWidget(self._search)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        waiting = QueueList(queue)
        waiting.go_on_wanted.connect(self.queue_go_on_wanted)
        layout.addWidget(waiting)
        layout.addLayout(top)
        layout.addLayout(self._stack, 1)
        damaged = DamagedRuns(self._model)
        damaged.mend_wanted.connect(self.mend_wanted)
        layout.addWidget(damaged)

    def _show_empty(self) -> None:
        self._stack.setCurrentIndex(0 if self._filter.rowCount() else 1)
        self._search.setEnabled(self._model.rowCount() > 0)
        self._empty.setText(NOTHING_FOUND if self._model.rowCount() else NO_RUNS)

    def _on_search_changed(self, text: str) -> None:
        self._filter.search(text)
        self._show_empty()

    def _on_current_changed(self, current: QModelIndex) -> None:
        if current.isValid() and not self._loading:
            self.run_chosen.emit(current.data(RUN_ROLE).path)

    def _on_star_pressed(self) -> None:
        if self._list.currentIndex().isValid():
            self._on_star_clicked(self._list.currentIndex().data(RUN_ROLE))

    def _on_rename_pressed(self) -> None:
        if self._list.currentIndex().isValid():
            self._rename(self._list.currentIndex().data(RUN_ROLE))

    def _on_star_clicked(self, run: Run) -> None:
        self._write_notes(run, star=not run.notes.star)

    def _on_context_menu_requested(self, position: QPoint) -> None:
        index = self._list.indexAt(position)
        if index.isValid():
            menu = QMenu(self)
            self._fill(menu, index.data(RUN_ROLE))
            menu.exec(self._list.viewport().mapToGlobal(position))
            menu.deleteLater()

    def menu(self, run: Run) -> QMenu:
        """What can be done with a run: one menu, which is about the run asked for last."""
        self._menu_run = run
        if not self._menu.isVisible():  # not under the person's hand
            self._fill(self._menu, run)
        return self._menu

    def _on_menu_about_to_show(self) -> None:
        if self._menu_run is not None:
            self._fill(self._menu, self._menu_run)

    def _fill(self, menu: QMenu, run: Run) -> None:
        menu.clear()
        menu.setToolTipsVisible(True)
        resume = menu.addAction("Resume", lambda: self.resume_wanted.emit(run))
        longer = menu.addAction("Train longer…", lambda: self.longer_wanted.emit(run))
        for action, is_possible in (
            (resume, can_resume(run)),
            (longer, can_train_longer(run)),
        ):
            action.setEnabled(is_possible and not self._busy)
            if is_possible and self._busy:
                action.setToolTip("Another run is on; possible once that has ended")
        if run.is_mendable:
            mend = menu.addAction(
                "Mend from its checkpoint", lambda: self.mend_wanted.emit(run.path)
            )
            mend.setToolTip("\n".join(run.damage))
            mend.setEnabled(run.status.state not in ("running", "paused"))
        menu.addAction("Use its settings", lambda: self.settings_wanted.emit(run))
        beside = menu.addAction("Draw beside the selected run", lambda: self._toggle_beside(run))
        beside.setCheckable(True)
        beside.setChecked(any(other.path == run.path for other in self._beside))
        menu.addSeparator()
        menu.addAction("Rename…", lambda: self._rename(run))
        menu.addAction(
            "Remove star" if run.notes.star else "Star", lambda: self._on_star_clicked(run)
        )
        menu.addSeparator()
        menu.addAction("Copy as command", lambda: copy_command(run))
        menu.addAction("Open run folder", lambda: open_folder(run.path))

    def _toggle_beside(self, run: Run) -> None:
        others = [other for other in self._beside if other.path != run.path]
        self._beside = others if len(others) < len(self._beside) else [*others, run]
        self.beside_changed.emit(self._beside)

    def _rename(self, run: Run) -> None:
        name, accepted = QInputDialog.getText(
            self, "Rename", "Name of the run:", text=wording.run_title(run)
        )
        if accepted:
            self._write_notes(run, name=name.strip()[:200])

    def _write_notes(self, run: Run, **changes: object) -> None:
        try:
            RunFolder(run.path).write_notes(msgspec.structs.replace(run.notes, **changes))
        except OSError as error:
            QMessageBox.warning(
                self, "Not kept", f"{run.path} cannot be written ({error.strerror})."
            )
        self._model.refresh()


def can_resume(run: Run) -> bool:
    """Whether a run has stopped before its end and has a state to go on from.

    Before its first checkpoint that is its very beginning.
    """
    is_at_its_beginning = len(run.rows) <= 1
    has_state = is_at_its_beginning or RunFolder(run.path).has_checkpoint()
    return run.status.state in RESUMABLE and has_state


def can_train_longer(run: Run) -> bool:
    """Whether a run has ended, however it did, and kept a state to go on from."""
    has_ended = run.status.state == "finished" or run.status.state in RESUMABLE
    has_room = len(run.rows) + 1 in BOUNDS["epochs"]
    return has_ended and has_room and RunFolder(run.path).has_checkpoint()


def copy_command(run: Run) -> None:
    """Put the command that repeats a run on the clipboard."""
    QGuiApplication.clipboard().setText(train_command(run))
