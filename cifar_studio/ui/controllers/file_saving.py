"""Asks where a table, picture or figure is to be kept, and has it written there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace
from PySide6.QtCore import QObject, QStandardPaths
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog

from cifar_studio.errors import StudioError
from cifar_studio.export.tables.write_tables import write_table
from cifar_studio.runner.protocol import (
    ExperimentFigure,
    SaveCurvesRequest,
    SaveExperimentFigureRequest,
    SaveFigureRequest,
)
from cifar_studio.runner.worker_process import new_id
from cifar_studio.runs import wording
from cifar_studio.runs.answers import FigureSaved, RequestFailed
from cifar_studio.ui.frame.parts import Parts
from cifar_studio.ui.tables.table import Table

if TYPE_CHECKING:
    from cifar_studio.ui.curves.view import CurvesView

TABLES = "Table for a spreadsheet (*.csv);;Tab-separated table (*.tsv)"
FIGURES = "Picture (*.png);;Vector graphics (*.svg);;PDF (*.pdf)"
PICTURES = "Picture (*.png)"


class FileSaving(QObject):
    """What leaves the window by a file dialog; the folder chosen last is offered next."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts = parts
        parts.curves_view.when_built(self._serve_curves)
        place = QStandardPaths.StandardLocation.DocumentsLocation
        self._folder = QStandardPaths.writableLocation(place)

    def _serve_curves(self, view: CurvesView) -> None:
        view.table_requested.connect(self.save_run_table)
        view.figure_requested.connect(self.save_curves)

    def save_run_table(self, table: Table) -> None:
        """Save a table about the selected run."""
        selected = self._parts.selection.selected
        self.save_table(table, selected.name if selected is not None else "pictures")

    def save_table(self, table: Table, about: str) -> None:
        """Ask where, and write; `about` begins the name that is offered."""
        path = self._ask("Save the table", f"{about} {table.name}", TABLES)
        if path is None:
            return
        try:
            write_table(path, table.header, table.rows)
        except StudioError as error:
            self._parts.message.show_message(str(error))
        else:
            self._parts.status.show_word(f"Saved {path}")

    def save_picture(self, image: QImage, name: str) -> None:
        """Ask where, and write a PNG."""
        path = self._ask("Save the picture", name, PICTURES)
        if path is not None and not image.save(str(path)):
            self._parts.message.show_message(
                f"{path} cannot be written. Choose another place, or free space."
            )
        elif path is not None:
            self._parts.status.show_word(f"Saved {path}")

    def save_figure(self, request: SaveFigureRequest, about: str, size: str = "") -> None:
        """Ask where, and have it drawn by the second worker; the request's path is replaced."""
        self._draw(request, f"{about} {request.figure}{size}")

    def save_curves(self, request: SaveCurvesRequest) -> None:
        """Likewise with curves."""
        runs = len(request.folders)
        about = Path(request.folders[0]).name if runs == 1 else f"{runs} runs"
        self._draw(request, f"{about} curves")

    def save_experiment_figure(self, folder: Path, figure: ExperimentFigure) -> None:
        """Likewise with a figure of an experiment."""
        request = SaveExperimentFigureRequest(id=0, folder=str(folder), path="", figure=figure)
        self._draw(request, f"{folder.name} {figure}")

    def _draw(
        self,
        request: SaveFigureRequest | SaveCurvesRequest | SaveExperimentFigureRequest,
        name: str,
    ) -> None:
        path = self._ask("Save the figure", name, FIGURES)
        if path is None:
            return
        self._parts.status.show_word(f"Drawing {path.name}…")
        asked = replace(request, id=new_id(), path=str(path))
        self._parts.helper.ask(asked, self._on_event)

    def _ask(self, title: str, name: str, filters: str) -> Path | None:
        """Where to write; a name without a suffix gets that of the chosen kind."""
        first = _suffix(filters.partition(";;")[0])
        offered = str(Path(self._folder) / f"{file_name(name)}{first}")
        chosen, kind = QFileDialog.getSaveFileName(self._parts.window, title, offered, filters)
        if not chosen:
            return None
        path = Path(chosen)
        self._folder = str(path.parent)
        known = [_suffix(one) for one in filters.split(";;")]
        return path if path.suffix.lower() in known else path.with_name(path.name + _suffix(kind))

    def _on_event(self, event: object) -> None:
        if isinstance(event, FigureSaved):
            self._parts.status.show_word(f"Saved {event.path}")
        elif isinstance(event, RequestFailed):
            self._parts.status.show_word("")
            self._parts.message.show_message(wording.failure(event))


def file_name(words: str) -> str:
    """Words as a file name that every system takes."""
    return re.sub(r"[^\w.,()+-]+", " ", words).strip(" .")[:120] or "table"


def _suffix(kind: str) -> str:
    found = re.search(r"\*(\.\w+)", kind)
    return found.group(1) if found else ""
