"""Pictures scaled for the screen, a bounded number of them kept.

Scaled by the nearest pixel, for a picture of 32 by 32 is looked at pixel by pixel.
"""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPixmap

from cifar_studio.ui.pictures.data.picture_set import SIDE_PX
from cifar_studio.ui.pictures.data.shown_pictures import ShownPictures

MAX_BYTES = 48 * 2**20  # more than all thumbnails on a screen of 3840 by 2160 cover
MAX_COUNT = 3000  # each is an object that every collection of garbage looks at
AT_ONCE = 64  # so many that their pixels stay in the processor's cache
BYTES_PER_PIXEL = 4
_FORMAT = QImage.Format.Format_RGB32


class Thumbnails:
    """Pixmaps of pictures at one size; the longest unused go first.

    Parameters
    ----------
    max_bytes : int
        Room for the pixels that are kept; what one call asks for is made even if it is more.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._pictures: ShownPictures | None = None
        self._side = 0
        self._ratio = 1.0
        self._kept: OrderedDict[int, QPixmap] = OrderedDict()

    @property
    def bytes_kept(self) -> int:
        return len(self._kept) * self._side**2 * BYTES_PER_PIXEL

    def show(self, pictures: ShownPictures | None) -> None:
        """Draw from another set from now on."""
        self._pictures = pictures
        self._kept.clear()

    def pixmaps(self, references: NDArray[np.int32], size_px: int, ratio: float) -> list[QPixmap]:
        """Pixmaps of `size_px` logical pixels for a screen of that device pixel ratio."""
        assert self._pictures is not None
        side = round(size_px * ratio)
        if (side, ratio) != (self._side, self._ratio):
            self._side, self._ratio = side, ratio
            self._kept.clear()
        requested = references.tolist()
        kept = self._kept
        missing = [reference for reference in requested if reference not in kept]
        for start in range(0, len(missing), AT_ONCE):
            part = missing[start : start + AT_ONCE]
            planes_NCHW = self._pictures.planes(np.array(part, dtype=np.int32))
            for reference, image in zip(part, scaled_images(planes_NCHW, side), strict=True):
                image.setDevicePixelRatio(ratio)
                kept[reference] = QPixmap.fromImage(image)
        for reference in requested:
            kept.move_to_end(reference)
        result = [kept[reference] for reference in requested]
        room = min(self._max_bytes // (side**2 * BYTES_PER_PIXEL), MAX_COUNT)
        for _ in range(len(kept) - room):
            kept.popitem(last=False)
        return result


def scaled_images(planes_NCHW: NDArray[np.uint8], side: int) -> list[QImage]:
    """Images of `side` device pixels; each owns its pixels."""
    red, green, blue = (planes_NCHW[:, plane].astype(np.uint32) for plane in range(3))
    packed = np.uint32(0xFF000000) | (red << 16) | (green << 8) | blue
    if side != SIDE_PX:
        nearest = np.arange(side) * SIDE_PX // side
        packed = packed.take(nearest, axis=1).take(nearest, axis=2)  # contiguous, unlike one index
    count = len(packed)
    column = QImage(packed.data, side, count * side, side * BYTES_PER_PIXEL, _FORMAT)
    return [column.copy(0, number * side, side, side) for number in range(count)]


def image_of(pixels_HWC: NDArray[np.uint8]) -> QImage:
    """One (32, 32, 3) picture as an image of 32 by 32."""
    return scaled_images(pixels_HWC.transpose(2, 0, 1)[None], SIDE_PX)[0]
