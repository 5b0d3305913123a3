"""One picture large, pixel by pixel, with a heat map over it where one is shown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from cifar_studio.ui.pictures.data.picture_set import SIDE_PX
from cifar_studio.ui.pictures.data.thumbnails import image_of
from cifar_studio.ui.pictures.grid.picture_menu import show_menu
from cifar_studio.ui.widgets import theme

LARGE_PX = 8 * SIDE_PX  # at scale 1
FOCUS_PX = 2
HEAT_SHARE = 0.55
"""How much of the heat map covers the picture where it is hottest."""
RAMP = np.array([(20, 20, 60), (120, 30, 110), (213, 94, 0), (230, 159, 0), (255, 245, 160)])
"""Cold to hot, in evenly spaced steps of rising lightness."""


class LargePicture(QWidget):
    """256 by 256 logical pixels at scale 1; a whole number for each of the picture.

    Signals
    -------
    save_requested(QImage)
        What is seen, heat map and all, is to be kept as a file.
    """

    save_requested = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._pixels_HWC: NDArray[np.uint8] | None = None
        self.heat: NDArray[np.float32] | None = None  # (32, 32), 0 to 1
        self._shows_heat = True
        self._image: QImage | None = None
        theme.manager().changed.connect(self._restyle)
        self._restyle()

    def show_pixels(self, pixels_HWC: NDArray[np.uint8] | None, words: str) -> None:
        """Another picture, without a heat map, and what a screen reader says of it."""
        self._pixels_HWC = pixels_HWC
        self.heat = None
        self.setAccessibleName(words)
        self._draw()

    def show_heat(self, heat_HW: NDArray[np.float32] | None) -> None:
        """(32, 32), 0 to 1; None takes it away."""
        self.heat = heat_HW
        self._draw()

    def set_heat_visible(self, visible: bool) -> None:
        self._shows_heat = visible
        self._draw()

    def copy(self) -> None:
        """Put what is seen, 256 by 256, on the clipboard."""
        if self._image is not None:
            QGuiApplication.clipboard().setImage(self._enlarged(self._image))

    def save(self) -> None:
        """Ask for what is seen, 256 by 256, to be kept as a file."""
        if self._image is not None:
            self.save_requested.emit(self._enlarged(self._image))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.Save):
            self.save()
        else:
            super().keyPressEvent(event)

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        show_menu(self, event.globalPos(), self.copy, self.save)

    def _enlarged(self, image: QImage) -> QImage:
        return image.scaled(LARGE_PX, LARGE_PX)  # unsmoothed: the nearest pixel

    def _restyle(self) -> None:
        self.setFixedSize(large_side(), large_side())

    def _draw(self) -> None:
        pixels_HWC = self._pixels_HWC
        if pixels_HWC is not None and self.heat is not None and self._shows_heat:
            pixels_HWC = heated(pixels_HWC, self.heat)
        self._image = None if pixels_HWC is None else image_of(pixels_HWC)
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image is None:
            painter.fillRect(self.rect(), QColor(theme.current().grid))
        else:
            painter.drawImage(self.rect(), self._image)  # unsmoothed: the nearest pixel
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.current().accent), FOCUS_PX))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))


def large_side() -> int:
    """Side of the large picture in logical pixels at the chosen scale."""
    return theme.px(LARGE_PX) // SIDE_PX * SIDE_PX


def heated(pixels_HWC: NDArray[np.uint8], heat_HW: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The picture under its heat map: cold places darker and greyer, hot ones in colour.

    Parameters
    ----------
    heat_HW : (32, 32) float32
        0 to 1; what lies outside, or is no number, counts as the nearest end, or as 0.
    """
    heat_HW = np.clip(np.nan_to_num(heat_HW), 0.0, 1.0)
    steps = np.linspace(0.0, 1.0, len(RAMP))
    colour_HWC = np.stack([np.interp(heat_HW, steps, RAMP[:, i]) for i in range(3)], axis=-1)
    grey_HW = pixels_HWC @ np.array((0.299, 0.587, 0.114))
    share_HW1 = (HEAT_SHARE * np.sqrt(heat_HW))[..., None]
    ground_HWC = 0.75 * grey_HW[..., None]
    mixed_HWC = (1 - share_HW1) * ground_HWC + share_HW1 * colour_HWC
    return np.clip(np.rint(mixed_HWC), 0, 255).astype(np.uint8)
