"""Lossless rewrites of a network for 32x32 pictures, found by watching the shapes that pass.

At 32x32 pixels the last maps of the published networks are 1x1 or 2x2. Two things follow:

* Taps of a convolution that lie on the padding at every place see zeros only. Their gradient is
  zero, so they are cut off (`Cropped`).
* A pooling that is to give 7x7 copies its one value 49 times, and the linear layer after it has a
  column for each copy. All 49 get one gradient, so their sum is trained in their place (`Folded`),
  its gradient times 49: SGD with momentum and weight decay is linear, and moves the sum as it would
  have moved the 49 (see `whole.py`, which makes the whole weights again).

What the network computes stays the same, up to rounding. Training stays the same for SGD as
`torch.optim.SGD` defines it, with a constant learning rate; clipping by the norm of the gradient,
or an optimizer that scales each weight by its own history, would not. Starting weights are drawn
for the whole network before, so the random stream is the stock network's too.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

SIZE = 32


@dataclass(frozen=True)
class Cropped:
    """A convolution without the taps that see padding only.

    Attributes
    ----------
    module : str
        The convolution's name.
    rows, columns : (int, int)
        First live tap, and the one after the last.
    padding : (int, int)
        What is left of it.
    """

    module: str
    rows: tuple[int, int]
    columns: tuple[int, int]
    padding: tuple[int, int]

    @property
    def weight(self) -> str:
        """The parameter's name."""
        return f"{self.module}.weight"

    def live(self, whole_OIHW: Tensor) -> Tensor:
        """The live part of (O, I, H, W) weights, as a view."""
        return whole_OIHW[:, :, slice(*self.rows), slice(*self.columns)]

    def apply(self, network: nn.Module) -> None:
        """Rewrite the convolution in place."""
        convolution = network.get_submodule(self.module)
        assert isinstance(convolution, nn.Conv2d)
        convolution.weight = _as_parameter(self.live(convolution.weight.detach()))
        convolution.kernel_size = (self.rows[1] - self.rows[0], self.columns[1] - self.columns[0])
        convolution.padding = self.padding


