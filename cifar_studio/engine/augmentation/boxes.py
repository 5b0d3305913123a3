"""Rectangles in pictures: (top, bottom, left, right), the second and fourth excluded."""

from __future__ import annotations

import torch
from torch import Tensor

SIDE = 32


def inside(boxes_B4: Tensor) -> Tensor:
    """Which pixels lie in a box, as (B, 1, 32, 32) bool; none where it is empty."""
    along = torch.arange(SIDE, device=boxes_B4.device)
    top_B1, bottom_B1, left_B1, right_B1 = boxes_B4[:, :, None].unbind(1)
    rows_BH = (along >= top_B1) & (along < bottom_B1)
    columns_BW = (along >= left_B1) & (along < right_B1)
    return (rows_BH[:, :, None] & columns_BW[:, None, :])[:, None]
