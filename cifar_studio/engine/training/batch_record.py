"""Losses and right answers of an epoch's batches, kept on the device until they are asked for."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cifar_studio.engine.training.cuda_graph import restored


class BatchRecord:
    """Two numbers a batch, written without waiting for the device and read at the log gate.

    Means are taken over the numbers of all batches in float64 on the host, in one order: how often
    a run was looked at does not change a digit, and no device needs float64.

    The last of the epoch's batches may be smaller than `batch_size`.
    """

    def __init__(self, pictures: int, batch_size: int, device: torch.device) -> None:
        starts = np.arange(0, pictures, batch_size)
        self.sizes_B: NDArray[np.int64] = np.diff(np.append(starts, pictures))
        self._device_2B = torch.zeros(2, len(starts), device=device)
        self._host_2B = np.zeros((2, len(starts)), dtype=np.float32)
        self.known = 0

    def clear(self) -> None:
        """Begin an epoch; the tensor on the device stays where it is."""
        self._device_2B.zero_()
        self._host_2B[:] = 0
        self.known = 0

    def __len__(self) -> int:
        return len(self.sizes_B)

    def put(self, batch_1: Tensor, loss: Tensor, correct: Tensor) -> None:
        """Note batch number `batch_1`, from 0, a (1,) int64 tensor on the device."""
        numbers_21 = torch.stack([loss, correct.to(loss.dtype)]).view(2, 1)
        self._device_2B.index_copy_(1, batch_1, numbers_21)

    def rolled_back(self) -> AbstractContextManager[None]:
        """What is noted within is forgotten."""
        return restored([self._device_2B])

    def fetch(self, batches: int) -> None:
        """Bring the numbers of the first `batches` to the host; the device is waited for, once."""
        new = slice(self.known, batches)
        self._host_2B[:, new] = self._device_2B[:, new].cpu().numpy()
        self.known = batches

    def mean(self, start: int, stop: int) -> tuple[float | None, float]:
        """Mean loss (None where not finite) and percent right of batches `start` to `stop`."""
        sizes = self.sizes_B[start:stop]
        losses, correct = self._host_2B[:, start:stop].astype(np.float64)
        pictures = max(1, int(sizes.sum()))
        # The exact sum, so that it does not depend on how NumPy groups its additions.
        is_finite = bool(np.isfinite(losses).all())
        loss = math.fsum((losses * sizes).tolist()) / pictures if is_finite else None
        return loss, 100 * float(correct.sum()) / pictures

    def first_not_finite(self) -> int | None:
        """The first known batch, from 0, whose loss is infinite or not a number."""
        bad = np.flatnonzero(~np.isfinite(self._host_2B[0, : self.known]))
        return int(bad[0]) if len(bad) else None

    def known_numbers(self) -> Tensor:
        """(2, known) float32: what a checkpoint keeps."""
        return torch.from_numpy(self._host_2B[:, : self.known].copy())

    def restore(self, numbers_2B: Tensor) -> None:
        """Take over what `known_numbers` gave."""
        self.known = numbers_2B.shape[1]
        self._host_2B[:, : self.known] = numbers_2B.numpy()
