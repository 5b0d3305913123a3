"""What becomes of a weight that no gradient reaches: weight decay and momentum alone move it.

SGD takes the pair of such a weight and its momentum by a linear law, whatever the learning rate
does, and a running average of it follows the same law. So one weight that starts at 1 tells of all
of them: each is its start times that number. The taps that a specialised network leaves out are
such weights, and so is what tells a folded layer's copies apart (see `whole_weights.py`).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from cifar_studio.config.train_config import TrainConfig


class FreeWeight:
    """A weight of 1 without a gradient, taken along by each step of a training.

    Nothing here waits for the device.

    Attributes
    ----------
    values_3 : (3,) float64 tensor on the device; float32 on Apple's GPUs, which have no other
        The weight, its momentum, and its running average.
    """

    def __init__(self, config: TrainConfig, device: torch.device) -> None:
        # In float32 its rounding is that of any weight of a stock network: 2e-5 in a long run.
        self._kind = torch.float32 if device.type == "mps" else torch.float64
        decayed, momentum = _update_rows(config)
        rows_22 = np.array([[1.0, 0.0], momentum])
        self._rows_22 = torch.tensor(rows_22, dtype=self._kind, device=device)
        fallen_22 = np.array([decayed, np.zeros(2)])
        self._fallen_22 = torch.tensor(fallen_22, dtype=self._kind, device=device)
        self.values_3 = torch.tensor([1.0, 0.0, 0.0], dtype=self._kind, device=device)

    def step(self, rate: float | Tensor, overflowed: Tensor | None) -> None:
        """One update with a learning rate; none where the float16 scaler left the step out."""
        pair_2 = self.values_3[:2]
        after_2 = (self._rows_22 * pair_2).sum(1) - rate * (self._fallen_22 * pair_2).sum(1)
        if overflowed is not None:
            after_2 = torch.where(overflowed.view(()) == 0, after_2, pair_2)
        pair_2.copy_(after_2)

    def average(self, share: Tensor) -> None:
        """Take its present value into the running average, by that share."""
        self.values_3[2].lerp_(self.values_3[0], share.to(self._kind))


def free_weight_after(config: TrainConfig, updates: int) -> Tensor:
    """(3,) float64: a free weight after so many updates at the constant rate of a config.

    Its average is not known and stands at 0.
    """
    decayed, momentum = _update_rows(config)
    update_22 = np.array([np.array([1.0, 0.0]) - config.learning_rate * decayed, momentum])
    with np.errstate(over="ignore", invalid="ignore"):  # settings that make it grow
        weight, its_momentum = np.linalg.matrix_power(update_22, updates)[:, 0]
    return torch.tensor([weight, its_momentum, 0.0], dtype=torch.float64)


def _update_rows(config: TrainConfig) -> tuple[np.ndarray, np.ndarray]:
    """What the pair (weight, momentum) gives in an update: the weight's fall, the new momentum.

    `torch.optim.SGD` with gradient g = decay * w: v becomes momentum * v + g, and w loses
    rate * v, or rate * (g + momentum * v) with nesterov.
    """
    decay, momentum = config.weight_decay, config.momentum
    momentum_row = np.array([decay, momentum])
    gradient_row = np.array([decay, 0.0])
    return (gradient_row + momentum * momentum_row if config.nesterov else momentum_row), (
        momentum_row
    )
