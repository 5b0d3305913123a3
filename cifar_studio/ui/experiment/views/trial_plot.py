"""Axes on which trials can be pointed at."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFontMetrics, QKeyEvent, QMouseEvent, QResizeEvent
from typing_extensions import override

from cifar_studio.ui.experiment.scales import Scale
from cifar_studio.ui.plots import pg
from cifar_studio.ui.plots.value_axis import ValueAxis
from cifar_studio.ui.widgets import theme

REACH_PX = 12
Find = Callable[[QPointF], int | None]


class TrialPlot(pg.PlotWidget):
    """One pair of axes that do not move under the mouse.

    Parameters
    ----------
    find : callable
        The number of the trial at a point in pixels of the widget; None where there is none.

    Signals
    -------
    pointed(int or None, QPoint)
        The trial under the pointer, and where that is on the screen.
    clicked(int)
    """

    pointed = Signal(object, QPoint)
    clicked = Signal(int)

    def __init__(self, name: str, bottom: str, find: Find) -> None:
        self.bottom_axis = ValueAxis("bottom", bottom)
        self.left_axis = ValueAxis("left")
        super().__init__(
            viewBox=pg.ViewBox(enableMenu=False, enableMouse=False),
            axisItems={"left": self.left_axis, "bottom": self.bottom_axis},
        )
        self.item: pg.PlotItem = self.getPlotItem()
        self.item.hideButtons()
        self.item.setMenuEnabled(False)
        self._box: pg.ViewBox = self.item.getViewBox()
        self._box.disableAutoRange()
        self._find = find
        self._scale: Scale | None = None
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the view that holds it takes the keys
        self.setMouseTracking(True)
        self.setFrameShape(self.Shape.NoFrame)
        self.setViewportUpdateMode(self.ViewportUpdateMode.FullViewportUpdate)

    def apply_theme(self) -> None:
        self.setBackground(theme.current().surface)
        self.setMinimumSize(theme.px(160), theme.px(112))
        self.item.setContentsMargins(0, theme.px(4), theme.px(12), 0)
        for axis in (self.left_axis, self.bottom_axis):
            axis.apply_theme()

    def add(self, item: pg.GraphicsObject, z: float) -> pg.GraphicsObject:
        item.setZValue(z)
        self.item.addItem(item, ignoreBounds=True)
        return item

    def set_range(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        if not np.allclose(self._box.viewRange(), [x, y], rtol=0, atol=1e-12):
            self._box.setRange(xRange=x, yRange=y, padding=0)

    def set_bottom(self, scale: Scale) -> None:
        """Ticks and words of a scale below; words end in "…" where they would meet."""
        self._scale = scale
        self.bottom_axis.set_logarithmic(scale.logarithmic)
        if not scale.categories:
            self.bottom_axis.setTicks(None)
            return
        font = theme.body_font(theme.manager().scale)
        font.setPixelSize(theme.px(theme.AXIS_PX))
        room = round(self.area().width() / len(scale.categories)) - theme.px(4)
        elided, end = QFontMetrics(font).elidedText, Qt.TextElideMode.ElideRight
        ticks = [(place, elided(word, end, room)) for place, word in scale.ticks(8)]
        self.bottom_axis.setTicks([ticks])

    def area(self) -> QRectF:
        """The part inside the axes, in pixels of the widget."""
        return self.mapFromScene(self._box.sceneBoundingRect()).boundingRect().toRectF()

    def to_pixels(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pixels of the widget for positions in the plot."""
        area = self.area()
        (x0, x1), (y0, y1) = self._box.viewRange()
        across = area.left() + (x - x0) / max(x1 - x0, 1e-12) * area.width()
        down = area.bottom() - (y - y0) / max(y1 - y0, 1e-12) * area.height()
        return across, down

    @override
    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        super().mouseMoveEvent(ev)
        found = self._find(ev.position())
        pointing = Qt.CursorShape.PointingHandCursor
        self.setCursor(pointing if found is not None else Qt.CursorShape.ArrowCursor)
        self.pointed.emit(found, ev.globalPosition().toPoint())

    @override
    def mousePressEvent(self, ev: QMouseEvent) -> None:
        parent = self.parentWidget()
        while parent is not None and parent.focusPolicy() == Qt.FocusPolicy.NoFocus:
            parent = parent.parentWidget()
        if parent is not None:
            parent.setFocus(Qt.FocusReason.MouseFocusReason)
        found = self._find(ev.position())
        if ev.button() == Qt.MouseButton.LeftButton and found is not None:
            self.clicked.emit(found)
        ev.accept()

    @override
    def resizeEvent(self, ev: QResizeEvent | None) -> None:
        super().resizeEvent(ev)
        if ev is not None and self._scale is not None:
            self.set_bottom(self._scale)

    @override
    def leaveEvent(self, ev: QEvent) -> None:
        super().leaveEvent(ev)
        self.pointed.emit(None, QPoint())

    @override
    def contextMenuEvent(self, ev: QContextMenuEvent) -> None:
        ev.ignore()

    @override
    def keyPressEvent(self, ev: QKeyEvent) -> None:
        ev.ignore()
