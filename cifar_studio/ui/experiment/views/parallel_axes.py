"""Parallel coordinates with limits that are dragged along their axes."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
)
from typing_extensions import override

from cifar_studio.ui.experiment.data import ExperimentData
from cifar_studio.ui.experiment.views.parallel_picture import ParallelPicture
from cifar_studio.ui.widgets import theme

LINE_REACH_PX, DRAG_PX = 8, 4
STEP = 0.05


class ParallelAxesView(ParallelPicture):
    """Lines coloured by their figure, the better the stronger."""

    KEY = "parallel"
    TITLE = "Parallel axes"
    TIP = "A line a trial through its settings to its figure; drag along an axis for limits"

    def __init__(self) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self._pressed: tuple[int, QPointF] | None = None

    @override
    @classmethod
    def suits(cls, data: ExperimentData) -> bool:
        return data.experiment.kind == "search"

    def trial_at(self, at: QPointF) -> int | None:
        """Number of the trial whose line passes nearest to a point."""
        if self.data is None or len(self.scales) < 2 or not self.places.size:
            return None
        left, right = self.axis_x(0), self.axis_x(len(self.scales) - 1)
        along = (at.x() - left) / max(right - left, 1) * (len(self.scales) - 1)
        if not 0 <= along <= len(self.scales) - 1:
            return None
        first = min(int(along), len(self.scales) - 2)
        low, high = self.places[first], self.places[first + 1]
        heights = self.to_ys(low + (along - first) * (high - low))
        away = np.where(np.isfinite(heights), np.abs(heights - at.y()), np.inf)
        away = np.where(self.inside, away, np.inf)
        nearest = int(np.argmin(away))
        if away[nearest] > theme.px(LINE_REACH_PX):
            return None
        return self.data.trials[nearest].number

    # Limits

    def set_limits(self, place: int, shares: tuple[float, float] | None) -> None:
        """Set the limits of an axis, as shares of it, or clear them."""
        scale = self.scales[place]
        limits = {key: ends for key, ends in self.marks.limits.items() if key != scale.key}
        if shares is not None:
            low, high = sorted(shares)
            span = scale.high - scale.low
            limits[scale.key] = (scale.low + low * span, scale.low + high * span)
        self.limits_changed.emit(limits)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        place = self.axis_at(event.position())
        if place is not None:
            self._pressed, self.axis = (place, event.position()), place
        elif (number := self.trial_at(event.position())) is not None:
            self.trial_chosen.emit(number)
        event.accept()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._pressed is not None:
            place, start = self._pressed
            if self.dragged is not None or abs(at.y() - start.y()) >= DRAG_PX:
                self.dragged = place, (self.share_at(start.y()), self.share_at(at.y()))
                self.update()
            return
        on_axis = self.axis_at(at) is not None
        number = None if on_axis else self.trial_at(at)
        shape = Qt.CursorShape.SizeVerCursor if on_axis else Qt.CursorShape.ArrowCursor
        self.setCursor(shape if number is None else Qt.CursorShape.PointingHandCursor)
        self.point_at(number, event.globalPosition().toPoint())

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None or event.button() != Qt.MouseButton.LeftButton:
            return
        place, dragged = self._pressed[0], self.dragged
        self._pressed = self.dragged = None
        if dragged is not None or self.limits_on(place) is not None:
            self.set_limits(place, dragged[1] if dragged is not None else None)
        self.update()

    @override
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.point_at(None, QPoint())

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """From axis to axis and along one, as `KEYS_HINT` says it."""
        key, last = Qt.Key(event.key()), len(self.scales) - 1
        with_control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        upper = not event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if not self.scales:
            super().keyPressEvent(event)
        elif with_control and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.axis = min(max(self.axis + (1 if key == Qt.Key.Key_Right else -1), 0), last)
            self.update()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._move_limit(min(self.axis, last), STEP if key == Qt.Key.Key_Up else -STEP, upper)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.set_limits(min(self.axis, last), None)
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def _move_limit(self, place: int, by: float, upper: bool) -> None:
        low, high = self.limits_on(place) or (0.0, 1.0)
        if upper:
            high = min(max(high + by, low), 1.0)
        else:
            low = max(min(low + by, high), 0.0)
        self.set_limits(place, None if (low, high) == (0.0, 1.0) else (low, high))
