"""A line below the library that tells of runs which cannot be read, and what to do about them."""

from __future__ import annotations

import os

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from cifar_studio.plain_text import printable
from cifar_studio.runs.folder.library import DamagedRun
from cifar_studio.ui.library.run_model import RunModel
from cifar_studio.ui.system.desktop import open_folder
from cifar_studio.ui.widgets import basics
from cifar_studio.ui.widgets.layouts import STRETCH, row

MOST_IN_MENU = 12
MOST_LETTERS = 110


class DamagedRuns(QWidget):
    """Hidden while every run can be read.

    Signals
    -------
    mend_requested(Path)
        Take the settings of that run from its checkpoint.
    """

    mend_requested = Signal(object)

    def __init__(self, model: RunModel) -> None:
        super().__init__()
        self._model = model
        self.menu = QMenu(self)  # what can be done, run by run
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self._fill)
        self._link = basics.link("", self._on_clicked)
        row(self._link, STRETCH, parent=self, margins=(4, 1, 4, 1))
        model.damaged_changed.connect(self._on_damaged_changed)
        self._on_damaged_changed()

    def _on_damaged_changed(self) -> None:
        count = len(self._model.damaged)
        self._link.setText(
            "1 run cannot be read…" if count == 1 else f"{count} runs cannot be read…"
        )
        self.setVisible(count > 0)

    def _on_clicked(self) -> None:
        self.menu.exec(self._link.mapToGlobal(self._link.rect().topLeft()))

    def _fill(self) -> None:
        self.menu.clear()
        for run in self._model.damaged[:MOST_IN_MENU]:
            self._add(run)

    def _add(self, run: DamagedRun) -> None:
        menu = self.menu.addMenu(_short(printable(run.path.name)).replace("&", "&&"))
        menu.setToolTipsVisible(True)
        words = run.fault.replace(f"{run.path}{os.sep}", "").replace(str(run.path), run.path.name)
        fault = menu.addAction(_short(words[:1].upper() + words[1:]).replace("&", "&&"))
        fault.setToolTip(f"{run.fault}. {run.remedy}.")
        fault.setEnabled(False)
        menu.addSeparator()
        if run.has_checkpoint:
            menu.addAction(
                "Mend it from its checkpoint", lambda: self.mend_requested.emit(run.path)
            )
        menu.addAction("Open run folder", lambda: open_folder(run.path))


def _short(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"
