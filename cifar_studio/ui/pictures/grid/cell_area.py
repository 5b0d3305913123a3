"""A scroll area of equal cells, one of them current: geometry, keyboard and mouse, by position."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame
from typing_extensions import override

from cifar_studio.ui.pictures.grid.cells import Cells

SIZES_PX = (32, 128)
NOTHING = -1
MIN_STEP_PX = 36  # three of them are a notch of the wheel


class CellArea(QAbstractScrollArea):
    """Cells in reading order on as many columns as fit; what they show is a derived class's."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._current = NOTHING
        self._hovered = NOTHING
        self._mouse: QPoint | None = None
        self.thumbnail_size = 64
        self.cells = Cells()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)

    def set_thumbnail_size(self, size_px: int) -> None:
        """Side in logical pixels, 32 to 128; what was in view stays there."""
        size_px = min(max(size_px, SIZES_PX[0]), SIZES_PX[1])
        if size_px != self.thumbnail_size:
            self.thumbnail_size = size_px
            self._relay_out()

    def visible(self) -> range:
        """Positions of the pictures that are on the screen, if only in part."""
        top = self.verticalScrollBar().value()
        return self.cells.positions(top, top + self.viewport().height() - 1)

    def place_of(self, position: int) -> QRect:
        """The thumbnail at a position, in pixels of the viewport."""
        return self.cells.thumbnail(position).translated(0, -self.verticalScrollBar().value())

    def _caption_height(self) -> int:
        """Room below each thumbnail."""
        raise NotImplementedError

    def _on_current_changed(self) -> None:
        """Another cell is current, or none."""
        raise NotImplementedError

    def _on_activated(self) -> None:
        """Enter, or a double click, on the current cell."""
        raise NotImplementedError

    def _show_cells(self, count: int, current: int) -> None:
        """Show so many cells from the first one on, or around the current one; reports nothing."""
        self._count, self._current, self._hovered = count, current, NOTHING
        self._lay_out()
        self.verticalScrollBar().setValue(0)
        if current != NOTHING:
            self._scroll_to(current)
        self._hover()
        self.viewport().update()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._relay_out()

    @override
    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().scroll(0, dy)
        self._hover()

    def _lay_out(self) -> None:
        caption = self._caption_height()
        room = self.maximumViewportSize()
        cells = Cells(self._count, room.width(), self.thumbnail_size, caption)
        # Decided here, for a bar that makes its own need would come and go.
        needs_bar = cells.height > room.height()
        always, never = Qt.ScrollBarPolicy.ScrollBarAlwaysOn, Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(always if needs_bar else never)
        width, height = self.viewport().width(), self.viewport().height()
        self.cells = Cells(self._count, width, self.thumbnail_size, caption)
        bar = self.verticalScrollBar()
        bar.setRange(0, max(self.cells.height - height, 0))
        bar.setPageStep(max(height - self.cells.pitch_y, 1))
        bar.setSingleStep(max(self.cells.pitch_y // 2, MIN_STEP_PX))

    def _relay_out(self) -> None:
        """Lay out anew around the current picture, or the first visible one."""
        shown = self.visible()
        is_kept = self._current in shown
        anchor = self._current if is_kept else shown.start
        offset = self.place_of(anchor).top()
        self._lay_out()
        self.verticalScrollBar().setValue(self.cells.thumbnail(anchor).top() - offset)
        if is_kept:
            self._scroll_to(anchor)
        self._hover()
        self.viewport().update()

    def _scroll_to(self, position: int) -> None:
        cell = self.cells.cell(position)
        bar = self.verticalScrollBar()
        lowest = cell.bottom() + 1 - self.viewport().height()
        bar.setValue(min(max(bar.value(), lowest), cell.top()))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._current != NOTHING:
            self._on_activated()
        elif self.cells.count and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            start = self._current if self._current != NOTHING else self.visible().start - 1
            page = max(self.viewport().height() // self.cells.pitch_y, 1) * self.cells.columns
            after = self.cells.moved(start, event.key(), page)
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
            self._on_activated()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse = event.position().toPoint()
        self._hover()

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._mouse = None
            self._hover()
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
        return self.cells.position_at(point + QPoint(0, self.verticalScrollBar().value()))

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
            self._on_current_changed()

    def _repaint(self, position: int) -> None:
        if position != NOTHING:
            cell = self.cells.cell(position)
            self.viewport().update(cell.translated(0, -self.verticalScrollBar().value()))
