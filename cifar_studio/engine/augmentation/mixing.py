"""MixUp and CutMix: each picture of a batch with another one, and their labels by the same shares.

MixUp (arXiv 1710.09412) blends the two; CutMix (arXiv 1905.04899) cuts a box out of the other one.
How is drawn once a batch, and the partners are a permutation of it.

Letters in names: N pictures and M batches of an epoch, B pictures of one batch, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import CLASSES
from cifar_studio.engine.augmentation.boxes import SIDE, inside
from cifar_studio.engine.augmentation.streams import Purpose, stream


@dataclass(frozen=True)
class Mixing:
    """How an epoch's batches are mixed.

    Attributes
    ----------
    shares_M : (M,) float32 tensor
        What a picture keeps of itself and of its label; 1 where a batch is not mixed.
    boxes_M4 : (M, 4) int64 tensor
        What CutMix takes from the partner; empty where a batch is blended or not mixed.
    partners_N : (N,) int64 tensor
        The place of each picture's partner inside their batch. A few are their own.
    """

    shares_M: Tensor
    boxes_M4: Tensor
    partners_N: Tensor


def draw_mixing(config: TrainConfig, n: int, epoch: int, device: torch.device) -> Mixing | None:
    """An epoch's shares, boxes and partners."""
    if config.mixing == "none":
        return None

    def drawing(purpose: Purpose) -> np.random.Generator:
        return stream(config.seed, epoch, purpose)

    batches = -(-n // config.batch_size)
    chances_2M = drawing(Purpose.MIXED).random((2, batches))
    is_mixed_M = chances_2M[0] < config.mixing_probability
    threshold = {"mixup": 1.0, "cutmix": 0.0}.get(config.mixing, 0.5)
    is_blended_M = chances_2M[1] < threshold
    blends_M = drawing(Purpose.MIXUP).beta(config.mixup_alpha, config.mixup_alpha, size=batches)
    boxes_M4 = _cutmix_boxes(drawing(Purpose.CUTMIX), config.cutmix_alpha, batches)
    boxes_M4 *= (is_mixed_M & ~is_blended_M)[:, None]
    areas_M = (boxes_M4[:, 1] - boxes_M4[:, 0]) * (boxes_M4[:, 3] - boxes_M4[:, 2])
    shares_M = np.where(is_mixed_M & is_blended_M, blends_M, 1 - areas_M / SIDE**2)
    return Mixing(
        shares_M=torch.from_numpy(shares_M.astype(np.float32)).to(device),
        boxes_M4=torch.from_numpy(boxes_M4).to(device),
        partners_N=torch.from_numpy(_partners(drawing(Purpose.PARTNER), n, config.batch_size)).to(
            device
        ),
    )


def _cutmix_boxes(generator: np.random.Generator, alpha: float, batches: int) -> NDArray[np.int64]:
    """Boxes around any pixel; the border may cut them, and the share then follows the box."""
    centres_2M = generator.integers(0, SIDE, size=(2, batches))
    shares_M = generator.beta(alpha, alpha, size=batches)
    half_M = (0.5 * np.sqrt(1 - shares_M) * SIDE).astype(np.int64)
    starts_2M = np.maximum(centres_2M - half_M, 0)
    ends_2M = np.minimum(centres_2M + half_M, SIDE)
    return np.stack([starts_2M[0], ends_2M[0], starts_2M[1], ends_2M[1]], axis=1)


def _partners(generator: np.random.Generator, n: int, batch_size: int) -> NDArray[np.int64]:
    whole, rest = divmod(n, batch_size)
    places_MB = np.tile(np.arange(batch_size), (whole, 1))
    return np.concatenate(
        [generator.permuted(places_MB, axis=1).ravel(), generator.permutation(rest)]
    )


def mix(
    mixing: Mixing, images_BCHW: Tensor, labels_B: Tensor, batch_1: Tensor, shown_B: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Mix one batch.

    Parameters
    ----------
    images_BCHW : (B, 3, 32, 32) float tensor
        Normalised.
    labels_B : (B,) int64 tensor
    batch_1 : (1,) int64 tensor
        Which batch of the epoch it is.
    shown_B : (B,) int64 tensor
        The places of its pictures in the epoch.

    Returns
    -------
    images_BCHW, labels_B, targets_BK
        Mixed pictures, the label of each one's larger share, and the shares of all classes.
    """
    share_1 = mixing.shares_M.index_select(0, batch_1)
    inside_11HW = inside(mixing.boxes_M4.index_select(0, batch_1))
    # Outside of CutMix's box all is the picture's own; without a box all is blended.
    outside_1 = torch.where(inside_11HW.any(), 1.0, share_1)
    weights_11HW = torch.where(inside_11HW, 0.0, outside_1)
    partners_B = mixing.partners_N.index_select(0, shown_B)
    others_BCHW = images_BCHW[partners_B]  # keeps the memory format, as index_select does not
    mixed_BCHW = others_BCHW.mul_(1 - weights_11HW).add_(images_BCHW * weights_11HW)
    others_B = labels_B.index_select(0, partners_B)
    targets_BK = _one_hot(others_B).mul_(1 - share_1).add_(_one_hot(labels_B).mul_(share_1))
    return mixed_BCHW, torch.where(share_1 >= 0.5, labels_B, others_B), targets_BK


def _one_hot(labels_B: Tensor) -> Tensor:
    classes_K = torch.arange(CLASSES, device=labels_B.device)
    return (labels_B[:, None] == classes_K).to(torch.float32)
