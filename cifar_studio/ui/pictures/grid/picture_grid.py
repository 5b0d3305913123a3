"""The grid of thumbnails: paints what is visible, so that 60,000 pictures cost as much as 60."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QToolTip
from typing_extensions import override

from cifar_studio.ui.pictures.data.answers import SomeAnswers
from cifar_studio.ui.pictures.data.shown_pictures import NO_LABEL, ShownPictures
from cifar_studio.ui.pictures.data.thumbnails import Thumbnails, image_of
from cifar_studio.ui.pictures.grid.cell_area import NOTHING, CellArea
from cifar_studio.ui.pictures.grid.cell_painter import CellPainter, CellState
from cifar_studio.ui.pictures.grid.picture_menu import show_menu
from cifar_studio.ui.widgets import basics, theme

NO_MATCH = "No picture matches."
WORD_GAP_PX = 8  # between the captions of neighbours


class PictureGrid(CellArea):
    """Pictures in reading order, one of them current.

    Signals
    -------
    current_changed(int)
        Reference of the picture that is current now; -1 for none.
    activated(int)
        Enter, or a double click.
    save_requested(QImage, str)
        A picture is to be kept as a file; its name in words.
    list_requested()
        The list of what is shown is to be kept as a file.
    """

    save_requested = Signal(object, str)
    list_requested = Signal()
    current_changed = Signal(int)
    activated = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.pictures: ShownPictures | None = None
        self._answers: SomeAnswers | None = None
        self.references = np.empty(0, dtype=np.int32)
        self._empty_text = NO_MATCH
        self._thumbnails = Thumbnails()
        self._painter = CellPainter(self.font())
        self.setAccessibleName("Pictures")
        theme.manager().changed.connect(self._on_theme_changed)
        self._describe()

    @property
    def current(self) -> int:
        """Reference of the current picture; -1 for none."""
        return NOTHING if self._current == NOTHING else int(self.references[self._current])

    def show_set(self, pictures: ShownPictures | None) -> None:
        """Draw from another data set; shows nothing of it until `show_references`."""
        self.pictures = pictures
        self._thumbnails.show(pictures)
        self.show_references(np.empty(0, dtype=np.int32))

    def show_references(self, references: NDArray[np.int32]) -> None:
        """Show these pictures; the current one stays current where it is among them."""
        before = self.current
        self.references = references
        self._show_cells(len(references), self._position_of(before))
        self._describe()
        if self.current != before:
            self.current_changed.emit(self.current)

    def show_answers(self, answers: SomeAnswers | None) -> None:
        """Say under each picture what a network said; None says nothing."""
        self._answers = answers
        self._relay_out()
        self._describe()

    def set_current(self, reference: int) -> None:
        """Make a picture current and bring it into view; -1, or one not shown, for none."""
        self._set_position(self._position_of(reference))

    def set_empty_text(self, text: str) -> None:
        """What stands in the middle where there is no picture."""
        self._empty_text = text
        self.viewport().update()
        self._describe()

    def copy_current(self) -> None:
        """Put the current picture, 32 by 32, and its label on the clipboard."""
        if self.pictures is None or self._current == NOTHING:
            return
        content = QMimeData()
        content.setImageData(image_of(self.pictures.pixels(self.current)))
        content.setText(self.words(self.current))
        QGuiApplication.clipboard().setMimeData(content)

    def save_current(self) -> None:
        """Ask for the current picture, 32 by 32, to be kept as a file."""
        if self.pictures is not None and self._current != NOTHING:
            image = image_of(self.pictures.pixels(self.current))
            title = Path(self.pictures.title(self.current)).stem
            facts = "" if self.pictures.is_own else f" {self.pictures.facts(self.current)}"
            self.save_requested.emit(image, f"{title}{facts}")

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            self._set_position(self._position_at(event.pos()))
        if self._current != NOTHING:
            copy, save = self.copy_current, self.save_current
            show_menu(self, event.globalPos(), copy, save, lambda: self.list_requested.emit())

    def words(self, reference: int) -> str:
        """All that the grid knows about a picture, on one line."""
        assert self.pictures is not None
        state = self._state(reference)
        words = f"{state.name} · {self.pictures.facts(reference)}"
        if state.said is None:
            return words
        verdict = {True: ", right", False: ", wrong", None: ""}[state.is_right]
        return f"{words} · said: {state.said}{verdict}"

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        if self.pictures is None or not len(self.references):
            painter.setPen(QColor(theme.current().muted))
            centre = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            area = self.viewport().rect().adjusted(16, 16, -16, -16)
            painter.drawText(area, int(centre), self._empty_text)
            return
        top = self.verticalScrollBar().value()
        dirty = event.rect().translated(0, top)
        shown = self.cells.positions(dirty.top(), dirty.bottom())
        references = self.references[shown.start : shown.stop]
        ratio = self.viewport().devicePixelRatioF()
        pixmaps = self._thumbnails.pixmaps(references, self.thumbnail_size, ratio)
        painter.setFont(self._painter.font)
        room = self.cells.pitch_x - WORD_GAP_PX
        for position, pixmap in zip(shown, pixmaps, strict=True):
            place, state = self.place_of(position), self._state(int(self.references[position]))
            self._painter.paint(painter, place, room, pixmap, state)
            if position == self._current:
                self._painter.paint_current(painter, place, self.hasFocus())
            elif position == self._hovered:
                self._painter.paint_hover(painter, place)

    def _state(self, reference: int) -> CellState:
        assert self.pictures is not None
        label, name = self.pictures.label(reference), self.pictures.title(reference)
        said = self._answers.said(reference) if self._answers is not None else None
        if said is None:
            return CellState(name)
        is_right = said == label if label != NO_LABEL else None
        return CellState(name, self.pictures.class_names[said], is_right)

    @override
    def _caption_height(self) -> int:
        return self._painter.caption_height(self.thumbnail_size, self._answers is not None)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_current()
        elif event.matches(QKeySequence.StandardKey.Save):
            self.save_current()
        else:
            super().keyPressEvent(event)

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            position = self._position_at(event.pos())
            words = "" if position == NOTHING else self.words(int(self.references[position]))
            QToolTip.showText(event.globalPos(), basics.plain_tip(words), self.viewport())
            return True
        return super().viewportEvent(event)

    def _position_of(self, reference: int) -> int:
        found = np.flatnonzero(self.references == reference)
        return int(found[0]) if len(found) else NOTHING

    @override
    def _on_current_changed(self) -> None:
        self._describe()
        self.current_changed.emit(self.current)

    @override
    def _on_activated(self) -> None:
        self.activated.emit(self.current)

    def _describe(self) -> None:
        words = f"{len(self.references):,} pictures, none chosen"
        if self._current != NOTHING:
            words = self.words(self.current)
        elif not len(self.references):
            words = self._empty_text
        self.setAccessibleDescription(words)

    def _on_theme_changed(self) -> None:
        self._painter.restyle(self.font())
        self._relay_out()
