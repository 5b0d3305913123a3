"""Convolutions of very small maps, computed as matrix products on the processor.

At 32x32 pixels half of the layers see maps of 4x4 to 1x1. Libraries of convolutions are made for
large ones: on two cores the backward pass of a depthwise convolution at 2x2 took 29 ms where the
same sums written as products take 2, and vgg11's at 2x2 157 against 64. The weights stay the
convolution's, by name and shape; what is computed is the same up to the order of the sums. On any
other device the convolution stays what it was.

Letters in names: N pictures, I and O channels in and out, T taps, P and Q places of the map that
goes in and of the one that comes out.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from cifar_studio.engine.networks.layer_shapes import LayerCall, layer_calls

MOST_PLACES = 4
MOST_PLACES_POINTWISE = 16
"""Beyond these a convolution was as fast: 8x8 for kernels of 1x1, 4x4 for larger ones."""


class SmallMapConvolution(nn.Conv2d):
    """A convolution of maps of one small size.

    Parameters
    ----------
    convolution : nn.Conv2d
        Whose weights it takes over, the very parameters. Ungrouped, or one group a channel.
    height, width : int
        Of the maps that go in.
    """

    _taps_QP: Tensor

    def __init__(self, convolution: nn.Conv2d, height: int, width: int) -> None:
        assert not isinstance(convolution.padding, str)
        super().__init__(
            convolution.in_channels,
            convolution.out_channels,
            convolution.kernel_size,  # type: ignore[arg-type]
            convolution.stride,  # type: ignore[arg-type]
            convolution.padding,  # type: ignore[arg-type]
            groups=convolution.groups,
            bias=convolution.bias is not None,
            device="meta",
        )
        self.weight, self.bias = convolution.weight, convolution.bias
        self.train(convolution.training)
        rows_QP = _taps(height, self.kernel_size[0], self.stride[0], int(self.padding[0]))
        columns_QP = _taps(width, self.kernel_size[1], self.stride[1], int(self.padding[1]))
        self._size = (len(rows_QP), len(columns_QP))
        none = self.kernel_size[0] * self.kernel_size[1]  # a tap of zeros
        taps = [
            none if row is None or column is None else row * self.kernel_size[1] + column
            for row_P in rows_QP
            for column_P in columns_QP
            for row in row_P
            for column in column_P
        ]
        self._is_padded = none in taps
        # No buffer: it belongs to the layer's shape, not to what was learnt.
        self._taps_QP = torch.tensor(taps, device="cpu")

    def forward(self, maps: Tensor) -> Tensor:
        """(N, I, H, W) to (N, O, H', W'), in the memory format that comes in."""
        if maps.device.type != "cpu":
            return super().forward(maps)
        order = torch.contiguous_format if maps.is_contiguous() else torch.channels_last
        if self.kernel_size == (1, 1) and self.groups == 1:
            result = self._pointwise(maps)
        elif self.groups == 1:
            result = self._dense(maps)
        else:
            result = self._depthwise(maps)
        return result.contiguous(memory_format=order)

    def _pointwise(self, maps_NIHW: Tensor) -> Tensor:
        weight_OI = self.weight.flatten(1)
        places_NHWI = maps_NIHW.permute(0, 2, 3, 1)
        return functional.linear(places_NHWI, weight_OI, self.bias).permute(0, 3, 1, 2)

    def _dense(self, maps_NIHW: Tensor) -> Tensor:
        """One product with a matrix that holds, for each pair of places, the tap between them."""
        weight_OTI = self._with_zeros(self.weight.flatten(2).transpose(1, 2), dim=1)
        taps_OKI = weight_OTI.index_select(1, self._taps_QP)
        places = self._size[0] * self._size[1]
        matrix_MK = taps_OKI.reshape(self.out_channels * places, -1)
        values_NK = maps_NIHW.permute(0, 2, 3, 1).flatten(1)
        result_NOQ = functional.linear(values_NK, matrix_MK).view(-1, self.out_channels, places)
        if self.bias is not None:
            result_NOQ = result_NOQ + self.bias.to(result_NOQ.dtype)[:, None]
        return result_NOQ.view(-1, self.out_channels, *self._size)

    def _depthwise(self, maps_NIHW: Tensor) -> Tensor:
        """Products and sums by hand: the sums are of a few numbers only."""
        weight_TI = self._with_zeros(self.weight.flatten(1).t(), dim=0).to(maps_NIHW.dtype)
        places = self._size[0] * self._size[1]
        taps_QPI = weight_TI.index_select(0, self._taps_QP).view(places, -1, self.in_channels)
        values_N1PI = maps_NIHW.permute(0, 2, 3, 1).flatten(1, 2).unsqueeze(1)
        result_NQI = (values_N1PI * taps_QPI).sum(2)
        if self.bias is not None:
            result_NQI = result_NQI + self.bias.to(result_NQI.dtype)
        return result_NQI.view(-1, *self._size, self.in_channels).permute(0, 3, 1, 2)

    def _with_zeros(self, taps: Tensor, dim: int) -> Tensor:
        """Weights with a last tap of zeros, where some pair of places has none."""
        if not self._is_padded:
            return taps
        return torch.cat([taps, torch.zeros_like(taps.narrow(dim, 0, 1))], dim)


def speed_up_small_maps(network: nn.Module) -> None:
    """Replace the convolutions of small maps in a network for 32x32 pictures, in place."""
    for call in layer_calls(network):
        if call.is_only and _is_small(call):
            assert isinstance(call.module, nn.Conv2d)
            height, width = call.input.shape[2:]
            network.set_submodule(call.name, SmallMapConvolution(call.module, height, width))


def _is_small(call: LayerCall) -> bool:
    convolution = call.module
    if type(convolution) is not nn.Conv2d or isinstance(convolution.padding, str):
        return False
    places = call.input.shape[2] * call.input.shape[3]
    is_plain = convolution.padding_mode == "zeros" and convolution.dilation == (1, 1)
    if not is_plain or convolution.groups not in (1, convolution.in_channels):
        return False
    if convolution.groups > 1 and convolution.in_channels != convolution.out_channels:
        return False
    is_pointwise = convolution.kernel_size == (1, 1) and convolution.groups == 1
    if is_pointwise and (convolution.stride, convolution.padding) != ((1, 1), (0, 0)):
        return False
    return places <= (MOST_PLACES_POINTWISE if is_pointwise else MOST_PLACES)


def _taps(size: int, kernel: int, stride: int, padding: int) -> list[list[int | None]]:
    """Along one side: for each place out and each place in, the tap between them, if any."""
    count = (size + 2 * padding - kernel) // stride + 1
    between = [[place - out * stride + padding for place in range(size)] for out in range(count)]
    return [[tap if 0 <= tap < kernel else None for tap in taps] for taps in between]
