"""The confusion matrix as a picture that a person can walk through by mouse and keys."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QGuiApplication,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QMenu, QToolTip, QWidget
from typing_extensions import override

from cifar_studio.ui import theme
from cifar_studio.ui.confusion import painting
from cifar_studio.ui.confusion.cells import Cells, Level, Shading
from cifar_studio.ui.confusion.frame import Frame
from cifar_studio.ui.confusion.walk import Walk
from cifar_studio.ui.curves.explanations import QUESTION

_STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_PageUp: (-5, 0),
    Qt.Key.Key_PageDown: (5, 0),
    Qt.Key.Key_Home: (0, -(10**9)),
    Qt.Key.Key_End: (0, 10**9),
}


class ConfusionMatrix(QWidget):
    """20 by 20 superclasses, 100 by 100 classes, or the block of two superclasses' classes.

    Arrow keys and clicks choose a cell, Enter opens it, + or a double-click shows the classes of
    a cell of superclasses, Esc goes back, Ctrl+C copies.

    Signals
    -------
    cell_selected(object, object)
        Class numbers shown and said, as tuples, of the cell that is now the current one.
    cell_opened(object, object)
        Likewise; its pictures are wanted.
    cell_hovered(str)
        The cell under the pointer in words; empty when it left.
    level_changed(str)
        "superclasses" or "classes", when the part in sight changed by key or double-click.
    explanation_requested(str, QPoint)
    """

    cell_selected = Signal(object, object)
    cell_opened = Signal(object, object)
    cell_hovered = Signal(str)
    level_changed = Signal(str)
    explanation_requested = Signal(str, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._walk = Walk()
        self._scaled_with: dict[Level, Cells] = {}
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

    # Outer interface

    @property
    def cells(self) -> Cells | None:
        """What is shown at the present level."""
        return self._walk.cells

    @property
    def level(self) -> Level:
        return self._walk.level

    @property
    def is_in_block(self) -> bool:
        """Whether the classes of two superclasses alone are shown."""
        return self._walk.is_in_block

    @property
    def current(self) -> tuple[int, int]:
        """Row and column of the current cell, in the order shown."""
        return self._walk.current

    def show_cells(
        self,
        by_superclass: Cells | None,
        by_class: Cells | None,
        scaled_with: tuple[Cells, Cells] | None = None,
    ) -> None:
        """Show a matrix at both levels; None shows nothing.

        Parameters
        ----------
        scaled_with : two Cells or None
            Another matrix that is to share the scale of colours, at both levels.
        """
        self._walk.take(by_superclass, by_class)
        self._scaled_with = {}
        if scaled_with is not None:
            self._scaled_with = {"superclasses": scaled_with[0], "classes": scaled_with[1]}
        self._renew()

    def set_level(self, level: Level) -> None:
        """Show the whole matrix of superclasses or of classes, and stay at the same place."""
        self._walk.set_level(level)
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

    def go_to_next_marked(self) -> None:
        """Go on to the next class found, on the diagonal; from the last to the first."""
        place = self._walk.next_with(self._marked) if self._marked else None
        if place is not None:
            self._go_to(place, place)

    def select_classes(self, true: int, said: int) -> None:
        """Make the cell that holds these classes, at the present level, the current one."""
        if self.cells is not None:
            self._go_to(self.cells.place_of(true), self.cells.place_of(said))

    def zoom_in(self) -> None:
        """Show the classes of the current cell's two superclasses alone."""
        if self._walk.zoom_in():
            self._renew()
            self.level_changed.emit(self.level)

    def zoom_out(self) -> bool:
        """Go back from a block, or from classes to superclasses; False where there is no way."""
        changed = self._walk.zoom_out()
        if changed:
            self._renew()
            self.level_changed.emit(self.level)
        return changed

    def open_current(self) -> None:
        """Ask for the current cell's pictures."""
        if self.cells is not None:
            self.cell_opened.emit(*self.chosen_classes())

    def describe(self) -> str:
        """The current cell in words."""
        return self._walk.describe()

    def chosen_classes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Class numbers shown and said of the current cell."""
        return self._walk.chosen_classes()

    def copy(self) -> str:
        """Put the matrix on the clipboard as tab-separated text with titles."""
        text = "" if self.cells is None else self.cells.as_text(self._percent)
        QGuiApplication.clipboard().setText(text)
        return text

    def cell_rect(self, row: int, column: int) -> QRectF:
        """Where a cell in sight is drawn, in pixels of the widget."""
        assert self.cells is not None
        return self._framed(self.cells).cell(row, column)

    def _go_to(self, row: int, column: int) -> None:
        if self.cells is None:
            return
        if self._walk.go_to(row, column):
            self._renew()
        self.setAccessibleDescription(self.describe())
        self.update()
        self.cell_selected.emit(*self.chosen_classes())

    # Drawing

    def _on_theme_changed(self) -> None:
        self.setMinimumSize(theme.px(240), theme.px(240))
        self._renew()

    def _renew(self) -> None:
        """Draw anew after any change but that of the current cell."""
        self._look = self._frame = self._image = None
        self._hovered = None
        self.setAccessibleDescription(self.describe())
        self.update()

    def _looked(self, cells: Cells) -> painting.Look:
        if self._look is None:
            values = [cells.values(self._percent)]
            if self.level in self._scaled_with:
                values.append(self._scaled_with[self.level].values(self._percent))
            shading = Shading.of(np.concatenate(values), self._logarithmic)
            self._look = painting.Look(cells, self._percent, shading, self._marked)
        return self._look

    def _framed(self, cells: Cells) -> Frame:
        if self._frame is None:
            room = QRectF(self.rect()).adjusted(0, 0, -theme.px(painting.LEGEND_PX + 12), -2)
            ratio = self.devicePixelRatioF()
            self._frame = painting.make_titled_frame(cells, self._walk.window, room, ratio)
        return self._frame

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, cells = QPainter(self), self.cells
        if cells is None:
            return
        look, frame = self._looked(cells), self._framed(cells)
        if self._image is None:
            self._image = painting.cell_image(look, frame)
        painter.drawImage(frame.area.topLeft(), self._image)
        painting.draw_grid(painter, look, frame)
        painting.draw_figures(painter, look, frame)
        painting.draw_titles(painter, look, frame, self._hovered or self.current)
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
        if frame.window.has(*self.current):
            ring = frame.cell(*self.current).adjusted(-0.5, -0.5, 1.5, 1.5)
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

    # Mouse

    def _cell_at(self, at: QPointF) -> tuple[int, int] | None:
        return self._framed(self.cells).cell_at(at) if self.cells is not None else None

    def hover_text(self, at: QPointF) -> str:
        """The cell at a point in words; empty beside the matrix."""
        return self._words_for(self._cell_at(at))

    def _words_for(self, place: tuple[int, int] | None) -> str:
        return "" if place is None or self.cells is None else self.cells.describe(*place)

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
    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._cell_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            self._go_to(*place)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._cell_at(event.position()) is None:
            return
        if not self.is_in_block:
            self.zoom_in()
        else:
            self.open_current()

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.hover_text(QPointF(event.pos())), self)
            return True
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._renew()
        return super().event(event)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.cells is None:
            return
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        place = self._cell_at(QPointF(event.pos())) if by_mouse else None
        if place is not None:
            self._go_to(*place)
        where = event.globalPos()
        menu = QMenu(self)
        menu.addAction("Open pictures", QKeySequence(Qt.Key.Key_Return), self.open_current)
        inward = menu.addAction("Show its classes", QKeySequence("+"), self.zoom_in)
        inward.setEnabled(not self.is_in_block)
        outward = menu.addAction("Back", QKeySequence(Qt.Key.Key_Escape), self.zoom_out)
        outward.setEnabled(self.level == "classes")
        menu.addAction("Copy matrix", QKeySequence(QKeySequence.StandardKey.Copy), self.copy)
        menu.addSeparator()
        key = "difference" if self.cells.is_difference else "cell"
        menu.addAction(QUESTION, lambda: self.explanation_requested.emit(key, where))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(where)

    # Keys

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif key in _STEPS and event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        ):
            down, right = _STEPS[key]
            self._go_to(self.current[0] + down, self.current[1] + right)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_current()
        elif key == Qt.Key.Key_Plus:
            self.zoom_in()
        elif not (key in (Qt.Key.Key_Escape, Qt.Key.Key_Minus) and self.zoom_out()):
            super().keyPressEvent(event)
            return
        event.accept()
