"""One plot over the bins of confidence; bars, and a bin under the pointer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QContextMenuEvent, QMouseEvent, QPen
from typing_extensions import override

from cifar_studio.ui.plots import pg
from cifar_studio.ui.plots.value_axis import ValueAxis
from cifar_studio.ui.widgets import theme


class BinPlot(pg.PlotWidget):
    """Axes from 0 to 100 per cent of confidence that do not move.

    Signals
    -------
    pointed(float)
        The confidence in per cent under the pointer; NaN when it left.
    menu_requested(QPoint)
    """

    pointed = Signal(float)
    menu_requested = Signal(QPoint)

    def __init__(self, name: str, label: str) -> None:
        self._bottom = ValueAxis("bottom", label)
        self._left = ValueAxis("left")
        super().__init__(
            viewBox=pg.ViewBox(enableMenu=False, enableMouse=False),
            axisItems={"left": self._left, "bottom": self._bottom},
        )
        self.item: pg.PlotItem = self.getPlotItem()
        self.item.hideButtons()
        self.item.setMenuEnabled(False)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the view that holds it takes the keys
        self.setMouseTracking(True)
        self.setFrameShape(self.Shape.NoFrame)
        self.setViewportUpdateMode(self.ViewportUpdateMode.FullViewportUpdate)
        self._here = pg.LinearRegionItem(movable=False)
        self._here.setZValue(-900)

    def apply_theme(self) -> None:
        colours = theme.current()
        self.setBackground(colours.surface)
        self.item.setContentsMargins(0, theme.px(4), theme.px(12), 0)
        for axis in (self._left, self._bottom):
            axis.apply_theme()

    def begin(self, top: float) -> None:
        """Nothing but axes, to this height."""
        self.item.clear()
        self.item.setXRange(0, 100, padding=0)
        self.item.setYRange(0, top, padding=0)
        self._here.setBrush(QBrush(QColor(theme.current().grid)))
        for line in self._here.lines:
            line.setPen(QPen(Qt.PenStyle.NoPen))
        self._here.setVisible(False)
        self.item.addItem(self._here)

    def add_bars(
        self,
        edges: NDArray[np.float64],
        low: NDArray[np.float64],
        high: NDArray[np.float64],
        colour: str,
        style: Qt.BrushStyle = Qt.BrushStyle.SolidPattern,
    ) -> None:
        """A bar a bin, from low to high; NaN draws none. Edges are in per cent."""
        there = ~np.isnan(low) & ~np.isnan(high) & (low != high)
        if not there.any():
            return
        gap = 0.4
        bars = pg.BarGraphItem(
            x0=edges[:-1][there] + gap,
            x1=edges[1:][there] - gap,
            y0=low[there],
            y1=high[there],
            pen=pg.mkPen(colour, width=1),
            brush=QBrush(QColor(colour), style),
        )
        self.item.addItem(bars)

    def mark(self, low: float, high: float) -> None:
        """Tint a bin; NaN tints none."""
        self._here.setVisible(not np.isnan(low))
        if not np.isnan(low):
            self._here.setRegion((low, high))

    @override
    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        super().mouseMoveEvent(ev)
        self.pointed.emit(self._confidence_at(ev.position()))

    @override
    def leaveEvent(self, ev: QEvent) -> None:
        super().leaveEvent(ev)
        self.pointed.emit(float("nan"))

    @override
    def contextMenuEvent(self, ev: QContextMenuEvent) -> None:
        self.menu_requested.emit(ev.globalPos())
        ev.accept()

    def _confidence_at(self, at: QPointF) -> float:
        box = self.item.getViewBox()
        place = self.mapToScene(at.toPoint())
        if not box.sceneBoundingRect().contains(place):
            return float("nan")
        return float(box.mapSceneToView(place).x())

    def pixel_of(self, confidence: float, value: float) -> QPoint:
        """Where a point of the plot is, in pixels of the widget."""
        scene = self.item.getViewBox().mapViewToScene(QPointF(confidence, value))
        return self.mapFromScene(scene)
