"""The second run, with which the tab Confusion compares the selected one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from cifar_studio.runs import wording
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.ui.confusion.view import ConfusionView
from cifar_studio.ui.controllers.evaluation_files import EvaluationFile
from cifar_studio.ui.library.run_model import RunModel

MOST_OFFERED = 40  # a menu longer than a screen helps nobody


class SecondRun(QObject):
    """Offers the runs that can be compared with the selected one; the chosen one's is `path`."""

    def __init__(self, view: ConfusionView, model: RunModel, parent: QObject) -> None:
        super().__init__(parent)
        self.path: Path | None = None
        self._view = view
        self._model = model
        view.toolbar.second_run_chosen.connect(self._on_chosen)

    def offer(self, selected: Run | None) -> None:
        """Offer the evaluated runs on the same data."""
        offered = (
            [] if selected is None else [run for run in self._model.runs if _fits(run, selected)]
        )
        self._view.toolbar.offer_runs([(_title(run), run.path) for run in offered[:MOST_OFFERED]])
        if self.path is not None and self.path not in [run.path for run in offered]:
            self._on_chosen(None)

    def _on_chosen(self, path: Path | None) -> None:
        run = next((run for run in self._model.runs if run.path == path), None)
        self.path = run.path if run is not None else None
        if run is None:
            self._view.show_second_run(None)
            return
        file = EvaluationFile(RunFolder(run.path).best_evaluation)
        file.refresh()
        self._view.show_second_run(file.evaluation, wording.dated_title(run))


def _fits(run: Run, selected: Run) -> bool:
    """Whether two runs were tested on the same data, and this one has its answers."""
    if run.path == selected.path or run.environment is None or selected.environment is None:
        return False
    is_same = run.environment.data.digest == selected.environment.data.digest
    return is_same and bool(RunFolder(run.path).best_evaluation.exists())


def _title(run: Run) -> str:
    figure = f" · {wording.best_top1(run.best)}" if run.best is not None else ""
    when = f" · {wording.day(run.started)}" if run.started else ""
    return f"{wording.run_title(run)}{figure}{when}"
