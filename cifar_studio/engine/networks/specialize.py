"""Lossless rewrites of a network for 32x32 pictures, found by watching the shapes that pass.

At 32x32 pixels the last maps of the published networks are 1x1 or 2x2. Two things follow:

* Taps of a convolution that lie on the padding at every place see zeros only. Their gradient is
  zero, so they are cut off (`Cropped`).
* A pooling that is to give 7x7 copies its one value 49 times, and the linear layer after it has a
  column for each copy. All 49 get one gradient, so their sum is trained in their place (`Folded`),
  its gradient times 49: SGD with momentum and weight decay is linear, and moves the sum as it would
  have moved the 49 (see `whole_weights.py`, which makes the whole weights again).

What the network computes stays the same, up to rounding. Training stays the same for SGD as
`torch.optim.SGD` defines it, whatever its learning rate does, with weight decay on all or some of
the weights, with a running average of them, and with SAM, whose norm counts a folded weight as its
copies. An optimizer that scales each weight by its own history would not be the same. Starting
weights are drawn for the whole network before, so the random stream is the stock network's too.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cifar_studio.engine.networks.layer_shapes import LayerCall, layer_calls
from cifar_studio.engine.networks.small_maps import speed_up_small_maps


@dataclass(frozen=True)
class _OfLayer:
    """What was done to a layer, by the name of its module."""

    module: str

    @property
    def weight(self) -> str:
        """The parameter's name."""
        return f"{self.module}.weight"


@dataclass(frozen=True)
class Cropped(_OfLayer):
    """A convolution without the taps that see padding only."""

    rows: tuple[int, int]  # first live tap, and the one after the last
    columns: tuple[int, int]
    padding: tuple[int, int]  # what is left of it

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
class Folded(_OfLayer):
    """A linear layer that is given one value in place of its copies."""

    pooling: str  # name of the pooling that makes the copies
    copies: int  # of each value

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
    """Rewrite a network for 32x32 pictures, in place; which weights were rewritten.

    What is left of its convolutions of small maps is computed in a faster way (`small_maps.py`).
    Parameter names and their order stay. Draws no random number.
    """
    rewrites = find_rewrites(network)
    for rewrite in rewrites:
        rewrite.apply(network)
    speed_up_small_maps(network)
    return rewrites


def find_rewrites(network: nn.Module) -> tuple[Rewrite, ...]:
    """What could be rewritten; works on the device "meta" too, and changes nothing."""
    calls = [call for call in layer_calls(network) if call.is_only]
    found = (_cropped(call) or _folded(call, calls) for call in calls)
    return tuple(rewrite for rewrite in found if rewrite is not None)


def _cropped(call: LayerCall) -> Cropped | None:
    """A convolution some of whose taps see padding only."""
    convolution = call.module
    if not isinstance(convolution, nn.Conv2d):
        return None
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


def _folded(call: LayerCall, calls: list[LayerCall]) -> Folded | None:
    """A linear layer that takes a pooling's copies of single values, and nothing else."""
    if not isinstance(call.module, nn.Linear):
        return None
    for other in calls:
        if not isinstance(other.module, nn.AdaptiveAvgPool2d):
            continue
        copies = other.output.shape[2] * other.output.shape[3]
        is_its_view = call.input is other.output or call.input._base is other.output
        is_copied = tuple(other.input.shape[2:]) == (1, 1) and copies > 1
        if is_copied and is_its_view and call.input.shape == (1, other.output.shape[1] * copies):
            return Folded(call.name, other.name, copies)
    return None


def _as_parameter(values: Tensor) -> nn.Parameter:
    return nn.Parameter(values.clone(memory_format=torch.contiguous_format))
