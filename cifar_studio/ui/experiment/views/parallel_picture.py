"""Parallel coordinates as a picture: an axis a setting and one for the figure, a line a trial.

Painted by hand: lines between axes of different units, and limits drawn on each of them, are none
of the plot library's. The lines are few paths, one a colour, kept as a picture until they change.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from typing_extensions import override

from cifar_studio.ui.experiment.data import ExperimentData
from cifar_studio.ui.experiment.marks import Marks
from cifar_studio.ui.experiment.scales import FIGURE, Scale, scale_of
from cifar_studio.ui.experiment.views.trial_view import TrialView
from cifar_studio.ui.plots import pg
from cifar_studio.ui.widgets import theme

TOP_PX, BOTTOM_PX, SIDE_PX = 28, 28, 88
LIMIT_PX = 12
SHADES = 6
AXIS_REACH_PX = 14
SMOOTH_UNTIL = 300
HINT = "Drag along an axis to set limits; click it to clear them"
KEYS_HINT = "Ctrl+← → another axis · ↑ ↓ its upper limit, with Shift the lower · Del clears it"


class ParallelPicture(TrialView):
    """Where everything stands, and how it is painted."""

    def __init__(self) -> None:
        super().__init__()
        self.scales: list[Scale] = []
        self.places = np.empty((0, 0))  # (axes, trials), 0 bottom to 1 top
        self.inside = np.empty(0, dtype=bool)
        self.axis = 0  # that the keys move
        self.dragged: tuple[int, tuple[float, float]] | None = None  # axis and its limits to be
        self._lines: QPixmap | None = None

    @override
    def _draw(self, data: ExperimentData, marks: Marks) -> None:
        self.scales = [scale_of(data, key) for key in (*data.keys, FIGURE)]
        self.places = np.array(
            [(s.positions(data) - s.low) / (s.high - s.low) for s in self.scales]
        )
        self.inside = marks.within(data)
        self._lines = None
        self.update()

    # Geometry

    def axis_x(self, place: int) -> float:
        """Where an axis stands, in pixels."""
        side = theme.px(SIDE_PX)
        room = self.width() - 2 * side
        return side + room * place / max(len(self.scales) - 1, 1)

    def to_y(self, share: float) -> float:
        """Where a share of an axis stands, in pixels."""
        top, bottom = theme.px(TOP_PX), self.height() - theme.px(BOTTOM_PX)
        return bottom - share * (bottom - top)

    def share_at(self, y: float) -> float:
        top, bottom = theme.px(TOP_PX), self.height() - theme.px(BOTTOM_PX)
        return min(max((bottom - y) / max(bottom - top, 1), 0.0), 1.0)

    def axis_at(self, at: QPointF) -> int | None:
        away = [abs(self.axis_x(place) - at.x()) for place in range(len(self.scales))]
        if not away or min(away) > theme.px(AXIS_REACH_PX):
            return None
        return int(np.argmin(away))

    def to_ys(self, shares: np.ndarray) -> np.ndarray:
        """`to_y` of many."""
        top, bottom = theme.px(TOP_PX), self.height() - theme.px(BOTTOM_PX)
        return bottom - shares * (bottom - top)

    def limits_on(self, place: int) -> tuple[float, float] | None:
        """The limits on an axis, as shares of it."""
        scale = self.scales[place]
        if scale.key not in self.marks.limits:
            return None
        low, high = self.marks.limits[scale.key]
        span = scale.high - scale.low
        return max((low - scale.low) / span, 0.0), min((high - scale.low) / span, 1.0)

    # Painting

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.current().surface))
        if self.data is None or not self.scales:
            return
        if self._lines is None:
            self._lines = self._painted_lines()
        painter.drawPixmap(0, 0, self._lines)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_strong(painter)
        for place, scale in enumerate(self.scales):
            self._paint_axis(painter, place, scale)
        if self.hasFocus() or not self.marks.limits:
            painter.setFont(self._small())
            painter.setPen(QColor(theme.current().muted))
            low = QRectF(0, self.height() - theme.px(20), self.width(), theme.px(20))
            painter.drawText(
                low, Qt.AlignmentFlag.AlignCenter, KEYS_HINT if self.hasFocus() else HINT
            )

    def _painted_lines(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        count = self.places.shape[1]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, count <= SMOOTH_UNTIL)
        for colour, keep in self._shades():
            painter.setPen(QPen(colour, 1))
            self._draw_lines(painter, keep)
        painter.end()
        return picture

    def _shades(self) -> list[tuple[QColor, np.ndarray]]:
        """Colours from pale to strong with the trials that have them, the best painted last."""
        colours, figures = theme.current(), self.places[-1]
        known = np.isfinite(figures)
        found = [
            (QColor(colours.grid), ~self.inside),
            (QColor(colours.border), self.inside & ~known),
        ]
        inside = self.inside & known
        if not inside.any():
            return found
        goodness = self._goodness()
        for shade in range(SHADES):
            low, high = shade / SHADES, (shade + 1) / SHADES
            is_last = shade == SHADES - 1
            keep = inside & (goodness >= low) & ((goodness < high) | is_last)
            share = 0.25 + 0.75 * shade / (SHADES - 1)
            found.append((_mixed(colours.surface, colours.loss, share), keep))
        return found

    def _goodness(self) -> np.ndarray:
        """From 0, the tenth of worst figures and below, to 1, the best one."""
        assert self.data is not None
        figures = self.places[-1]
        if self.data.figure_name == "val_loss":
            figures = -figures
        known = figures[np.isfinite(figures)]
        low, high = float(np.quantile(known, 0.1)), float(known.max())
        return np.clip((figures - low) / max(high - low, 1e-9), 0.0, 1.0)

    def _paint_strong(self, painter: QPainter) -> None:
        assert self.data is not None
        colours, numbers = theme.current(), [trial.number for trial in self.data.trials]
        best = self.data.best
        for number, colour in (
            (best.number if best else None, colours.top1),
            (self.marks.chosen, colours.text),
        ):
            if number in numbers:
                keep = np.zeros(len(numbers), dtype=bool)
                keep[numbers.index(number)] = True
                painter.setPen(QPen(QColor(colour), theme.px(2)))
                self._draw_lines(painter, keep)

    def _draw_lines(self, painter: QPainter, keep: np.ndarray) -> None:
        count = int(np.count_nonzero(keep))
        if not count:
            return
        axes = len(self.scales)
        x = np.array([*(self.axis_x(place) for place in range(axes)), np.nan])
        y = np.vstack([self.to_ys(self.places[:, keep]), np.full(count, np.nan)]).T
        path = pg.arrayToQPath(np.tile(x, count), y.ravel(), connect="finite")
        painter.drawPath(path)

    def _paint_axis(self, painter: QPainter, place: int, scale: Scale) -> None:
        colours, x = theme.current(), self.axis_x(place)
        top, bottom = self.to_y(1.0), self.to_y(0.0)
        has_keys = self.hasFocus() and place == self.axis
        painter.setPen(QPen(QColor(colours.accent if has_keys else colours.muted), 1))
        painter.drawLine(QPointF(x, top), QPointF(x, bottom))
        small = self._small()
        painter.setFont(small)
        metrics = QFontMetrics(small)
        ground = QColor(colours.surface)
        ground.setAlphaF(0.8)
        room = self._room_for_words(place)
        for position, word in scale.ticks(6):
            y = self.to_y((position - scale.low) / (scale.high - scale.low))
            shown = metrics.elidedText(word, Qt.TextElideMode.ElideRight, room)
            width = metrics.horizontalAdvance(shown)
            left = x - width - theme.px(7)
            if place == len(self.scales) - 1:
                left = x + theme.px(7)
            at = QRectF(left, y - metrics.height() / 2, width, metrics.height())
            painter.fillRect(at.adjusted(-2, 0, 2, 0), ground)
            painter.setPen(QColor(colours.muted))
            painter.drawText(at, Qt.AlignmentFlag.AlignCenter, shown)
            side = 1 if place == len(self.scales) - 1 else -1
            painter.drawLine(QPointF(x, y), QPointF(x + side * theme.px(4), y))
        self._paint_title(painter, place, scale)
        self._paint_limits(painter, place, scale)

    def _paint_title(self, painter: QPainter, place: int, scale: Scale) -> None:
        bold = self._small()
        bold.setWeight(QFont.Weight.DemiBold)
        painter.setFont(bold)
        painter.setPen(QColor(theme.current().text))
        step = (self.width() - 2 * theme.px(SIDE_PX)) / max(len(self.scales) - 1, 1)
        room = round(min(step - theme.px(8), 2 * theme.px(SIDE_PX) - theme.px(8)))
        elide = Qt.TextElideMode.ElideRight
        shown = QFontMetrics(bold).elidedText(scale.title, elide, room)
        at = QRectF(self.axis_x(place) - room / 2, 0, room, theme.px(22))
        painter.drawText(at, Qt.AlignmentFlag.AlignCenter, shown)

    def _paint_limits(self, painter: QPainter, place: int, scale: Scale) -> None:
        colours = theme.current()
        shares = self.limits_on(place)
        if self.dragged is not None and self.dragged[0] == place:
            shares = self.dragged[1]
        if shares is None:
            return
        low, high = self.to_y(min(shares)), self.to_y(max(shares))
        wide = theme.px(LIMIT_PX)
        fill = QColor(colours.accent)
        fill.setAlphaF(0.25)
        painter.setBrush(fill)
        painter.setPen(QPen(QColor(colours.accent), 1))
        painter.drawRoundedRect(QRectF(self.axis_x(place) - wide / 2, high, wide, low - high), 2, 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _room_for_words(self, place: int) -> int:
        step = (self.width() - 2 * theme.px(SIDE_PX)) / max(len(self.scales) - 1, 1)
        at_side = place in (0, len(self.scales) - 1)
        return round(theme.px(SIDE_PX - 12) if at_side else min(step * 0.6, theme.px(96)))

    def _small(self) -> QFont:
        font = theme.tabular(self.font())
        font.setPixelSize(theme.px(theme.AXIS_PX))
        return font

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lines = None

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(theme.px(400), theme.px(160))


def _mixed(ground: str, colour: str, share: float) -> QColor:
    a, b = QColor(ground), QColor(colour)
    parts = zip(a.getRgb()[:3], b.getRgb()[:3], strict=True)  # type: ignore[index]
    return QColor(*(round(x + share * (y - x)) for x, y in parts))
