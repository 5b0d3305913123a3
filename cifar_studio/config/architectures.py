"""The networks that can be trained: names, standards and costs that need no torch to be known.

The report has all of them but VGG11-BN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

ArchitectureName = Literal["resnet18", "mobilenet_v2", "vgg11", "vgg11_bn", "densenet161"]
Stem = Literal["imagenet", "cifar"]
DropoutSites = Literal["classifier", "blocks"]

ARCHITECTURE_NAMES: tuple[ArchitectureName, ...] = get_args(ArchitectureName)


@dataclass(frozen=True)
class Architecture:
    """One network of torchvision with 100 outputs.

    Attributes
    ----------
    name : str
        torchvision's name of the builder.
    title : str
        The name that a person reads.
    standard_dropout : float
        The rate that torchvision's own constructor uses; 0 where it has no dropout.
    has_blocks : bool
        Whether dropout can sit after blocks.
    parameters : dict of stem to int
        Learnable weights with 100 outputs.
    trained_parameters : dict of stem to int
        Weights that pictures of 32x32 really need: without taps that see padding only, and one
        for all copies of a value; as many as `parameters` where nothing can be left out.
    multiply_adds : dict of stem to int
        Multiply-adds of convolutions and linear layers for one 32x32 picture, forward.
    """

    name: ArchitectureName
    title: str
    standard_dropout: float
    has_blocks: bool
    parameters: dict[Stem, int]
    trained_parameters: dict[Stem, int]
    multiply_adds: dict[Stem, int]


def can_be_specialized(name: str, stem: Stem) -> bool:
    """Whether a training of 32x32 pictures can do without some of the network's weights."""
    network = architecture(name)
    return network.trained_parameters[stem] < network.parameters[stem]


def architecture(name: str) -> Architecture:
    """The architecture of that name; raises KeyError for any other."""
    return ARCHITECTURES[name]


ARCHITECTURES: dict[str, Architecture] = {
    network.name: network
    for network in (
        Architecture(
            name="resnet18",
            title="ResNet18",
            standard_dropout=0.0,
            has_blocks=True,
            parameters={"imagenet": 11_227_812, "cifar": 11_220_132},
            trained_parameters={"imagenet": 4_280_996, "cifar": 11_220_132},
            multiply_adds={"imagenet": 37_062_656, "cifar": 555_468_800},
        ),
        Architecture(
            name="mobilenet_v2",
            title="MobileNetV2",
            standard_dropout=0.2,
            has_blocks=True,
            parameters={"imagenet": 2_351_972, "cifar": 2_351_972},
            trained_parameters={"imagenet": 2_326_052, "cifar": 2_351_972},
            multiply_adds={"imagenet": 6_240_128, "cifar": 88_091_648},
        ),
        Architecture(
            name="vgg11",
            title="VGG11",
            standard_dropout=0.5,
            has_blocks=False,
            parameters={"imagenet": 129_176_036, "cifar": 28_512_740},
            trained_parameters={"imagenet": 28_512_740, "cifar": 28_512_740},
            multiply_adds={"imagenet": 272_711_680, "cifar": 172_048_384},
        ),
        Architecture(
            name="vgg11_bn",
            title="VGG11-BN",
            standard_dropout=0.5,
            has_blocks=False,
            parameters={"imagenet": 129_181_540, "cifar": 28_518_244},
            trained_parameters={"imagenet": 28_518_244, "cifar": 28_518_244},
            multiply_adds={"imagenet": 272_711_680, "cifar": 172_048_384},
        ),
        Architecture(
            name="densenet161",
            title="DenseNet161",
            standard_dropout=0.0,
            has_blocks=True,
            parameters={"imagenet": 26_692_900, "cifar": 26_681_380},
            trained_parameters={"imagenet": 24_923_428, "cifar": 26_681_380},
            multiply_adds={"imagenet": 157_888_128, "cifar": 2_467_749_504},
        ),
    )
}
