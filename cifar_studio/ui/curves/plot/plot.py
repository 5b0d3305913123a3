"""A plot that a person can read, zoom and walk through; what it shows is drawn by others."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from cifar_studio.ui.plots import pg
from cifar_studio.ui.plots.value_axis import ValueAxis
from cifar_studio.ui.widgets import theme

_CLICK_PX = 4
_RIGHT_ROOM = 1.02  # so that a point at the end of an axis is drawn whole
_STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_PageUp: -10,
    Qt.Key.Key_PageDown: 10,
    Qt.Key.Key_Home: -(10**9),
    Qt.Key.Key_End: 10**9,
}


class _CurveViewBox(pg.ViewBox):
    """The wheel zooms the epochs, the left button drags; no menus of the library."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False)

    @override
    def wheelEvent(self, ev: object, axis: int | None = None) -> None:
        super().wheelEvent(ev, axis=0 if axis is None else axis)

    @override
    def mouseDragEvent(self, ev: object, axis: int | None = None) -> None:
        if ev.button() == Qt.MouseButton.RightButton:  # type: ignore[attr-defined]
            ev.ignore()  # type: ignore[attr-defined]
            return
        super().mouseDragEvent(ev, axis=axis)


def points_item() -> pg.ScatterPlotItem:
    """Points whose size is in pixels."""
    return pg.ScatterPlotItem(pxMode=True, antialias=True)


