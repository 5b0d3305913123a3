"""`TrainConfig`: everything that decides a training but the data and the machine.

The keys, defaults and ranges are a contract with people's scripts: later versions may add keys,
not rename or drop them. Checking lives in `check.py`, reading and writing in `serialization.py`.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from cifar_studio.config.architectures import ArchitectureName, DropoutSites, Stem

Schedule = Literal["constant"]
Normalization = Literal["dataset", "half"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]


class TrainConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one training.

    msgspec checks types when JSON is read and nothing when a struct is made;
    `check.check` finds values out of range and combinations without meaning.

    Attributes
    ----------
    architecture : {"resnet18", "mobilenet_v2", "vgg11", "densenet161"}
    stem : {"imagenet", "cifar"}
        First layers as published for 224x224 pictures, or adapted to 32x32.
    dropout : float or None
        Rate in [0, 1); None is the network's standard (0 for resnet18 and densenet161).
    dropout_sites : {"classifier", "blocks"}
        Before the last linear layer (or torchvision's own places), or after each block.
    epochs : int
        At least 1.
    batch_size : int
        2 to 4096 pictures a step.
    learning_rate, momentum, weight_decay : float
        Of SGD as torch defines it. Above 0 and at most 10; in [0, 1); in [0, 1].
    nesterov : bool
        Needs momentum above 0.
    schedule : {"constant"}
    normalization : {"dataset", "half"}
        By the training pictures' own mean and standard deviation, or 0.5 for both.
    random_crop, horizontal_flip : bool
        Crop of 32x32 after padding by 4 zeros; mirror image with probability 0.5.
    train_per_class, test_per_class, validation_per_class : int
        Pictures a class: 1 to 500, 1 to 100, 0 to 100. Validation pictures are taken from
        the training pictures that remain, stratified, by seed.
    seed : int
        0 to 2**63 - 1.
    deterministic : bool
        Ask torch for deterministic algorithms; slower on a GPU.
    device : str
        "auto", "cpu", "cuda", "cuda:N" or "mps".
    precision : {"auto", "float32", "bfloat16", "float16"}
    specialize : bool
        Allow lossless rewrites of the network for 32x32 pictures.
    """

    architecture: ArchitectureName = "resnet18"
    stem: Stem = "imagenet"
    dropout: float | None = None
    dropout_sites: DropoutSites = "classifier"
    epochs: int = 70
    batch_size: int = 128
    learning_rate: float = 0.01
    momentum: float = 0.9
    weight_decay: float = 0.005
    nesterov: bool = False
    schedule: Schedule = "constant"
    normalization: Normalization = "dataset"
    random_crop: bool = True
    horizontal_flip: bool = True
    train_per_class: int = 500
    test_per_class: int = 100
    validation_per_class: int = 0
    seed: int = 0
    deterministic: bool = False
    device: str = "auto"
    precision: Precision = "auto"
    specialize: bool = True
