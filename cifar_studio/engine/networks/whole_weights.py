"""Whole weights again, from those of a specialised network (see `specialize.py`).

A weight that no gradient reaches is its start times a number, the same for all of them
(`free_weight.py`). A cropped convolution's dead taps are just that. Of a folded layer's 49 copies
each is the same change, common to all, and its own start times that number; their sum is what was
trained.

In exact arithmetic these are the stock network's weights. In float32 the stock network rounds at
every update; over the 27,370 updates of a report's run that is 2e-5 of a weight.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.networks.models import build_for
from cifar_studio.engine.networks.specialize import Cropped, Rewrite


def whole_weights(
    trained: Mapping[str, Tensor], rewrites: tuple[Rewrite, ...], config: TrainConfig, free: float
) -> dict[str, Tensor]:
    """All weights and buffers of the stock network, on the CPU.

    The starting weights are drawn again from the config's seed; torch's random state stays.

    Parameters
    ----------
    trained : dict of str to tensor
        Of the specialised network.
    free : float
        What a weight of 1 without a gradient has come to.
    """
    whole = {name: value.detach().cpu() for name, value in trained.items()}
    if not rewrites:
        return whole
    gpus = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()  # type: ignore[no-untyped-call]
    with torch.random.fork_rng(devices=gpus):
        start = build_for(config).state_dict()
    return whole | unspecialized(whole, start, rewrites, free)


def unspecialized(
    trained: Mapping[str, Tensor],
    start: Mapping[str, Tensor],
    rewrites: tuple[Rewrite, ...],
    free: float,
) -> dict[str, Tensor]:
    """The rewritten weights in their whole form, from the trained ones and the whole start."""
    whole: dict[str, Tensor] = {}
    for rewrite in rewrites:
        before, now = start[rewrite.weight], trained[rewrite.weight]
        if isinstance(rewrite, Cropped):
            whole[rewrite.weight] = before * free
            rewrite.live(whole[rewrite.weight]).copy_(now)
        else:
            own = rewrite.apart(before.double()) * free
            common = (now.double() - own.sum(2)) / rewrite.copies
            whole[rewrite.weight] = (own + common[:, :, None]).flatten(1).to(now.dtype)
    return whole
