"""Which shapes pass through a network's layers when it looks at a picture of 32x32."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

SIZE = 32
_KINDS = (nn.Conv2d, nn.Linear, nn.AdaptiveAvgPool2d)


@dataclass(frozen=True)
class LayerCall:
    """A layer's work on one picture; the tensors are kept, so that views of them are known."""

    name: str
    module: nn.Module
    input: Tensor
    output: Tensor
    is_only: bool  # whether it works once a picture, on weights that are its own


def layer_calls(network: nn.Module) -> list[LayerCall]:
    """Every call of a convolution, adaptive pooling or linear layer, in order.

    Works on the device "meta" too, draws no random number, and changes nothing.
    """
    weight = next(network.parameters())
    picture_1CHW = torch.zeros(1, 3, SIZE, SIZE, dtype=weight.dtype, device=weight.device)
    calls: list[tuple[str, nn.Module, Tensor, Tensor]] = []

    def note(name: str) -> Any:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            calls.append((name, module, inputs[0], output))

        return hook

    was_training = network.training
    with ExitStack() as handles, torch.no_grad():
        for name, module in network.named_modules():
            if isinstance(module, _KINDS):
                handles.callback(module.register_forward_hook(note(name)).remove)
        network.eval()
        try:
            network(picture_1CHW)
        finally:
            network.train(was_training)
    times = Counter(name for name, *_ in calls)
    owners = Counter(
        weight for module in network.modules() for weight in module.parameters(recurse=False)
    )
    return [
        LayerCall(
            name,
            module,
            input_,
            output,
            times[name] == 1 and all(owners[weight] == 1 for weight in module.parameters()),
        )
        for name, module, input_, output in calls
    ]
