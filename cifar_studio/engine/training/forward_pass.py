"""A network's answers to pictures that stay on the device, recorded where that is possible.

Letters in names: N pictures, B of one batch, K = 100 classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

from cifar_studio.data.dataset import CLASSES
from cifar_studio.engine.training.batches import Normalize, Pictures
from cifar_studio.engine.training.cuda_graph import GraphCapture, Work, restored
from cifar_studio.engine.training.sgd_step import autocast
from cifar_studio.runs.folder.environment import ResolvedSettings

BATCH = 256


def answers_of(network: nn.Module, flip: bool) -> Callable[[Tensor], Tensor]:
    """What gives logits for normalised (N, 3, 32, 32) pictures: the network, or with `flip` the
    mean of what it gives for them and for their mirror images."""

    def both(images_NCHW: Tensor) -> Tensor:
        logits_NK: Tensor = network(images_NCHW) + network(images_NCHW.flip(3))
        return logits_NK / 2

    return both if flip else network


class Forward:
    """Passes pictures through a network, a batch at a time, and keeps the logits.

    The weights may change between two rounds, but must stay where they are.

    Parameters
    ----------
    network : nn.Module
        On the device of `pictures`; in evaluation mode whenever this works.
    capture : GraphCapture, optional
        Given where the same pictures are to be passed again and again.
    flip : bool
        Pass each picture's mirror image too, and take the mean of the two answers.

    Attributes
    ----------
    logits_NK : (N, 100) float32 tensor
    """

    def __init__(
        self,
        network: nn.Module,
        pictures: Pictures,
        normalize: Normalize,
        resolved: ResolvedSettings,
        capture: GraphCapture | None = None,
        *,
        flip: bool = False,
    ) -> None:
        self.network = network
        self._answers = answers_of(network, flip)
        self.pictures = pictures
        self._normalize = normalize
        self._resolved = resolved
        self._capture = capture
        device = pictures.images_NCHW.device
        self.logits_NK = torch.zeros(len(pictures), CLASSES, device=device)
        self._first_1 = torch.zeros(1, dtype=torch.int64, device=device)
        self._works: dict[int, Work] = {}

    def rounds(self) -> Iterator[int]:
        """Pass all pictures; after each batch, how many have passed."""
        self._first_1.zero_()
        total = len(self.pictures)
        for start in range(0, total, BATCH):
            stop = min(start + BATCH, total)
            size = stop - start
            if size not in self._works:
                work = self._work(size)
                if self._capture is not None:
                    work = self._capture.captured(work, self._rolled_back)
                self._works[size] = work
            self._works[size]()
            yield stop

    def _work(self, size: int) -> Work:
        along_B = torch.arange(size, device=self.logits_NK.device)

        @torch.inference_mode()
        def work() -> None:
            shown_B = self._first_1 + along_B
            images_BCHW = self.pictures.images_NCHW.index_select(0, shown_B)
            with autocast(self._resolved):
                logits_BK = self._answers(self._normalize(images_BCHW))
            self.logits_NK.index_copy_(0, shown_B, logits_BK.float())
            self._first_1.add_(size)

        return work

    def _rolled_back(self) -> AbstractContextManager[None]:
        return restored([self._first_1])
