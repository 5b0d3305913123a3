"""Trials as points in a plot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pyqtgraph.graphicsItems.ScatterPlotItem import drawSymbol
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF, QTransform
from typing_extensions import override

from cifar_studio.ui.experiment.data import ExperimentData
from cifar_studio.ui.experiment.views.trial_plot import REACH_PX, TrialPlot
from cifar_studio.ui.plots import pg
from cifar_studio.ui.widgets import theme


class TrialDots:
    """The trials as points: what is not finished is hollow, what lies outside the limits pale."""

    def __init__(self, plot: TrialPlot) -> None:
        self._plot = plot
        self._item = plot.add(_DotsItem(), 5)
        self._x = self._y = np.empty(0)
        self._numbers = np.empty(0, dtype=int)

    def draw(
        self,
        data: ExperimentData,
        x: np.ndarray,
        y: np.ndarray,
        inside: np.ndarray,
        chosen: int | None,
    ) -> None:
        """(N,) positions of all trials; NaN where one has none."""
        self._x, self._y, self._numbers = x, y, data.numbers
        finished, numbers = data.is_finished, data.numbers
        best = data.best.number if data.best is not None else 0
        known = np.isfinite(x) & np.isfinite(y)
        colours = theme.current()
        is_best = numbers == best
        groups = (
            (known & ~inside, 5, colours.border, ""),
            (known & ~finished & inside, 7, colours.surface, colours.muted),
            (known & finished & inside & ~is_best, 8, colours.loss, colours.surface),
        )
        self._item.set_dots(
            [(x[keep], y[keep], *look) for keep, *look in groups],
            (x[known & is_best], y[known & is_best]),
            (x[known & (numbers == chosen)], y[known & (numbers == chosen)]),
        )

    def find(self, at: QPointF) -> int | None:
        """The number of the nearest trial within reach of a point in pixels."""
        if not len(self._x):
            return None
        across, down = self._plot.to_pixels(self._x, self._y)
        away = np.hypot(across - at.x(), down - at.y())
        away = np.where(np.isfinite(away), away, np.inf)
        nearest = int(np.argmin(away))
        return int(self._numbers[nearest]) if away[nearest] <= theme.px(REACH_PX) else None


class _DotsItem(pg.GraphicsObject):
    """Round points of one size in pixels a group, a star for the best, a ring for the chosen one.

    The library's scatter plot asks for the look of each point by itself, which a thousand points
    in several plots make too slow.
    """

    def __init__(self) -> None:
        super().__init__()
        self._groups: Sequence[tuple[np.ndarray, np.ndarray, int, str, str]] = ()
        self._best = self._chosen = (np.empty(0), np.empty(0))

    def set_dots(
        self,
        groups: Sequence[tuple[np.ndarray, np.ndarray, int, str, str]],
        best: tuple[np.ndarray, np.ndarray],
        chosen: tuple[np.ndarray, np.ndarray],
    ) -> None:
        """Positions, diameter, colour and outline of each group, drawn in this order."""
        self._groups, self._best, self._chosen = groups, best, chosen
        self.update()

    @override
    def boundingRect(self) -> QRectF:
        box = self.getViewBox()
        return box.viewRect() if box is not None else QRectF()

    @override
    def viewRangeChanged(self) -> None:
        self.prepareGeometryChange()

    @override
    def paint(self, painter: QPainter, *_: object) -> None:
        view = painter.transform()
        painter.save()
        painter.resetTransform()
        ratio = painter.device().devicePixelRatioF()
        # Of the painter's own, not of the widget's, pixels: a picture may be twice as fine.
        painter.scale(ratio, ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.current()
        for x, y, size, colour, outline in self._groups:
            if not len(x):
                continue
            points = _mapped(view, x, y, ratio)
            for shade, width in ((outline, size), (colour, size - 2 if outline else size)):
                if shade:
                    pen = QPen(QColor(shade), theme.px(width))
                    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
                    painter.setPen(pen)
                    painter.drawPoints(points)
        for at in _mapped(view, *self._best, ratio).toList():
            painter.save()
            painter.translate(at)
            pen = pg.mkPen(colours.surface, width=1)
            drawSymbol(painter, "star", theme.px(14), pen, QColor(colours.top1))
            painter.restore()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.text), theme.px(2)))
        for at in _mapped(view, *self._chosen, ratio).toList():
            painter.drawEllipse(at, theme.px(7), theme.px(7))
        painter.restore()


def _mapped(view: QTransform, x: np.ndarray, y: np.ndarray, ratio: float) -> QPolygonF:
    """Positions of the plot in pixels of the widget."""
    if not len(x):
        return QPolygonF()  # of none the library's, which shares memory, reads where nothing is
    across = (x * view.m11() + y * view.m21() + view.dx()) / ratio
    down = (x * view.m12() + y * view.m22() + view.dy()) / ratio
    return pg.functions.arrayToQPolygonF(across, down)