@dataclass(frozen=True)
class Folded:
    """A linear layer that is given one value in place of its copies.

    Attributes
    ----------
    pooling, module : str
        Names of the pooling that makes the copies and of the linear layer.
    copies : int
        Of each value.
    """

    pooling: str
    module: str
    copies: int

    @property
    def weight(self) -> str:
        """The parameter's name."""
        return f"{self.module}.weight"

    def apart(self, whole_OI: Tensor) -> Tensor:
        """(O, I) weights as (O, I / copies, copies), as a view."""
        outputs, inputs = whole_OI.shape
        return whole_OI.view(outputs, inputs // self.copies, self.copies)

    def sums(self, whole_OI: Tensor) -> Tensor:
        """The sum over the copies, computed in float64."""
        return self.apart(whole_OI).sum(2, dtype=torch.float64).to(whole_OI.dtype)

    def apply(self, network: nn.Module) -> None:
        """Rewrite the two layers in place."""
        linear = network.get_submodule(self.module)
        assert isinstance(linear, nn.Linear)
        network.set_submodule(self.pooling, nn.Identity())
        linear.weight = _as_parameter(self.sums(linear.weight.detach()))
        linear.in_features //= self.copies


Rewrite = Cropped | Folded


def specialize(network: nn.Module) -> tuple[Rewrite, ...]:
    """Rewrite a network for 32x32 pictures, in place; what was rewritten.

    Parameter names, their order and hooks stay. Draws no random number.
    """
    rewrites = find_rewrites(network)
    for rewrite in rewrites:
        rewrite.apply(network)
    return rewrites


def gradient_factors(rewrites: tuple[Rewrite, ...]) -> Mapping[str, int]:
    """By how much the gradient of which parameter has to be multiplied in training."""
    return {one.weight: one.copies for one in rewrites if isinstance(one, Folded)}


def find_rewrites(network: nn.Module) -> tuple[Rewrite, ...]:
    """What could be rewritten; works on the device "meta" too, and changes nothing."""
    calls = _calls(network)
    once = {name for name, times in _counts(calls).items() if times == 1}
    shared = _shared_weights(network)
    found: list[Rewrite] = []
    for call in calls:
        if call.name not in once or call.module in shared:
            continue
        if isinstance(call.module, nn.Conv2d):
            cropped = _cropped(call)
            if cropped is not None:
                found.append(cropped)
        elif isinstance(call.module, nn.Linear):
            folded = _folded(call, [other for other in calls if other.name in once])
            if folded is not None:
                found.append(folded)
    return tuple(found)


@dataclass(frozen=True)
class _Call:
    """A layer's work on a picture; the tensors are kept, so that views of them are known."""

    name: str
    module: nn.Module
    input: Tensor
    output: Tensor


def _calls(network: nn.Module) -> list[_Call]:
    """Every call of a convolution, pooling or linear layer for one picture, in order."""
    weight = next(network.parameters())
    picture_1CHW = torch.zeros(1, 3, SIZE, SIZE, dtype=weight.dtype, device=weight.device)
    calls: list[_Call] = []

    def note(name: str) -> Any:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            calls.append(_Call(name, module, inputs[0], output))

        return hook

    was_training = network.training
    with ExitStack() as handles, torch.no_grad():
        for name, module in network.named_modules():
            if isinstance(module, nn.Conv2d | nn.Linear | nn.AdaptiveAvgPool2d):
                handles.callback(module.register_forward_hook(note(name)).remove)
        network.eval()
        try:
            network(picture_1CHW)
        finally:
            network.train(was_training)
    return calls


def _counts(calls: list[_Call]) -> dict[str, int]:
    names = [call.name for call in calls]
    return {name: names.count(name) for name in set(names)}


def _shared_weights(network: nn.Module) -> set[nn.Module]:
    """Layers whose weight is also another's."""
    owners: dict[Tensor, list[nn.Module]] = {}
    for module in network.modules():
        for weight in module.parameters(recurse=False):
            owners.setdefault(weight, []).append(module)
    return {module for modules in owners.values() if len(modules) > 1 for module in modules}


def _cropped(call: _Call) -> Cropped | None:
    convolution = call.module
    assert isinstance(convolution, nn.Conv2d)
    padding = convolution.padding
    if convolution.padding_mode != "zeros" or isinstance(padding, str):
        return None
    sides = [
        _live_taps(
            call.input.shape[2 + side],
            convolution.kernel_size[side],
            convolution.stride[side],
            int(padding[side]),
            convolution.dilation[side],
        )
        for side in (0, 1)
    ]
    (rows, above), (columns, left) = sides
    if (rows, columns) == ((0, convolution.kernel_size[0]), (0, convolution.kernel_size[1])):
        return None
    return Cropped(call.name, rows, columns, (above, left))


def _live_taps(
    size: int, kernel: int, stride: int, padding: int, dilation: int
) -> tuple[tuple[int, int], int]:
    """The range of taps that ever see a pixel, along one side, and the padding they need.

    All of them where no padding that is alike at both ends gives as many outputs.
    """

    def outputs(taps: int, around: int) -> int:
        return (size + 2 * around - dilation * (taps - 1) - 1) // stride + 1

    count = outputs(kernel, padding)
    live = [
        tap
        for tap in range(kernel)
        if any(0 <= place * stride - padding + tap * dilation < size for place in range(count))
    ]
    first, last = min(live), max(live)
    around, taps = padding - first * dilation, last - first + 1
    if around < 0 or outputs(taps, around) != count:
        return (0, kernel), padding
    return (first, last + 1), around


def _folded(call: _Call, calls: list[_Call]) -> Folded | None:
    """Whether a linear layer takes a pooling's copies of single values, and nothing else."""
    for other in calls:
        if not isinstance(other.module, nn.AdaptiveAvgPool2d):
            continue
        copies = other.output.shape[2] * other.output.shape[3]
        is_its_view = call.input is other.output or call.input._base is other.output
        is_copied = tuple(other.input.shape[2:]) == (1, 1) and copies > 1
        if is_copied and is_its_view and call.input.shape == (1, other.output.shape[1] * copies):
            return Folded(other.name, call.name, copies)
    return None


def _as_parameter(values: Tensor) -> nn.Parameter:
    return nn.Parameter(values.clone(memory_format=torch.contiguous_format))
