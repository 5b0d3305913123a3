"""Convolutions of small maps as matrix products, against torch's own convolutions in float64."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from cifar_studio.config.architectures import ARCHITECTURE_NAMES
from cifar_studio.engine.networks.models import build
from cifar_studio.engine.networks.small_maps import SmallMapConvolution, speed_up_small_maps
from long_forms import daily

CASES = [
    # channels in and out, kernel, stride, padding, groups, map
    (5, 7, 3, 1, 1, 1, (2, 2)),
    (5, 7, 3, 2, 1, 1, (2, 2)),
    (5, 7, 2, 2, 0, 1, (2, 2)),
    (5, 7, 1, 1, 0, 1, (1, 1)),
    (5, 7, 1, 1, 0, 1, (4, 4)),
    (5, 7, 3, 1, 1, 1, (1, 4)),  # places that no tap joins
    (5, 7, 3, 1, 2, 1, (2, 1)),
    (6, 6, 3, 1, 1, 6, (2, 2)),
    (6, 6, 2, 1, 0, 6, (2, 2)),
    (6, 6, 1, 1, 0, 6, (1, 1)),
    (6, 6, 3, 1, 1, 6, (1, 4)),
]


def gradients(layer: nn.Module, maps: Tensor) -> list[Tensor]:
    """What comes out, and the gradients of a weighted sum of it."""
    layer.zero_grad()
    maps = maps.detach().requires_grad_()
    result = layer(maps)
    weights = torch.linspace(-1, 1, result.numel(), dtype=result.dtype).view(result.shape)
    (result * weights).sum().backward()
    found = [parameter.grad for parameter in layer.parameters()]
    return [result.detach(), *(g.clone() for g in (maps.grad, *found) if g is not None)]


@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_that_results_and_gradients_are_the_convolutions(
    case: tuple[int, int, int, int, int, int, tuple[int, int]],
    bias: bool,
    order: torch.memory_format,
) -> None:
    inputs, outputs, kernel, stride, padding, groups, (height, width) = case
    torch.manual_seed(0)
    stock = nn.Conv2d(
        inputs, outputs, kernel, stride, padding, groups=groups, bias=bias, dtype=torch.float64
    ).to(memory_format=order)
    mine = SmallMapConvolution(copy.deepcopy(stock), height, width)
    maps = torch.randn(3, inputs, height, width, dtype=torch.float64).to(memory_format=order)
    theirs = gradients(stock, maps)
    for one, other in zip(gradients(mine, maps), theirs, strict=True):
        assert one.shape == other.shape
        assert torch.allclose(one, other, rtol=0, atol=1e-12)
    assert mine(maps).is_contiguous(memory_format=order)


@pytest.mark.parametrize("architecture", daily(("resnet18", "mobilenet_v2"), ARCHITECTURE_NAMES))
def test_that_names_weights_and_random_state_stay(architecture: str) -> None:
    torch.manual_seed(0)
    network = build(architecture)  # type: ignore[arg-type]
    before, after = dict(network.named_parameters()), torch.get_rng_state()
    speed_up_small_maps(network)
    assert torch.equal(torch.get_rng_state(), after)
    assert list(before) == [name for name, _ in network.named_parameters()]
    assert all(weight is before[name] for name, weight in network.named_parameters())
    assert any(isinstance(module, SmallMapConvolution) for module in network.modules())


def test_that_maps_of_4x4_and_more_keep_their_convolutions() -> None:
    network = build("resnet18", "cifar")
    speed_up_small_maps(network)
    replaced = [module for module in network.modules() if isinstance(module, SmallMapConvolution)]
    assert {module.kernel_size for module in replaced} <= {(1, 1)}


class Odd(nn.Module):
    """Small maps whose convolutions are of kinds that stay what they are."""

    def __init__(self) -> None:
        super().__init__()
        self.shrink = nn.AvgPool2d(16)
        self.grouped = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.spread = nn.Conv2d(4, 4, 3, padding=2, dilation=2)
        self.around = nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular")
        self.same = nn.Conv2d(4, 4, 3, padding="same")
        self.first = nn.Conv2d(3, 4, 1, stride=2, padding=1)

    def forward(self, images: Tensor) -> Tensor:
        maps = functional.pad(self.first(self.shrink(images)), (0, 0))
        return self.same(self.around(self.spread(self.grouped(maps))))


def test_that_other_kinds_of_convolutions_are_left_alone() -> None:
    network = Odd()
    speed_up_small_maps(network)
    assert not any(isinstance(module, SmallMapConvolution) for module in network.modules())


def test_that_half_precision_stays_half_precision() -> None:
    for groups in (1, 6):
        layer = SmallMapConvolution(nn.Conv2d(6, 6, 3, padding=1, groups=groups), 2, 2)
        maps = torch.randn(2, 6, 2, 2).to(torch.bfloat16)
        with torch.autocast("cpu", torch.bfloat16):
            assert layer(maps).dtype is torch.bfloat16
