"""The grid of thumbnails: paints what is visible, so that 60,000 pictures cost as much as 60."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QMimeData, QPoint, QRect, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip
from typing_extensions import override

from cifar_studio.ui import theme
from cifar_studio.ui.pictures.answers import Answers
from cifar_studio.ui.pictures.cell_painter import CellPainter, CellState
from cifar_studio.ui.pictures.cells import Cells
from cifar_studio.ui.pictures.grid_keys import moved
from cifar_studio.ui.pictures.picture_set import PictureSet
from cifar_studio.ui.pictures.thumbnails import Thumbnails, image_of

SIZES_PX = (32, 128)
NOTHING = -1
NO_MATCH = "No picture matches."
WORD_GAP_PX = 8  # between the captions of neighbours
MIN_STEP_PX = 36  # three of them are a notch of the wheel


class PictureGrid(QAbstractScrollArea):
    """Pictures in reading order, one of them current.

    Signals
    -------
    current_changed(int)
        Reference of the picture that is current now; -1 for none.
    activated(int)
        Enter, or a double click.
    """

    current_changed = Signal(int)
    activated = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._pictures: PictureSet | None = None
        self._answers: Answers | None = None
        self._references = np.empty(0, dtype=np.int32)
        self._current = NOTHING  # positions, not references
        self._hovered = NOTHING
        self._mouse: QPoint | None = None
        self._size_px = 64
        self._empty_text = NO_MATCH
        self._thumbnails = Thumbnails()
        self._painter = CellPainter(self.font())
        self._cells = Cells()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName("Pictures")
        theme.manager().changed.connect(self._on_theme_changed)
        self._describe()

    @property
    def references(self) -> NDArray[np.int32]:
        return self._references

    @property
    def current(self) -> int:
        """Reference of the current picture; -1 for none."""
        return NOTHING if self._current == NOTHING else int(self._references[self._current])

    @property
    def thumbnail_size(self) -> int:
        return self._size_px

    @property
    def thumbnails(self) -> Thumbnails:
        return self._thumbnails

    @property
    def cells(self) -> Cells:
        return self._cells

    def show_set(self, pictures: PictureSet | None) -> None:
        """Draw from another data set; shows nothing of it until `show_references`."""
        self._pictures = pictures
        self._thumbnails.show(pictures)
        self.show_references(np.empty(0, dtype=np.int32))

    def show_references(self, references: NDArray[np.int32]) -> None:
        """Show these pictures; the current one stays current where it is among them."""
        before = self.current
        self._references = references
        self._current = self._position_of(before)
        self._hovered = NOTHING
        self._lay_out()
        self.verticalScrollBar().setValue(0)
        if self._current != NOTHING:
            self._scroll_to(self._current)
        self._hover()
        self.viewport().update()
        self._describe()
        if self.current != before:
            self.current_changed.emit(self.current)

    def show_answers(self, answers: Answers | None) -> None:
        """Say under each picture what a network said; None says nothing."""
        self._answers = answers
        self._relay_out()
        self._describe()

    def set_thumbnail_size(self, size_px: int) -> None:
        """Side in logical pixels, 32 to 128; what was looked at stays in view."""
        size_px = min(max(size_px, SIZES_PX[0]), SIZES_PX[1])
        if size_px != self._size_px:
            self._size_px = size_px
            self._relay_out()

    def set_current(self, reference: int) -> None:
        """Make a picture current and bring it into view; -1, or one not shown, for none."""
        self._set_position(self._position_of(reference))

    def set_empty_text(self, text: str) -> None:
        """What stands in the middle where there is no picture."""
        self._empty_text = text
        self.viewport().update()
        self._describe()

    def visible(self) -> range:
        """Positions of the pictures that are on the screen, if only in part."""
        top = self.verticalScrollBar().value()
        return self._cells.positions(top, top + self.viewport().height() - 1)

    def place_of(self, position: int) -> QRect:
        """The thumbnail at a position, in pixels of the viewport."""
        return self._cells.thumbnail(position).translated(0, -self.verticalScrollBar().value())

    def copy_current(self) -> None:
        """Put the current picture, 32 by 32, and its label on the clipboard."""
        if self._pictures is None or self._current == NOTHING:
            return
        content = QMimeData()
        content.setImageData(image_of(self._pictures.pixels(self.current)))
        content.setText(self.words(self.current))
        QGuiApplication.clipboard().setMimeData(content)

    def words(self, reference: int) -> str:
        """All that the grid knows about a picture, on one line."""
        assert self._pictures is not None
        pictures, state = self._pictures, self._state(reference)
        words = f"{state.name} ({pictures.superclass_name(reference)}), "
        words += pictures.place(reference)
        if state.said is not None:
            words += f", said: {state.said}, {'right' if state.is_right else 'wrong'}"
        return f"{words}, demo set" if pictures.is_demo else words

    # --- painting

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        if self._pictures is None or not len(self._references):
            painter.setPen(QColor(theme.current().muted))
            centre = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            area = self.viewport().rect().adjusted(16, 16, -16, -16)
            painter.drawText(area, int(centre), self._empty_text)
            return
        top = self.verticalScrollBar().value()
        dirty = event.rect().translated(0, top)
        shown = self._cells.positions(dirty.top(), dirty.bottom())
        references = self._references[shown.start : shown.stop]
        ratio = self.viewport().devicePixelRatioF()
        pixmaps = self._thumbnails.pixmaps(references, self._size_px, ratio)
        self._painter.prepare(painter)
        room = self._cells.pitch_x - WORD_GAP_PX
        for position, pixmap in zip(shown, pixmaps, strict=True):
            place = self.place_of(position)
            state = self._state(int(self._references[position]))
            self._painter.paint(painter, place, room, pixmap, state)
            if position == self._current:
                self._painter.paint_current(painter, place, self.hasFocus())
            elif position == self._hovered:
                self._painter.paint_hover(painter, place)

    def _state(self, reference: int) -> CellState:
        assert self._pictures is not None
        label = self._pictures.label(reference)
        name = self._pictures.class_names[label]
        said = self._answers.said(reference) if self._answers is not None else None
        if said is None:
            return CellState(name)
        return CellState(name, self._pictures.class_names[said], said == label)

    def _repaint(self, position: int) -> None:
        if position != NOTHING:
            cell = self._cells.cell(position)
            self.viewport().update(cell.translated(0, -self.verticalScrollBar().value()))

    # --- geometry

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._relay_out()

    @override
    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().scroll(0, dy)
        self._hover()

    def _lay_out(self) -> None:
        caption = self._painter.caption_height(self._size_px, self._answers is not None)
        room = self.maximumViewportSize()
        cells = Cells(len(self._references), room.width(), self._size_px, caption)
        # Decided here, for a bar that makes its own need would come and go.
        needs_bar = cells.height > room.height()
        always, never = Qt.ScrollBarPolicy.ScrollBarAlwaysOn, Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(always if needs_bar else never)
        width = self.viewport().width()
        self._cells = Cells(len(self._references), width, self._size_px, caption)
        bar = self.verticalScrollBar()
        height = self.viewport().height()
        bar.setRange(0, max(self._cells.height - height, 0))
        bar.setPageStep(max(height - self._cells.pitch_y, 1))
        bar.setSingleStep(max(self._cells.pitch_y // 2, MIN_STEP_PX))

    def _relay_out(self) -> None:
        """Lay out anew around the current picture, or the first visible one."""
        shown = self.visible()
        is_kept = self._current in shown
        anchor = self._current if is_kept else shown.start
        offset = self.place_of(anchor).top()
        self._lay_out()
        self.verticalScrollBar().setValue(self._cells.thumbnail(anchor).top() - offset)
        if is_kept:
            self._scroll_to(anchor)
        self._hover()
        self.viewport().update()

    def _scroll_to(self, position: int) -> None:
        cell = self._cells.cell(position)
        bar = self.verticalScrollBar()
        lowest = cell.bottom() + 1 - self.viewport().height()
        bar.setValue(min(max(bar.value(), lowest), cell.top()))

    # --- mouse and keyboard

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_current()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._current != NOTHING:
            self.activated.emit(self.current)
        elif len(self._references) and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            start = self._current if self._current != NOTHING else self.visible().start - 1
            page = max(self.viewport().height() // self._cells.pitch_y, 1) * self._cells.columns
            after = moved(start, event.key(), len(self._references), self._cells.columns, page)
            if after is None:
                event.ignore()
            else:
                self._set_position(after)
        else:
            event.ignore()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        position = self._position_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and position != NOTHING:
            self._set_position(position)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._position_at(event.position().toPoint()) == self._current != NOTHING:
            self.activated.emit(self.current)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse = event.position().toPoint()
        self._hover()

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._mouse = None
            self._hover()
        elif event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            position = self._position_at(event.pos())
            words = "" if position == NOTHING else self.words(int(self._references[position]))
            QToolTip.showText(event.globalPos(), words, self.viewport())
            return True
        return super().viewportEvent(event)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._repaint(self._current)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._repaint(self._current)

    def _position_at(self, point: QPoint) -> int:
        return self._cells.position_at(point + QPoint(0, self.verticalScrollBar().value()))

    def _position_of(self, reference: int) -> int:
        found = np.flatnonzero(self._references == reference)
        return int(found[0]) if len(found) else NOTHING

    def _hover(self) -> None:
        before = self._hovered
        self._hovered = NOTHING if self._mouse is None else self._position_at(self._mouse)
        if self._hovered != before:
            self._repaint(before)
            self._repaint(self._hovered)

    def _set_position(self, position: int) -> None:
        if position != NOTHING:
            self._scroll_to(position)
        if position != self._current:
            before, self._current = self._current, position
            self._repaint(before)
            self._repaint(position)
            self._describe()
            self.current_changed.emit(self.current)

    def _describe(self) -> None:
        words = f"{len(self._references):,} pictures, none chosen"
        if self._current != NOTHING:
            words = self.words(self.current)
        elif not len(self._references):
            words = self._empty_text
        self.setAccessibleDescription(words)

    def _on_theme_changed(self) -> None:
        self._painter.restyle(self.font())
        self._relay_out()
