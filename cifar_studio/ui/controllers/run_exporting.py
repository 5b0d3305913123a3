"""Has runs exported by the second worker, and tells how it goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths

from cifar_studio.export.formats import EVERYDAY, EXPERIMENT_FORMATS
from cifar_studio.runner.protocol import ExportExperimentRequest, ExportRequest
from cifar_studio.runner.worker_process import new_id
from cifar_studio.runs import wording
from cifar_studio.runs.analysis.convergence import ConvergenceRule
from cifar_studio.runs.answers import Cancelled, Exported, ExportProgressed, RequestFailed
from cifar_studio.runs.folder.library import Run
from cifar_studio.ui.dialogs.export_dialog import ExportChoice, ExportDialog
from cifar_studio.ui.frame.parts import Parts
from cifar_studio.ui.system.desktop import open_folder
from cifar_studio.ui.widgets.message_bar import Action


class RunExporting(QObject):
    """One export after another, by the window's `rule`; what was chosen last is offered again."""

    def __init__(self, parts: Parts, rule: Callable[[], ConvergenceRule]) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self._rule = rule
        parts.runs.menu.export_requested.connect(self.ask)
        place = QStandardPaths.StandardLocation.DocumentsLocation
        self._folder = str(Path(QStandardPaths.writableLocation(place)) / "CIFAR Studio")
        self._formats: tuple[str, ...] = EVERYDAY

    def ask(self, runs: Sequence[Run]) -> None:
        """Ask what to export of these runs, and have it written."""
        if not runs:
            self._parts.message.show_message("There is no run to export yet: train one first.")
            return
        one = wording.dated_title(runs[0])
        title = one if len(runs) == 1 else f"{len(runs)} runs"
        dialog = ExportDialog(self._parts.window, title, self._folder, self._formats)
        if dialog.is_answered():
            self.export(runs, dialog.choice)

    def ask_experiment(self, folder: Path) -> None:
        """Ask what to export of an experiment, and have it written."""
        chosen = [key for key in self._formats if key in EXPERIMENT_FORMATS]
        dialog = ExportDialog(
            self._parts.window, folder.name, self._folder, chosen, EXPERIMENT_FORMATS
        )
        if not dialog.is_answered():
            return
        choice = dialog.choice
        self._folder = choice.folder
        request = ExportExperimentRequest(
            id=new_id(),
            folder=str(folder),
            to=choice.folder,
            formats=list(choice.formats),
            width_in=choice.width_in,
            height_in=choice.height_in,
            dpi=choice.dpi,
        )
        self._parts.status.show_word("Exporting…")
        self._parts.helper.ask(request, self._on_event)

    def export(self, runs: Sequence[Run], choice: ExportChoice) -> None:
        """Have it written."""
        self._folder, self._formats = choice.folder, choice.formats
        request = ExportRequest(
            id=new_id(),
            folders=[str(run.path) for run in runs],
            to=choice.folder,
            formats=list(choice.formats),
            rule=self._rule(),
            width_in=choice.width_in,
            height_in=choice.height_in,
            dpi=choice.dpi,
        )
        self._parts.status.show_word("Exporting…")
        self._parts.helper.ask(request, self._on_event)

    def _on_event(self, event: object) -> None:
        if isinstance(event, ExportProgressed):
            self._parts.status.show_word(
                f"Exporting {event.done + 1} of {event.total}: {event.name}"
            )
        elif isinstance(event, Exported):
            self._parts.status.show_word("")
            self._on_exported(event)
        elif isinstance(event, RequestFailed):
            self._parts.status.show_word("")
            self._parts.message.show_message(f"Not exported: {wording.failure(event)}")
        elif isinstance(event, Cancelled):
            self._parts.status.show_word("")

    def _on_exported(self, event: Exported) -> None:
        files = "1 file" if len(event.files) == 1 else f"{len(event.files)} files"
        text = f"Exported {files} to {event.folder}."
        if event.faults:
            text += f" {len(event.faults)} could not be written."
        details = "\n".join((*event.faults, *event.checks))
        show = Action("Open folder", lambda: open_folder(Path(event.folder)))
        self._parts.message.show_message(text, details, actions=(show,) if event.files else ())
