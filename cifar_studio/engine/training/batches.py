"""Pictures on the device, and the shuffled and augmented batches of an epoch.

There is no loader: the pictures lie on the device as bytes (184 MB for the complete set) from the
first step to the last, and a batch is cut out of them by one gather. An epoch's order and all its
augmentation are drawn at its start from (seed, epoch) alone, so any batch of any epoch can be made
without the ones before it.

Letters in names: N pictures, B of one batch, C = 3 channels, H = W = 32, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Split
from cifar_studio.engine.augmentation.erasing import blank_out, draw_cutout, draw_erasing
from cifar_studio.engine.augmentation.mixing import Mixing, draw_mixing, mix
from cifar_studio.engine.augmentation.policies import Entries, Policy, augment, draw_policy
from cifar_studio.engine.augmentation.streams import Purpose, stream

SIZE = 32
PADDING = 4
PADDED = SIZE + 2 * PADDING
OFFSETS = 2 * PADDING + 1


@dataclass(frozen=True)
class Pictures:
    """Labelled pictures on a device.

    Attributes
    ----------
    images_NCHW : (N, 3, 32, 32) uint8 tensor
    labels_N : (N,) int64 tensor
    positions_N : (N,) int32 array
        Where each stands in its complete split.
    """

    images_NCHW: Tensor
    labels_N: Tensor
    positions_N: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.positions_N)

    def part(self, rows: NDArray[np.int64]) -> Pictures:
        """A copy of some of them."""
        rows_n = torch.from_numpy(rows).to(self.labels_N.device)
        return Pictures(self.images_NCHW[rows_n], self.labels_N[rows_n], self.positions_N[rows])


def place(split: Split, positions: NDArray[np.int64], device: torch.device) -> Pictures:
    """Copy the pictures at `positions` of a split to a device."""
    images = torch.from_numpy(split.images_NCHW[positions]).to(device)
    labels = torch.from_numpy(split.labels_N[positions].astype(np.int64)).to(device)
    return Pictures(images, labels, positions.astype(np.int32))


class Normalize:
    """Bytes to normalised floats, with the bits of torchvision's ToTensor and Normalize.

    Parameters
    ----------
    mean, std : three floats each
        Per channel, of values in [0, 1].
    memory_format : torch.memory_format
        Of what comes out.
    """

    def __init__(
        self,
        mean: Sequence[float],
        std: Sequence[float],
        device: torch.device,
        memory_format: torch.memory_format = torch.contiguous_format,
    ) -> None:
        self._mean_C11 = torch.tensor(mean, dtype=torch.float32, device=device).view(3, 1, 1)
        self._std_C11 = torch.tensor(std, dtype=torch.float32, device=device).view(3, 1, 1)
        self._memory_format = memory_format

    def __call__(self, images_BCHW: Tensor) -> Tensor:
        """(B, 3, 32, 32) uint8 to float32 of the same shape."""
        floats_BCHW = images_BCHW.to(torch.float32, memory_format=self._memory_format)
        return floats_BCHW.div_(255).sub_(self._mean_C11).div_(self._std_C11)


@dataclass(frozen=True)
class EpochPlan:
    """An epoch's order and augmentation, on the device; row i is of the i-th picture shown.

    Attributes
    ----------
    order_N : (N,) int64 tensor
        Which picture.
    rows_N, columns_N : (N,) int64 tensors
        Where the crop starts in the padded picture, 0 to 8; 4 is the picture as it is.
    flips_N : (N, 1) bool tensor
        Whether it is mirrored left to right.
    policy : Policy, optional
        Operations of TrivialAugment or RandAugment.
    cutout_N4, erasing_N4 : (N, 4) int64 tensors, optional
        What is blanked out: top, bottom, left, right; empty where nothing is.
    mixing : Mixing, optional
        How the batches are mixed.
    """

    order_N: Tensor
    rows_N: Tensor
    columns_N: Tensor
    flips_N: Tensor
    policy: Policy | None = None
    cutout_N4: Tensor | None = None
    erasing_N4: Tensor | None = None
    mixing: Mixing | None = None

    def copy_(self, other: EpochPlan) -> None:
        """Become another epoch of the same run; the tensors stay where they are."""
        for mine, theirs in zip(_tensors(self), _tensors(other), strict=True):
            mine.copy_(theirs)


def _tensors(plan: EpochPlan | Policy | Entries | Mixing) -> Iterator[Tensor]:
    """All tensors of a plan and its parts."""
    for field in fields(plan):
        value = getattr(plan, field.name)
        if isinstance(value, Tensor):
            yield value
        elif value is not None:
            yield from _tensors(value)


def plan_epoch(config: TrainConfig, n: int, *, epoch: int, device: torch.device) -> EpochPlan:
    """Draw an epoch of `n` pictures, on the host, whatever the device.

    Each purpose (order, crop, mirroring and so on) draws from its own stream of random numbers,
    by the config's seed and the epoch.
    """

    def drawing(purpose: Purpose) -> np.random.Generator:
        return stream(config.seed, epoch, purpose)

    order_N = drawing(Purpose.ORDER).permutation(n)
    if config.random_crop:
        starts_2N = drawing(Purpose.CROP).integers(0, OFFSETS, size=(2, n))
    else:
        starts_2N = np.full((2, n), PADDING)
    is_flipped = config.horizontal_flip
    flips_N = drawing(Purpose.FLIP).random(n) < 0.5 if is_flipped else np.zeros(n, dtype=bool)
    return EpochPlan(
        order_N=torch.from_numpy(order_N).to(device),
        rows_N=torch.from_numpy(starts_2N[0]).to(device),
        columns_N=torch.from_numpy(starts_2N[1]).to(device),
        flips_N=torch.from_numpy(flips_N[:, None]).to(device),
        policy=draw_policy(config, n, epoch, device),
        cutout_N4=draw_cutout(config, n, epoch, device),
        erasing_N4=draw_erasing(config, n, epoch, device),
        mixing=draw_mixing(config, n, epoch, device),
    )


@dataclass(frozen=True)
class Batch:
    """What a step trains on.

    Attributes
    ----------
    images_BCHW : (B, 3, 32, 32) float32 tensor
        Augmented, normalised and mixed.
    labels_B : (B,) int64 tensor
        Of a mixed picture that of its larger share.
    targets_BK : (B, 100) float32 tensor, optional
        The share of each class, where a run mixes.
    """

    images_BCHW: Tensor
    labels_B: Tensor
    targets_BK: Tensor | None


def make_batch(
    pictures: Pictures, plan: EpochPlan, normalize: Normalize, batch_1: Tensor, shown_B: Tensor
) -> Batch:
    """Make batch number `batch_1`, (1,) int64, of the places `shown_B`, (B,) int64, of an epoch.

    Which steps there are depends on the plan's parts alone, and none waits for the device.
    """
    bytes_BCHW, labels_B = cut_batch(pictures, plan, shown_B)
    if plan.policy is not None:
        bytes_BCHW = augment(plan.policy, bytes_BCHW, shown_B)
    images_BCHW = normalize(bytes_BCHW)
    for boxes_N4 in (plan.cutout_N4, plan.erasing_N4):
        if boxes_N4 is not None:
            blank_out(boxes_N4, images_BCHW, shown_B)
    if plan.mixing is None:
        return Batch(images_BCHW, labels_B, None)
    return Batch(*mix(plan.mixing, images_BCHW, labels_B, batch_1, shown_B))


def cut_batch(pictures: Pictures, plan: EpochPlan, shown_B: Tensor) -> tuple[Tensor, Tensor]:
    """The pictures at the places `shown_B`, (B,) int64, of an epoch.

    The crop is torchvision's `RandomCrop(32, padding=4)`: the border is black before
    normalisation. One gather along flattened padded pictures makes crop and mirror image at once:
    0.7 ms for 128 pictures on two CPU cores, against 1.1 to 2.7 for windows or fancy indexing.

    Returns
    -------
    (B, 3, 32, 32) uint8 and (B,) int64 tensors
        Pictures and labels.
    """
    chosen_B = plan.order_N.index_select(0, shown_B)
    images_BCHW = pictures.images_NCHW.index_select(0, chosen_B)
    labels_B = pictures.labels_N.index_select(0, chosen_B)
    rows_B, columns_B, flips_B1 = (
        values.index_select(0, shown_B) for values in (plan.rows_N, plan.columns_N, plan.flips_N)
    )
    return crop_and_flip(images_BCHW, rows_B, columns_B, flips_B1), labels_B


def crop_and_flip(
    images_BCHW: Tensor, rows_B: Tensor, columns_B: Tensor, flips_B1: Tensor
) -> Tensor:
    """Pad by 4 zeros, cut 32x32 at (row, column), mirror where flipped."""
    batch = len(images_BCHW)
    along_W = torch.arange(SIZE, device=images_BCHW.device)
    y_BH = rows_B[:, None] + along_W
    x_BW = columns_B[:, None] + torch.where(flips_B1, along_W.flip(0), along_W)
    pixels_B1P = (y_BH[:, :, None] * PADDED + x_BW[:, None, :]).view(batch, 1, SIZE * SIZE)
    padded_BCP = functional.pad(images_BCHW, (PADDING,) * 4).flatten(2)
    return padded_BCP.gather(2, pixels_B1P.expand(-1, 3, -1)).view(batch, 3, SIZE, SIZE)
