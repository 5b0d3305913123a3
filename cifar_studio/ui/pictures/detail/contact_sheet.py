"""Eight versions of a picture side by side, as augmentation makes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from cifar_studio.ui.pictures.data.thumbnails import image_of
from cifar_studio.ui.pictures.detail.large_picture import large_side
from cifar_studio.ui.widgets import theme

COLUMNS, ROWS = 4, 2
VERSIONS = COLUMNS * ROWS
LINE_PX = 2


class ContactSheet(QWidget):
    """Four by two pictures, as wide as the large one; empty cells until they arrive."""

    def __init__(self) -> None:
        super().__init__()
        self._images: list[QImage] = []
        theme.manager().changed.connect(self._restyle)
        self._restyle()
        self.setAccessibleName("Augmented versions")

    @property
    def count(self) -> int:
        return len(self._images)

    def show_versions(self, versions: Sequence[NDArray[np.uint8]]) -> None:
        """(32, 32, 3) each; the first eight are shown."""
        self._images = [image_of(pixels_HWC) for pixels_HWC in versions[:VERSIONS]]
        self.update()

    def _restyle(self) -> None:
        self.setFixedSize(large_side(), ROWS * (large_side() // COLUMNS) + LINE_PX)
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        side = self.width() // COLUMNS
        painter = QPainter(self)
        for position in range(VERSIONS):
            row, column = divmod(position, COLUMNS)
            place = QRect(column * side, row * (side + LINE_PX), side, side)
            if position < len(self._images):
                painter.drawImage(place, self._images[position])
            else:
                painter.fillRect(place, QColor(colours.grid))
        for column in range(1, COLUMNS):
            line = QRect(column * side - LINE_PX // 2, 0, LINE_PX, self.height())
            painter.fillRect(line, QColor(colours.ground))
        if not self._images:
            painter.setPen(QColor(colours.muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "…")
