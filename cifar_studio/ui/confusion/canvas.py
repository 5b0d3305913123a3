"""The matrix as a picture: what part of it is drawn, how, and what lies under a point."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget
from typing_extensions import override

from cifar_studio.runs.analysis.confusion_cells import Cells, Shading
from cifar_studio.ui.confusion import painting
from cifar_studio.ui.confusion.evaluations import CellsByLevel
from cifar_studio.ui.confusion.frame import Frame
from cifar_studio.ui.confusion.navigation import Position
from cifar_studio.ui.widgets import theme


class MatrixCanvas(QWidget):
    """Draws the part of the matrix in sight at `position`, and reports what the pointer is over.

    Signals
    -------
    cell_hovered(str)
        The cell under the pointer in words; empty when it left.
    """

    cell_hovered = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.position = Position()
        self._scaled_with: CellsByLevel = {}
        self._hovered: tuple[int, int] | None = None
        self._percent = False
        self._logarithmic = True
        self._marked = ""
        self._look: painting.Look | None = None
        self._frame: Frame | None = None
        self._image: QImage | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Confusion matrix")
        theme.manager().changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def show_cells(self, cells: CellsByLevel, scaled_with: CellsByLevel | None = None) -> None:
        """Show a matrix at both levels; an empty mapping shows nothing.

        Parameters
        ----------
        scaled_with : Cells by level, or None
            Another matrix that is to share the scale of colours.
        """
        self.position.set_cells(cells)
        self._scaled_with = scaled_with or {}
        self._renew()

    def set_percent(self, percent: bool) -> None:
        """Per cent of the true class's pictures, or counts."""
        self._percent = percent
        self._renew()

    def set_logarithmic(self, logarithmic: bool) -> None:
        self._logarithmic = logarithmic
        self._renew()

    def mark(self, words: str) -> None:
        """Underline the titles that have these words; empty underlines none."""
        self._marked = words.strip().lower()
        self._renew()

    def cell_rect(self, row: int, column: int) -> QRectF:
        """Where a cell in sight is drawn, in pixels of the widget."""
        assert self.position.cells is not None
        return self._framed(self.position.cells).cell(row, column)

    # Drawing

    def _on_theme_changed(self) -> None:
        self.setMinimumSize(theme.px(240), theme.px(240))
        self._renew()

    def _renew(self) -> None:
        """Draw anew after any change but that of the current cell."""
        self._look = self._frame = self._image = None
        self._hover(None)
        self.setAccessibleDescription(self.position.describe())
        self.update()

    def _looked(self, cells: Cells) -> painting.Look:
        if self._look is None:
            values = [cells.values(self._percent)]
            if self.position.level in self._scaled_with:
                values.append(self._scaled_with[self.position.level].values(self._percent))
            shading = Shading.of(np.concatenate(values), self._logarithmic)
            self._look = painting.Look(cells, self._percent, shading, self._marked)
        return self._look

    def _framed(self, cells: Cells) -> Frame:
        if self._frame is None:
            room = QRectF(self.rect()).adjusted(
                0, 0, -theme.px(painting.LEGEND_PX + 12), -theme.px(8)
            )
            ratio = self.devicePixelRatioF()
            self._frame = painting.make_titled_frame(cells, self.position.window, room, ratio)
        return self._frame

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, cells = QPainter(self), self.position.cells
        if cells is None:
            return
        look, frame = self._looked(cells), self._framed(cells)
        if self._image is None:
            self._image = painting.cell_image(look, frame)
        painter.drawImage(frame.area.topLeft(), self._image)
        painting.draw_grid(painter, look, frame)
        painting.draw_figures(painter, look, frame)
        painting.draw_titles(painter, look, frame, self._hovered or self.position.current)
        painting.draw_axis_names(painter, frame)
        painting.draw_legend(painter, look, frame, frame.area.right() + theme.px(12))
        self._draw_marks(painter, frame)

    def _draw_marks(self, painter: QPainter, frame: Frame) -> None:
        """Rings around the hovered and the current cell."""
        colours = theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._hovered is not None:
            painter.setPen(QPen(QColor(colours.text), 1))
            painter.drawRect(frame.cell(*self._hovered).adjusted(0.5, 0.5, 0.5, 0.5))
        if frame.window.has(*self.position.current):
            ring = frame.cell(*self.position.current).adjusted(-0.5, -0.5, 1.5, 1.5)
            painter.setPen(QPen(QColor(colours.surface), theme.px(5)))
            painter.drawRect(ring)
            shade = colours.top1 if self.hasFocus() else colours.text
            painter.setPen(QPen(QColor(shade), theme.px(2)))
            painter.drawRect(ring)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._renew()

    @override
    def sizeHint(self) -> QSize:
        return QSize(theme.px(640), theme.px(560))

    # Pointer

    def _cell_at(self, at: QPointF) -> tuple[int, int] | None:
        cells = self.position.cells
        return None if cells is None else self._framed(cells).cell_at(at)

    def hover_text(self, at: QPointF) -> str:
        """The cell at a point in words; empty beside the matrix."""
        return self._words_for(self._cell_at(at))

    def _words_for(self, place: tuple[int, int] | None) -> str:
        cells = self.position.cells
        return "" if place is None or cells is None else cells.describe(*place)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._cell_at(event.position()))

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    def _hover(self, place: tuple[int, int] | None) -> None:
        if place != self._hovered:
            self._hovered = place
            self.cell_hovered.emit(self._words_for(place))
            self.update()

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.hover_text(QPointF(event.pos())), self)
            return True
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._renew()
        return super().event(event)
