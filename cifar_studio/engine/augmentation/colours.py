"""Operations that change colours, as torchvision does them to uint8 tensors.

Brightness, Color, Contrast and Sharpness blend a picture with black, its greys, its mean grey or
its blurred self. Posterize, Solarize, AutoContrast and Equalize look each value up in a table of
256, which the last two make from the picture.

Letters in names: B pictures, C = 3 channels, V = 256 values, P = 1024 pixels.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cifar_studio.engine.augmentation.boxes import SIDE

VALUES = 256
BLENDED = ("Brightness", "Color", "Contrast", "Sharpness")
_GREY = (0.2989, 0.587, 0.114)
_CENTRE, _SUM = 4, 13
"""The blur weighs 3x3 pixels by 1 and the middle by 5, of 13."""


def table(operation: str, magnitude: float) -> NDArray[np.uint8]:
    """What becomes of each of the 256 values, whatever the picture."""
    values_V = np.arange(VALUES, dtype=np.uint8)
    match operation:
        case "Posterize":
            dropped = 8 - int(magnitude)
            return (values_V >> dropped << dropped).astype(np.uint8)
        case "Solarize":
            return np.where(values_V >= magnitude, ~values_V, values_V)
    return values_V


def blended(images_BCHW: Tensor, masks_B: dict[str, Tensor], magnitudes_B: Tensor) -> Tensor:
    """uint8 pictures, blended where a mask of one of `BLENDED` says so.

    The strength is what the picture counts beyond 1; the other one counts its negative.
    """
    masks_B111 = {name: masks_B[name][:, None, None, None] for name in BLENDED}
    floats_BCHW = images_BCHW.float()
    greys_B1HW = _greys(floats_BCHW)
    means_B111 = greys_B1HW.mean(dim=(1, 2, 3), keepdim=True)
    others_B1HW = torch.where(masks_B111["Contrast"], means_B111, 0.0)
    others_B1HW = torch.where(masks_B111["Color"], greys_B1HW, others_B1HW)
    others_BCHW = torch.where(masks_B111["Sharpness"], _blurred(floats_BCHW), others_B1HW)
    is_blended_B111 = torch.stack(list(masks_B111.values())).any(0)
    extra_B111 = torch.where(is_blended_B111, magnitudes_B[:, None, None, None], 0.0)
    both_BCHW = floats_BCHW.mul_(1 + extra_B111).add_(others_BCHW.mul_(-extra_B111))
    return both_BCHW.clamp_(0, 255).to(torch.uint8)


def _greys(floats_BCHW: Tensor) -> Tensor:
    red, green, blue = (
        floats_BCHW[:, channel : channel + 1] * weight for channel, weight in enumerate(_GREY)
    )
    return red.add_(green).add_(blue).floor_()


def _blurred(floats_BCHW: Tensor) -> Tensor:
    """Rounded means of 3x3 pixels; the border stays. Sums are exact, and no mean is half-way.

    Rows are taken one after another, as they lie in memory, which is quicker; what the ends of
    two rows make together is border.
    """
    pixels_BCP = floats_BCHW.flatten(2)
    upright = pixels_BCP[..., : -2 * SIDE] + pixels_BCP[..., SIDE:-SIDE]
    upright.add_(pixels_BCP[..., 2 * SIDE :])
    sums = upright[..., :-2] + upright[..., 1:-1]
    sums.add_(upright[..., 2:]).add_(pixels_BCP[..., SIDE + 1 : -SIDE - 1], alpha=_CENTRE)
    means_BCP = functional.pad(sums.div_(_SUM).round_(), (SIDE + 1, SIDE + 1))
    along = torch.arange(SIDE, device=floats_BCHW.device)
    is_between = (along > 0) & (along < SIDE - 1)
    is_inner_HW = is_between[:, None] & is_between
    return torch.where(is_inner_HW, means_BCP.view_as(floats_BCHW), floats_BCHW)


def looked_up(images_BCHW: Tensor, masks_B: dict[str, Tensor], tables_BV: Tensor) -> Tensor:
    """uint8 pictures by their tables, or by those that AutoContrast and Equalize make of them."""
    masks_B11 = {name: mask_B[:, None, None] for name, mask_B in masks_B.items()}
    bytes_BCP = images_BCHW.flatten(2)
    pixels_BCP = bytes_BCP.long()
    highest_BC1 = bytes_BCP.amax(2, keepdim=True)
    stretched_BCV = _stretching(bytes_BCP.amin(2, keepdim=True), highest_BC1)
    tables_BCV = torch.where(masks_B11["AutoContrast"], stretched_BCV, tables_BV[:, None, :])
    equalized_BCV = _equalizing(pixels_BCP, highest_BC1.long())
    tables_BCV = torch.where(masks_B11["Equalize"], equalized_BCV, tables_BCV)
    return tables_BCV.gather(2, pixels_BCP).view_as(images_BCHW)


def _stretching(lowest_BC1: Tensor, highest_BC1: Tensor) -> Tensor:
    """Tables that take each channel's lowest value to 0 and its highest to 255."""
    values_V = torch.arange(VALUES, dtype=torch.float32, device=lowest_BC1.device)
    lowest_BC1, highest_BC1 = lowest_BC1.float(), highest_BC1.float()
    factors_BC1 = 255 / (highest_BC1 - lowest_BC1).clamp_(min=1)
    stretched_BCV = ((values_V - lowest_BC1) * factors_BC1).clamp_(0, 255)
    return torch.where(highest_BC1 > lowest_BC1, stretched_BCV, values_V).to(torch.uint8)


def _equalizing(pixels_BCP: Tensor, highest_BC1: Tensor) -> Tensor:
    """Tables that make all values of each channel about as frequent.

    Counted in whole numbers and along one dimension, which every device can do deterministically.
    """
    batch, channels, pixels = pixels_BCP.shape
    device = pixels_BCP.device
    rows_BC1 = torch.arange(batch * channels, device=device).view(batch, channels, 1) * VALUES
    ones = torch.ones((), dtype=torch.int32, device=device).expand(pixels_BCP.numel())
    counts = torch.zeros(batch * channels * VALUES, dtype=torch.int32, device=device)
    counts_BCV = counts.scatter_add_(0, (pixels_BCP + rows_BC1).flatten(), ones).view(
        batch, channels, VALUES
    )
    steps_BC1 = (pixels - counts_BCV.gather(2, highest_BC1)) // 255
    up_to_BCV = counts_BCV.cumsum(2, dtype=torch.int32)
    levels_BCV = (up_to_BCV + steps_BC1 // 2) // steps_BC1.clamp(min=1)
    equalized_BCV = functional.pad(levels_BCV[..., :-1], (1, 0)).clamp_(0, 255)
    values_V = torch.arange(VALUES, dtype=torch.int32, device=device)
    return torch.where(steps_BC1 > 0, equalized_BCV, values_V).to(torch.uint8)
