"""A run's network as others can use it: a stock torchvision network, and one that takes pictures.

Letters in names: N pictures, K = 100 classes, C = 3 channels, H = W = 32.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cifar_studio.engine.answers.trained_network import TrainedNetwork
from cifar_studio.engine.networks.models import build

CHECKED_PICTURES = 256
_LIMITS = {"float32": 1e-3, "bfloat16": 0.5, "float16": 0.1}
_BATCH = 64


class WithNormalization(nn.Module):
    """Normalises and answers: what a person would forget is inside.

    Takes (N, 3, 32, 32) float32 pictures from 0 to 1, gives (N, 100) logits.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, network: nn.Module, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.network((pictures - self.mean) / self.std)
        return logits


@dataclass(frozen=True, eq=False)
class Judge:
    """The run's own answers, which an exported network has to give too.

    Attributes
    ----------
    pictures_NCHW : (N, 3, 32, 32) uint8 array
        Test pictures, 256 of them or as many as there are.
    logits_NK : (N, 100) float64 array
        By the run's network with the run's precision.
    limit : float
        How far a logit may be off.
    """

    pictures_NCHW: NDArray[np.uint8]
    logits_NK: NDArray[np.float64]
    limit: float

    def batches(self) -> Iterator[NDArray[np.float32]]:
        """The pictures from 0 to 1, in parts that fit any memory."""
        for start in range(0, len(self.pictures_NCHW), _BATCH):
            yield self.pictures_NCHW[start : start + _BATCH].astype(np.float32) / np.float32(255)


@dataclass(frozen=True)
class Agreement:
    """How an exported network did on a number of pictures.

    The largest difference is of any logit; `same_class` counts pictures named alike.
    """

    pictures: int
    largest_difference: float
    same_class: int
    limit: float

    @property
    def holds(self) -> bool:
        return self.largest_difference <= self.limit  # False for NaN

    def describe(self) -> str:
        return (
            f"{self.same_class} of {self.pictures} pictures named alike, "
            f"largest difference of a logit {self.largest_difference:.2g}"
        )


def judge_of(trained: TrainedNetwork, pictures_NCHW: NDArray[np.uint8]) -> Judge:
    """Let the run's network answer the first 256 of (N, 3, 32, 32) pictures.

    Plainly, as an exported network does: mirror images at test are the evaluation's.
    """
    pictures_NCHW = np.array(pictures_NCHW[:CHECKED_PICTURES])
    pictures_NHWC = pictures_NCHW.transpose(0, 2, 3, 1)
    parts = []
    with trained.at_work(), torch.inference_mode():
        for start in range(0, len(pictures_NHWC), _BATCH):
            logits = trained.network(trained.to_input(pictures_NHWC[start : start + _BATCH]))
            parts.append(logits.double().cpu().numpy())
    limit = _LIMITS[trained.resolved.precision]
    return Judge(pictures_NCHW, np.concatenate(parts), limit)


def agreement(judge: Judge, logits_NK: NDArray[np.float32]) -> Agreement:
    """Hold (N, 100) logits against the run's own."""
    difference = np.abs(logits_NK.astype(np.float64) - judge.logits_NK)
    same = logits_NK.argmax(axis=1) == judge.logits_NK.argmax(axis=1)
    return Agreement(len(same), float(difference.max()), int(same.sum()), judge.limit)


def plain_network(trained: TrainedNetwork) -> nn.Module:
    """The network on the CPU in evaluation mode, in torchvision's own form and without hooks.

    Dropout does nothing when a network answers: parameters and their names are all that matters.
    """
    config = trained.config
    network = build(config.architecture, config.stem, 0.0)
    network.load_state_dict(trained.whole_weights())
    return network.float().eval()
