"""Operations that move pixels: shear, shift and turn.

Strengths are few, so where each pixel comes from is worked out once for all of them, on the host.
A batch is then moved by one gather, with the same pixels on every device.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cifar_studio.engine.augmentation.boxes import SIDE

PIXELS = SIDE * SIDE
BLACK = PIXELS
"""The number of the black pixel that stands for all outside the picture."""


def source_pixels(operation: str, magnitude: float) -> NDArray[np.int16]:
    """Which pixel, counted by rows, each of the (1024,) pixels takes; 1024 is black.

    Single precision, in the order in which torchvision's `affine` and `rotate` of tensors compute
    a nearest pixel, for many lie half-way between two: at 45 degrees a whole diagonal does.
    """
    coefficients_23 = np.array(_inverse(operation, magnitude), dtype=np.float32) / np.float32(16)
    along = np.arange(SIDE, dtype=np.float32) - np.float32(15.5)
    columns_HW, rows_HW = (
        np.rint((along[None, :] * x + along[:, None] * y + one + np.float32(1)) * 16 - 0.5)
        for x, y, one in coefficients_23
    )
    is_inside_HW = (rows_HW >= 0) & (rows_HW < SIDE) & (columns_HW >= 0) & (columns_HW < SIDE)
    pixels_HW = np.where(is_inside_HW, rows_HW * SIDE + columns_HW, BLACK)
    return pixels_HW.astype(np.int16).ravel()


def _inverse(operation: str, magnitude: float) -> tuple[tuple[float, float, float], ...]:
    """Where a pixel comes from, as rows (x, y, 1) for its column and row from the centre."""
    match operation:
        case "ShearX":  # about the upper left corner, as the policies do
            return (1, magnitude, 16 * magnitude), (0, 1, 0)
        case "ShearY":
            return (1, 0, 0), (magnitude, 1, 16 * magnitude)
        case "TranslateX":
            return (1, 0, -int(magnitude)), (0, 1, 0)
        case "TranslateY":
            return (1, 0, 0), (0, 1, -int(magnitude))
        case "Rotate":
            cosine, sine = math.cos(math.radians(magnitude)), math.sin(math.radians(magnitude))
            return (cosine, -sine, 0), (sine, cosine, 0)
    return (1, 0, 0), (0, 1, 0)


def moved(images_BCHW: Tensor, sources_BP: Tensor) -> Tensor:
    """uint8 pictures, each pixel taken from where `source_pixels` says, (B, 1024)."""
    with_black_BCP = functional.pad(images_BCHW.flatten(2), (0, 1))
    sources_BCP = sources_BP.long()[:, None, :].expand(-1, images_BCHW.shape[1], -1)
    return with_black_BCP.gather(2, sources_BCP).view_as(images_BCHW)
