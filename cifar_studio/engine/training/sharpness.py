"""Sharpness-aware minimisation: a gradient taken where the loss is worst nearby.

P. Foret, A. Kleiner, H. Mobahi, B. Neyshabur: Sharpness-Aware Minimization for Efficiently
Improving Generalization, ICLR 2021; https://arxiv.org/abs/2010.01412. The running statistics of
batch normalisation are those of the first pass alone, as later work has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

_LEAST_NORM = 1e-12


class WorstNearby:
    """Moves weights along their gradients, and back.

    Parameters
    ----------
    network : nn.Module
    rho : float
        How far all weights together are moved.
    copies : dict of str to int
        How many weights of the stock network a weight is the sum of, by its name, where it is one.
        Its gradient is then the sum of theirs, and they count as so many in the norm: what moves
        is what would move in the stock network.
    """

    def __init__(self, network: nn.Module, rho: float, copies: Mapping[str, int]) -> None:
        self._rho = rho
        named = dict(network.named_parameters())
        self._weights: list[Tensor] = list(named.values())
        device = self._weights[0].device
        counts = [float(copies.get(name, 1)) for name in named]
        self._copies_P = torch.tensor(counts, device=device)
        self._norms = [one for one in network.modules() if isinstance(one, _BatchNorm)]

    @contextmanager
    def moved(self) -> Iterator[None]:
        """Within, the weights are where the loss is worst; their gradients are to be made anew."""
        before = [weight.detach().clone() for weight in self._weights]
        tracking = [norm.track_running_stats for norm in self._norms]
        self._move()
        for norm in self._norms:
            norm.track_running_stats = False
        try:
            yield
        finally:
            for norm, tracked in zip(self._norms, tracking, strict=True):
                norm.track_running_stats = tracked
            with torch.no_grad():
                torch._foreach_copy_(self._weights, before)

    @torch.no_grad()
    def _move(self) -> None:
        gradients: list[Tensor] = []
        for weight in self._weights:
            assert weight.grad is not None
            gradients.append(weight.grad)
        norms_P = torch.stack(torch._foreach_norm(gradients))
        norm = (norms_P.square() / self._copies_P.to(norms_P)).sum().sqrt()
        scale = (self._rho / (norm + _LEAST_NORM)).to(gradients[0].dtype)
        torch._foreach_add_(self._weights, list(torch._foreach_mul(gradients, scale)))
        for weight in self._weights:
            weight.grad = None
