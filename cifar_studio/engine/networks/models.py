"""The networks, built by torchvision, with the study's stems and dropout.

Parameter names stay torchvision's in every form, so weights of a network with the "imagenet" stem
load strictly into the stock one: dropout that torchvision has no place for is added by hooks, which
hold no parameters. Starting values are drawn on the CPU; moving to a device is others' business.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision import models
from torchvision.models.mobilenetv2 import InvertedResidual
from torchvision.models.resnet import BasicBlock

from cifar_studio.config.architectures import ArchitectureName, DropoutSites, Stem, architecture
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import CLASSES


def build_for(config: TrainConfig) -> nn.Module:
    """The network of a config with its seeded starting weights, on the CPU.

    Seeds torch's own random numbers with `config.seed`, on every device, and leaves them where
    building ended: dropout goes on from there. With the "imagenet" stem the weights are those of
    `torch.manual_seed(seed)` and torchvision's builder, bit for bit.
    """
    torch.manual_seed(config.seed)
    return build(config.architecture, config.stem, config.dropout, config.dropout_sites)


def build(
    name: ArchitectureName,
    stem: Stem = "imagenet",
    dropout: float | None = None,
    sites: DropoutSites = "classifier",
) -> nn.Module:
    """A network with 100 outputs and random starting weights, in training mode.

    Parameters
    ----------
    name : str
    stem : {"imagenet", "cifar"}
        First layers as published for 224x224 pictures, or adapted to 32x32.
    dropout : float or None
        Rate in [0, 1); None is the network's standard. At 0 no random number is drawn.
    sites : {"classifier", "blocks"}
        torchvision's own places, else before the last linear layer; or after each residual
        block (densenet161: after each dense layer, its own `drop_rate`), the classifier's then 0.

    Returns
    -------
    nn.Module
        Takes (N, 3, 32, 32) float pictures, gives (N, 100) logits.

    Raises
    ------
    ValueError
        vgg11 and vgg11_bn have no blocks, and a null rate says nothing about them.
    """
    if sites == "blocks" and (dropout is None or not architecture(name).has_blocks):
        raise ValueError(f"{name} cannot have dropout {dropout} after blocks")
    rate = architecture(name).standard_dropout if dropout is None else dropout
    in_classifier, in_blocks = (rate, 0.0) if sites == "classifier" else (0.0, rate)
    return _BUILDERS[name](stem, in_classifier, in_blocks)


def _resnet18(stem: Stem, in_classifier: float, in_blocks: float) -> nn.Module:
    network = models.resnet18(weights=None, num_classes=CLASSES)
    if stem == "cifar":
        network.conv1 = _first_convolution(64, mode="fan_out")
        network.maxpool = nn.Identity()
    _drop_after(network, BasicBlock, in_blocks)
    _drop_before(network.fc, in_classifier)
    return cast(nn.Module, network)


def _mobilenet_v2(stem: Stem, in_classifier: float, in_blocks: float) -> nn.Module:
    network = models.mobilenet_v2(weights=None, num_classes=CLASSES, dropout=in_classifier)
    if stem == "cifar":
        network.features[0][0].stride = (1, 1)
        # In features.2 the depthwise convolution, second of three, is the one that strides.
        network.features[2].conv[1][0].stride = (1, 1)
    _drop_after(network, InvertedResidual, in_blocks)
    return cast(nn.Module, network)


def _vgg(
    builder: Callable[..., Any], stem: Stem, in_classifier: float, in_blocks: float
) -> nn.Module:
    network = builder(weights=None, num_classes=CLASSES, dropout=in_classifier)
    if stem == "cifar":
        network.avgpool = nn.Identity()
        network.classifier[0] = nn.Linear(512, 4096)
        nn.init.normal_(network.classifier[0].weight, 0, 0.01)
        nn.init.zeros_(network.classifier[0].bias)
    return cast(nn.Module, network)


def _densenet161(stem: Stem, in_classifier: float, in_blocks: float) -> nn.Module:
    network = models.densenet161(weights=None, num_classes=CLASSES, drop_rate=in_blocks)
    if stem == "cifar":
        network.features.conv0 = _first_convolution(96, mode="fan_in")
        network.features.pool0 = nn.Identity()
    _drop_before(network.classifier, in_classifier)
    return cast(nn.Module, network)


def _first_convolution(channels: int, mode: Literal["fan_in", "fan_out"]) -> nn.Conv2d:
    """3x3 with stride 1, its weights drawn as torchvision draws the network's other ones."""
    convolution = nn.Conv2d(3, channels, kernel_size=3, stride=1, padding=1, bias=False)
    nn.init.kaiming_normal_(convolution.weight, mode=mode, nonlinearity="relu")
    return convolution


def _drop_before(module: nn.Module, rate: float) -> None:
    def drop(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (functional.dropout(inputs[0], rate, module.training), *inputs[1:])

    if rate > 0:
        module.register_forward_pre_hook(drop)


def _drop_after(network: nn.Module, kind: type[nn.Module], rate: float) -> None:
    def drop(module: nn.Module, _: object, output: Tensor) -> Tensor:
        return functional.dropout(output, rate, module.training)

    if rate > 0:
        for module in network.modules():
            if isinstance(module, kind):
                module.register_forward_hook(drop)


_BUILDERS: dict[str, Callable[[Stem, float, float], nn.Module]] = {
    "resnet18": _resnet18,
    "mobilenet_v2": _mobilenet_v2,
    "vgg11": partial(_vgg, models.vgg11),
    "vgg11_bn": partial(_vgg, models.vgg11_bn),
    "densenet161": _densenet161,
}
