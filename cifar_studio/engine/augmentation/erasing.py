"""Cutout and RandomErasing: a square or a rectangle of a picture is blanked out.

Both write 0 after normalisation, which is the mean colour where a run normalises by its pictures.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.augmentation.boxes import SIDE, inside
from cifar_studio.engine.augmentation.streams import Purpose, stream

AREAS = (0.02, 0.33)
"""Shares of a picture that RandomErasing's rectangle covers, uniformly (arXiv 1708.04896)."""
ASPECTS = (0.3, 3.3)
"""Its height by its width, uniformly in the logarithm."""
TRIES = 10
"""So often a rectangle that does not fit into the picture is drawn; then nothing is blanked."""


def draw_cutout(config: TrainConfig, n: int, epoch: int, device: torch.device) -> Tensor | None:
    """An epoch's squares, (N, 4) int64; an empty one where a picture stays whole.

    The centre is any pixel, as in arXiv 1708.04552, so the border may cut the square.
    """
    if not config.cutout:
        return None
    generator = stream(config.seed, epoch, Purpose.CUTOUT)
    is_chosen_N = generator.random(n) < config.cutout
    first_2N = generator.integers(0, SIDE, size=(2, n)) - config.cutout_size // 2
    sides_2N = np.full((2, n), config.cutout_size)
    return torch.from_numpy(_boxes(first_2N, sides_2N, is_chosen_N)).to(device)


def draw_erasing(config: TrainConfig, n: int, epoch: int, device: torch.device) -> Tensor | None:
    """An epoch's rectangles, (N, 4) int64, as torchvision's RandomErasing draws them by default."""
    if not config.random_erasing:
        return None
    generator = stream(config.seed, epoch, Purpose.ERASING)
    is_chosen_N = generator.random(n) < config.random_erasing
    areas_TN = SIDE * SIDE * generator.uniform(*AREAS, size=(TRIES, n))
    aspects_TN = np.exp(generator.uniform(np.log(ASPECTS[0]), np.log(ASPECTS[1]), size=(TRIES, n)))
    sides_2TN = np.rint(np.sqrt([areas_TN * aspects_TN, areas_TN / aspects_TN])).astype(np.int64)
    fits_TN = (sides_2TN < SIDE).all(axis=0)
    sides_2N = sides_2TN[:, fits_TN.argmax(axis=0), np.arange(n)]
    is_chosen_N &= fits_TN.any(axis=0)
    first_2N = generator.integers(0, np.maximum(SIDE - sides_2N, 0) + 1)
    return torch.from_numpy(_boxes(first_2N, sides_2N, is_chosen_N)).to(device)


def blank_out(boxes_N4: Tensor, images_BCHW: Tensor, shown_B: Tensor) -> Tensor:
    """Write 0 into the boxes of the pictures at the places `shown_B` of an epoch.

    The pictures, (B, 3, 32, 32) normalised floats, are changed where they are.
    """
    return images_BCHW.masked_fill_(inside(boxes_N4.index_select(0, shown_B)), 0.0)


def _boxes(
    first_2N: NDArray[np.int64], sides_2N: NDArray[np.int64], is_chosen_N: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """(top, bottom, left, right) within the picture, from rows and columns."""
    ends_2N = np.minimum(first_2N + sides_2N, SIDE)
    starts_2N = np.maximum(first_2N, 0)
    boxes_N4 = np.stack([starts_2N[0], ends_2N[0], starts_2N[1], ends_2N[1]], axis=1)
    return boxes_N4 * is_chosen_N[:, None]
