"""The versions of one picture that a training shows to its network, by the training's own code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Split
from cifar_studio.engine.training.batches import Normalize, make_batch, place, plan_epoch

VERSIONS = 8
_CPU = torch.device("cpu")


@dataclass(frozen=True)
class Mixed:
    """The two classes of a mixed version; the partner has the rest of the share."""

    label: int
    share: float
    partner: int


@dataclass(frozen=True)
class Versions:
    """What an augmentation makes of a picture.

    Attributes
    ----------
    images_VHWC : (V, 32, 32, 3) uint8
        One an epoch, from the first on.
    mixed_V : tuple of Mixed or None
        For each, whether it is mixed with another picture.
    is_trained_on : bool
        Whether the run shows just these to its network. Otherwise the picture is none of its
        training pictures, and they are what it would do if it were.
    """

    images_VHWC: NDArray[np.uint8]
    mixed_V: tuple[Mixed | None, ...]
    is_trained_on: bool


def augmented(
    config: TrainConfig,
    pictures: Split,
    position: int,
    trained_on: NDArray[np.int64],
    *,
    mean: Sequence[float] = (0.5, 0.5, 0.5),
    versions: int = VERSIONS,
) -> Versions:
    """The picture at `position` of a split as the first epochs of a run show it.

    Parameters
    ----------
    trained_on : (N,) int64
        Positions, ascending, of the run's training pictures in that split; empty for test
        pictures, which are then mixed with others of their own split.
    mean : three floats
        What the run subtracts from each channel, 0 to 1: the colour of what is blanked out.
    """
    row = int(np.searchsorted(trained_on, position))
    is_trained_on = row < len(trained_on) and int(trained_on[row]) == position
    if not is_trained_on:
        if len(trained_on):
            row, trained_on = len(trained_on), np.append(trained_on, position)
        else:
            row, trained_on = position, np.arange(len(pictures))
    shown = [
        _version(config, pictures, row, trained_on, epoch, mean) for epoch in range(1, versions + 1)
    ]
    return Versions(
        images_VHWC=np.stack([image_HWC for image_HWC, _ in shown]),
        mixed_V=tuple(mixed for _, mixed in shown),
        is_trained_on=is_trained_on,
    )


def _version(
    config: TrainConfig,
    split: Split,
    row: int,
    positions: NDArray[np.int64],
    epoch: int,
    mean: Sequence[float],
) -> tuple[NDArray[np.uint8], Mixed | None]:
    """The picture at `positions[row]` out of its batch of an epoch, with its two labels."""
    plan = plan_epoch(config, len(positions), epoch=epoch, device=_CPU)
    at = int((plan.order_N == row).nonzero()[0, 0])
    batch, inside = divmod(at, config.batch_size)
    shown_B = torch.arange(
        batch * config.batch_size, min((batch + 1) * config.batch_size, len(positions))
    )
    # Only this batch's pictures are taken from the split, and the order leads to them.
    pictures = place(split, positions[plan.order_N[shown_B].numpy()], _CPU)
    order_N = plan.order_N.index_copy(0, shown_B, torch.arange(len(shown_B)))
    # Mixing is linear, so the standard deviation does not matter.
    normalize = Normalize(mean, (1.0, 1.0, 1.0), _CPU)
    made = make_batch(
        pictures, replace(plan, order_N=order_N), normalize, torch.tensor([batch]), shown_B
    )
    image_HWC = _bytes(made.images_BCHW[inside], mean)
    if plan.mixing is None:
        return image_HWC, None
    share, partner = float(plan.mixing.shares_M[batch]), int(plan.mixing.partners_N[at])
    if share == 1 or partner == inside:
        return image_HWC, None
    labels_B = pictures.labels_N.tolist()
    return image_HWC, Mixed(labels_B[inside], share, labels_B[partner])


def _bytes(image_CHW: Tensor, mean: Sequence[float]) -> NDArray[np.uint8]:
    bytes_CHW = image_CHW.add(torch.tensor(mean).view(3, 1, 1)).mul_(255).round_().clamp_(0, 255)
    pixels: NDArray[np.uint8] = bytes_CHW.to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    return pixels
