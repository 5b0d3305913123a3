"""A pale band around a line."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsPathItem

OPACITY = 0.18


class Band(QGraphicsPathItem):
    """What lies between two lines over the same places."""

    def __init__(self) -> None:
        super().__init__()
        self.setPen(Qt.PenStyle.NoPen)

    def show_between(
        self, x: np.ndarray, low: np.ndarray, high: np.ndarray, colour: QColor
    ) -> None:
        """Fill between (N,) lows and highs; places without both are left out."""
        known = np.isfinite(low) & np.isfinite(high)
        x, low, high = x[known], low[known], high[known]
        around_x, around_y = np.concatenate([x, x[::-1]]), np.concatenate([high, low[::-1]])
        self.setPath(pg.arrayToQPath(around_x, around_y))
        shade = QColor(colour)
        shade.setAlphaF(OPACITY)
        self.setBrush(shade)