class MeasurePlot(pg.PlotWidget):
    """One pair of axes.

    Signals
    -------
    hovered(float)
        The pointer is at this position, in epochs; NaN when it left.
    clicked(float)
        A click that was no drag, in epochs.
    stepped(int)
        The crosshair is to go so many epochs on, by key.
    released()
        Esc: no crosshair.
    zoomed()
        The person changed the range.
    fit_requested()
        A double-click, or the key 0.
    range_changed()
    menu_requested(QPoint)
        Where, on the screen.
    """

    hovered = Signal(float)
    clicked = Signal(float)
    stepped = Signal(int)
    released = Signal()
    zoomed = Signal()
    fit_requested = Signal()
    range_changed = Signal()
    menu_requested = Signal(object)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        self._box = _CurveViewBox()
        self.left_axis = ValueAxis("left")
        self.bottom_axis = ValueAxis("bottom", "Epoch")
        self.right_axis = ValueAxis("right", "Learning rate")
        super().__init__(
            parent,
            viewBox=self._box,
            axisItems={
                "left": self.left_axis,
                "bottom": self.bottom_axis,
                "right": self.right_axis,
            },
        )
        self._pressed_at: QPointF | None = None
        self._fit = (10.0, 0.0, 1.0)
        self.item: pg.PlotItem = self.getPlotItem()
        self.item.hideButtons()
        self.item.setMenuEnabled(False)
        # It has a range of its own, whatever the curves are zoomed to.
        self.right_axis.unlinkFromView()
        self.item.hideAxis("right")
        self._box.disableAutoRange()
        self._box.sigRangeChangedManually.connect(lambda *_: self.zoomed.emit())
        self._box.sigRangeChanged.connect(lambda *_: self.range_changed.emit())
        self._box.sigResized.connect(lambda *_: self.range_changed.emit())
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(name)
        self.setFrameShape(self.Shape.NoFrame)
        # The library's lines do not always ask for the place they leave to be painted.
        self.setViewportUpdateMode(self.ViewportUpdateMode.FullViewportUpdate)

    def apply_theme(self) -> None:
        self.setBackground(theme.current().surface)
        self.setMinimumSize(theme.px(160), theme.px(96))
        self.item.setContentsMargins(0, 0, theme.px(12), 0)
        for axis in (self.left_axis, self.bottom_axis, self.right_axis):
            axis.apply_theme()

    def add(self, item: Any, z: float) -> Any:
        """Put an item at a height, without regard to the range; returns it."""
        item.setZValue(z)
        self.item.addItem(item, ignoreBounds=True)
        return item

    # Range

    def set_fit(self, epochs: float, bottom: float, top: float, fitted: bool) -> None:
        """The range that shows all; taken at once where `fitted`."""
        if (epochs, bottom, top) != self._fit:
            self._fit = (epochs, bottom, top)
            self._box.setLimits(
                xMin=0.0, xMax=epochs * _RIGHT_ROOM, yMin=bottom, yMax=self._top(), minXRange=0.1
            )
        if not fitted:
            return
        full = [[0.0, epochs * _RIGHT_ROOM], [bottom, self._top()]]
        if not np.allclose(self._box.viewRange(), full, rtol=0, atol=1e-9):
            self._box.setRange(xRange=full[0], yRange=full[1], padding=0, update=True)

    def set_right_top(self, top: float) -> None:
        """Show the right axis from 0 to a value; 0 hides it."""
        if (top > 0) != self.right_axis.isVisible():
            self.item.showAxis("right", top > 0)
        if top > 0:
            self.right_axis.setRange(0.0, top)

    def epoch_range(self) -> tuple[float, float]:
        (low, high), _ = self._box.viewRange()
        return low, high

    def value_range(self) -> tuple[float, float]:
        _, (low, high) = self._box.viewRange()
        return low, high

    def _top(self) -> float:
        _, bottom, top = self._fit
        return top + 0.03 * (top - bottom)

    # Pixels of the widget

    def area(self) -> QRectF:
        """The part inside the axes, in pixels of the widget."""
        return self.mapFromScene(self._box.sceneBoundingRect()).boundingRect().toRectF()

    def to_pixels(self, points: np.ndarray) -> np.ndarray:
        """(N, 2) positions in pixels of the widget for positions in the plot."""
        area = self.area()
        (x0, x1), (y0, y1) = self._box.viewRange()
        across = area.left() + (points[:, 0] - x0) / max(x1 - x0, 1e-12) * area.width()
        down = area.bottom() - (points[:, 1] - y0) / max(y1 - y0, 1e-12) * area.height()
        return np.stack([across, down], axis=1)

    def to_epoch(self, position: QPointF) -> float:
        area = self.area()
        low, high = self.epoch_range()
        return low + (position.x() - area.left()) / max(area.width(), 1.0) * (high - low)

    # Mouse and keys

    @override
    def mousePressEvent(self, ev: QMouseEvent) -> None:
        if ev.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = ev.position()
        super().mousePressEvent(ev)

    @override
    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        super().mouseMoveEvent(ev)
        inside = self.area().contains(ev.position())
        self.hovered.emit(self.to_epoch(ev.position()) if inside else float("nan"))

    @override
    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:
        super().mouseReleaseEvent(ev)
        start, self._pressed_at = self._pressed_at, None
        if start is None or not self.area().contains(ev.position()):
            return
        if (ev.position() - start).manhattanLength() < _CLICK_PX:
            self.clicked.emit(self.to_epoch(ev.position()))

    @override
    def mouseDoubleClickEvent(self, ev: QMouseEvent) -> None:
        self._pressed_at = None
        self.fit_requested.emit()
        ev.accept()

    @override
    def leaveEvent(self, ev: object) -> None:
        super().leaveEvent(ev)
        self.hovered.emit(float("nan"))

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_requested.emit(event.globalPos())
        event.accept()

    @override
    def keyPressEvent(self, ev: QKeyEvent) -> None:
        key = Qt.Key(ev.key())
        if key in _STEPS:
            self.stepped.emit(_STEPS[key])
        elif key == Qt.Key.Key_Escape:
            self.released.emit()
        elif key == Qt.Key.Key_0:
            self.fit_requested.emit()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus) and not ev.modifiers():
            self._zoom_by_key(1.25 if key == Qt.Key.Key_Minus else 0.8)
        else:
            super().keyPressEvent(ev)
            return
        ev.accept()

    def _zoom_by_key(self, factor: float) -> None:
        self._box.scaleBy(x=factor, y=None)
        self.zoomed.emit()
