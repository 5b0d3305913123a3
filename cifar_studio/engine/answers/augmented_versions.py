"""The versions of one picture that a training shows to its network, by the training's own code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Split
from cifar_studio.engine.training.batches import crop_and_flip, plan_epoch

VERSIONS = 8


@dataclass(frozen=True)
class Versions:
    """What an augmentation makes of a picture.

    Attributes
    ----------
    images_VHWC : (V, 32, 32, 3) uint8
        One an epoch, from the first on.
    is_trained_on : bool
        Whether the run shows just these to its network. Otherwise the picture is none of its
        training pictures, and they are what it would do to such a one.
    """

    images_VHWC: NDArray[np.uint8]
    is_trained_on: bool


def augmented(
    config: TrainConfig,
    pictures: Split,
    position: int,
    trained_on: NDArray[np.int64],
    *,
    versions: int = VERSIONS,
) -> Versions:
    """The picture at `position` of a split as the first epochs of a run show it.

    Parameters
    ----------
    trained_on : (N,) int64
        Positions, ascending, of the run's training pictures in that split; empty for test
        pictures.
    """
    row = int(np.searchsorted(trained_on, position))
    is_trained_on = row < len(trained_on) and int(trained_on[row]) == position
    image_1CHW = torch.from_numpy(np.array(pictures.images_NCHW[position : position + 1]))
    shown = []
    for epoch in range(1, versions + 1):
        plan = plan_epoch(
            len(trained_on) if is_trained_on else 1,
            seed=config.seed,
            epoch=epoch,
            crop=config.random_crop,
            flip=config.horizontal_flip,
            device=torch.device("cpu"),
        )
        # Crops and mirrorings belong to the place in the epoch's order.
        place = int((plan.order_N == row).nonzero()[0, 0]) if is_trained_on else 0
        one = slice(place, place + 1)
        shown.append(
            crop_and_flip(image_1CHW, plan.rows_N[one], plan.columns_N[one], plan.flips_N[one])
        )
    return Versions(torch.cat(shown).permute(0, 2, 3, 1).contiguous().numpy(), is_trained_on)
