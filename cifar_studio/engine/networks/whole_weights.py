"""Whole weights again, from those of a specialised network (see `specialize.py`).

A weight whose gradient is zero but for weight decay follows a linear law: SGD takes the pair of
weight and momentum times a matrix of two by two, each update. After n updates such a weight is its
start times a number, `shrinkage`, that depends on n and the settings alone. A cropped convolution's
dead taps are just that. Of a folded layer's 49 copies each is the same change, common to all, and
its own start that has shrunk; their sum is what was trained.

In exact arithmetic these are the stock network's weights. In float32 the stock network rounds at
every update; over the 27,370 updates of a report's run that is 2e-5 of a weight.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.networks.models import build_for
from cifar_studio.engine.networks.specialize import Cropped, Rewrite


def whole_weights(
    trained: Mapping[str, Tensor], rewrites: tuple[Rewrite, ...], config: TrainConfig, updates: int
) -> dict[str, Tensor]:
    """All weights and buffers of the stock network, on the CPU.

    The starting weights are drawn again from the config's seed; torch's random state stays.

    `trained` is of the specialised network, and `updates` counts the steps that changed it.
    """
    whole = {name: value.detach().cpu() for name, value in trained.items()}
    if not rewrites:
        return whole
    gpus = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()  # type: ignore[no-untyped-call]
    with torch.random.fork_rng(devices=gpus):
        start = build_for(config).state_dict()
    return whole | unspecialized(whole, start, rewrites, shrinkage(config, updates))


def unspecialized(
    trained: Mapping[str, Tensor],
    start: Mapping[str, Tensor],
    rewrites: tuple[Rewrite, ...],
    shrunk: float,
) -> dict[str, Tensor]:
    """The rewritten weights in their whole form, from the trained ones and the whole start."""
    whole: dict[str, Tensor] = {}
    for rewrite in rewrites:
        before, now = start[rewrite.weight], trained[rewrite.weight]
        if isinstance(rewrite, Cropped):
            whole[rewrite.weight] = before * shrunk
            rewrite.live(whole[rewrite.weight]).copy_(now)
        else:
            own = rewrite.apart(before.double()) * shrunk
            common = (now.double() - own.sum(2)) / rewrite.copies
            whole[rewrite.weight] = (own + common[:, :, None]).flatten(1).to(now.dtype)
    return whole


def shrinkage(config: TrainConfig, updates: int) -> float:
    """What is left of a weight of 1 that gets no gradient, after so many updates.

    `torch.optim.SGD` with gradient g = decay * w: v becomes momentum * v + g, and w loses
    rate * v, or rate * (g + momentum * v) with nesterov.
    """
    rate, momentum, decay = config.learning_rate, config.momentum, config.weight_decay
    momentum_row = np.array([decay, momentum])
    gradient_row = np.array([decay, 0.0])
    change = gradient_row + momentum * momentum_row if config.nesterov else momentum_row
    update = np.array([np.array([1.0, 0.0]) - rate * change, momentum_row])
    with np.errstate(over="ignore", invalid="ignore"):  # settings that make it grow
        return float(np.linalg.matrix_power(update, updates)[0, 0])
