"""Where in a picture a network finds a class: Grad-CAM (Selvaraju et al. 2017, section 3).

Captum computes it; here a layer is chosen, and the map is made as large as the picture.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from cifar_studio.engine.answers.trained_network import TrainedNetwork

SIZE = 32
SMALLEST_MAP = 4
"""Pixels of the coarsest map that still tells places apart."""


@dataclass(frozen=True)
class Explanation:
    """A heat map.

    Attributes
    ----------
    heat_HW : (32, 32) float32
        0 to 1: how much each place speaks for the class, the strongest place being 1. All 0 where
        nothing in the layer speaks for it.
    layer : str
        Its name in the network.
    map_size : (int, int)
        Height and width of what the layer sees.
    probability : float
        Of the class, for this picture.
    """

    heat_HW: NDArray[np.float32]
    layer: str
    map_size: tuple[int, int]
    probability: float


def explain(trained: TrainedNetwork, image_HWC: NDArray[np.uint8], label: int) -> Explanation:
    """Grad-CAM of a (32, 32, 3) picture for a class, at the layer that `find_layer` names."""
    from captum.attr import LayerGradCam  # takes seconds to import

    network = trained.network
    with trained.at_work(), torch.random.fork_rng(devices=[]):
        # A ReLU that writes over its input would change what the layer before it has shown.
        changed = _without_writing_over(network)
        try:
            input_NCHW = trained.to_input(image_HWC[None])
            name, layer = find_layer(network, input_NCHW)
            map_11HW = LayerGradCam(network, layer).attribute(
                input_NCHW, target=label, relu_attributions=True
            )
            with torch.no_grad():
                probability = network(input_NCHW).double().softmax(dim=1)[0, label]
        finally:
            for module in changed:
                vars(module)["inplace"] = True
    map_11HW = map_11HW.detach().float().cpu()
    heat_HW = functional.interpolate(
        map_11HW, size=(SIZE, SIZE), mode="bilinear", align_corners=False
    )[0, 0]
    strongest = float(heat_HW.max())
    return Explanation(
        heat_HW=(heat_HW / strongest if strongest > 0 else torch.zeros(SIZE, SIZE)).numpy(),
        layer=name,
        map_size=(map_11HW.shape[2], map_11HW.shape[3]),
        probability=float(probability),
    )


def find_layer(network: nn.Module, input_NCHW: Tensor) -> tuple[str, nn.Module]:
    """The last layer whose map is at least 4x4, in the order of computation.

    At 32x32 pixels the last layers of the published networks see a map of 1x1, which knows no
    place; nothing after the first smaller map counts, as vgg11 copies its 1x1 to 7x7. Where blocks
    end together with what is in them, the outermost one is named.
    """
    names = {module: name for name, module in network.named_modules()}
    seen: list[tuple[nn.Module, int]] = []

    def look(module: nn.Module, _: object, output: object) -> None:
        if isinstance(output, Tensor) and output.dim() == 4:
            seen.append((module, min(output.shape[2:])))

    handles = [module.register_forward_hook(look) for module in names]
    try:
        with torch.no_grad():
            network(input_NCHW)
    finally:
        for handle in handles:
            handle.remove()
    large = itertools.takewhile(lambda one: one[1] >= SMALLEST_MAP, seen)
    *_, (layer, _) = large
    return names[layer], layer


def _without_writing_over(network: nn.Module) -> list[nn.Module]:
    """Turn `inplace` off; the modules of which it was on."""
    changed = [module for module in network.modules() if getattr(module, "inplace", False)]
    for module in changed:
        vars(module)["inplace"] = False
    return changed
