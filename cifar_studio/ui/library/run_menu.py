"""What can be done with runs: one menu, in the library, the head of the centre and Compare."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from cifar_studio.runs.folder.library import Run, can_resume, can_train_longer
from cifar_studio.runs.reference_runs import is_reference
from cifar_studio.runs.wording import train_command
from cifar_studio.ui.library.run_model import goes_on
from cifar_studio.ui.library.run_notes import RunNotes
from cifar_studio.ui.system.desktop import open_folder


class OverlaidRuns(QObject):
    """Which runs are drawn beside the selected one, in the order in which they were asked for.

    Signals
    -------
    changed(list of Run)
    """

    changed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._runs: list[Run] = []

    def __contains__(self, run: Run) -> bool:
        return any(other.path == run.path for other in self._runs)

    def toggle(self, run: Run) -> None:
        """Draw a run, or draw it no more."""
        others = [other for other in self._runs if other.path != run.path]
        self.set_runs(others if len(others) < len(self._runs) else [*others, run])

    def set_runs(self, runs: Sequence[Run]) -> None:
        """Draw these and no others."""
        self._runs = list(runs)
        self.changed.emit(list(runs))


class RunMenu(QObject):
    """Fills menus, and tells what was chosen.

    Signals
    -------
    settings_requested(Run)
        Fill the form with this run's settings.
    resume_requested(Run)
    longer_requested(Run)
        Train it for more epochs.
    seeds_requested(Run)
        Train it with other seeds too.
    reproduction_requested(Run)
        Train the very same again.
    mend_requested(Path)
        Take what cannot be read of a run from its checkpoint.
    export_requested(tuple of Run)
    delete_requested(tuple of Run)
    """

    settings_requested = Signal(object)
    resume_requested = Signal(object)
    longer_requested = Signal(object)
    seeds_requested = Signal(object)
    reproduction_requested = Signal(object)
    mend_requested = Signal(object)
    export_requested = Signal(object)
    delete_requested = Signal(object)

    def __init__(self, notes: RunNotes, overlays: OverlaidRuns, parent: QWidget) -> None:
        super().__init__(parent)
        self._notes = notes
        self._overlays = overlays
        self._busy = False
        self._menu = QMenu(parent)
        self._run: Run | None = None
        self._menu.aboutToShow.connect(self._on_about_to_show)

    def set_busy(self, busy: bool) -> None:
        """While a run is on, no other one can go on."""
        self._busy = busy

    def menu(self, run: Run) -> QMenu:
        """What can be done with a run: one menu, which is about the run asked for last."""
        self._run = run
        if not self._menu.isVisible():  # not under the person's hand
            self.fill(self._menu, run)
        return self._menu

    def fill(self, menu: QMenu, run: Run) -> None:
        """Put into a menu what can be done with a run."""
        menu.clear()
        menu.setToolTipsVisible(True)
        if is_reference(run):
            self._fill_for_reference(menu, run)
            return
        resume = menu.addAction("Resume", lambda: self.resume_requested.emit(run))
        longer = menu.addAction("Train longer…", lambda: self.longer_requested.emit(run))
        for action, is_possible in ((resume, can_resume(run)), (longer, can_train_longer(run))):
            action.setEnabled(is_possible and not self._busy)
            if is_possible and self._busy:
                action.setToolTip("Another run is on; possible once that has ended")
        if run.is_mendable:
            mend = menu.addAction(
                "Mend from its checkpoint", lambda: self.mend_requested.emit(run.path)
            )
            mend.setToolTip("\n".join(run.damage))
            mend.setEnabled(not goes_on(run))
        menu.addSeparator()
        menu.addAction("Use its settings", lambda: self.settings_requested.emit(run))
        menu.addAction("Repeat with more seeds…", lambda: self.seeds_requested.emit(run))
        reproduce = menu.addAction("Reproduce", lambda: self.reproduction_requested.emit(run))
        reproduce.setToolTip("Train it again, the seed too, and say figure by figure what differs")
        reproduce.setEnabled(bool(run.rows))
        self._add_overlay(menu, run)
        menu.addSeparator()
        menu.addAction("Rename…", lambda: self._notes.rename(run))
        menu.addAction("Notes…", lambda: self._notes.edit(run))
        star = "Remove star" if run.notes.star else "Star"
        menu.addAction(star, lambda: self._notes.toggle_star(run))
        menu.addSeparator()
        menu.addAction("Export…", lambda: self.export_requested.emit((run,)))
        menu.addAction("Copy as command", lambda: copy_command(run))
        menu.addAction("Open run folder", lambda: open_folder(run.path))
        menu.addSeparator()
        self._add_delete(menu, (run,))

    def _fill_for_reference(self, menu: QMenu, run: Run) -> None:
        """It can be looked at and repeated, and not changed."""
        menu.addAction("Use its settings", lambda: self.settings_requested.emit(run))
        self._add_overlay(menu, run)
        menu.addSeparator()
        menu.addAction("Export…", lambda: self.export_requested.emit((run,)))
        menu.addAction("Copy as command", lambda: copy_command(run))

    def _add_overlay(self, menu: QMenu, run: Run) -> None:
        overlay = menu.addAction("Draw beside the selected run", lambda: self._overlays.toggle(run))
        overlay.setCheckable(True)
        overlay.setChecked(run in self._overlays)

    def fill_for_several(self, menu: QMenu, runs: Sequence[Run]) -> None:
        """Likewise, with several at once."""
        menu.clear()
        menu.setToolTipsVisible(True)
        chosen = tuple(runs)
        menu.addAction(f"Export {len(chosen)} runs…", lambda: self.export_requested.emit(chosen))
        menu.addSeparator()
        self._add_delete(menu, chosen)

    def _add_delete(self, menu: QMenu, runs: tuple[Run, ...]) -> None:
        text = "Move to the bin" if len(runs) == 1 else f"Move {len(runs)} runs to the bin"
        delete = menu.addAction(text, lambda: self.delete_requested.emit(runs))
        delete.setEnabled(not any(goes_on(run) or is_reference(run) for run in runs))
        if any(goes_on(run) for run in runs):
            delete.setToolTip("It is being trained; stop it first")
        elif not delete.isEnabled():
            delete.setToolTip("A reference run comes with the studio and stays")

    def _on_about_to_show(self) -> None:
        if self._run is not None:
            self.fill(self._menu, self._run)


def copy_command(run: Run) -> None:
    """Put the command that repeats a run on the clipboard."""
    QGuiApplication.clipboard().setText(train_command(run))
