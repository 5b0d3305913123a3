"""What is measured beside the whole trainings: the studio's step and evaluation, the plain step.

Each contender has `slice(seconds, at_least)`, which works for so many seconds and at least so many
batches, starts with work that is not timed, and has waited for the device when it returns.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Dataset
from cifar_studio.data.subset import choose_for
from cifar_studio.engine.machine.device import MIB, memory_format
from cifar_studio.engine.speed.bench.plain import PlainTraining
from cifar_studio.engine.speed.bench.results import Slice
from cifar_studio.engine.speed.resident_step import wait_for
from cifar_studio.engine.training.batches import Normalize, Pictures, place
from cifar_studio.engine.training.cuda_graph import GraphCapture
from cifar_studio.engine.training.evaluate import evaluate
from cifar_studio.engine.training.forward_pass import BATCH, Forward
from cifar_studio.engine.training.training_state import TrainingState
from cifar_studio.runs.folder.environment import Environment

MOST_TESTED_ON_CPU = 2560
PEAK_STEPS = 3


class _Repeated:
    """A step that is repeated on one batch, which lies on the device."""

    def __init__(
        self,
        work: Callable[[], object],
        batch_size: int,
        device: torch.device,
        optimizer: torch.optim.Optimizer,
    ) -> None:
        self._work = work
        self._batch_size = batch_size
        self._device = device
        self._optimizer = optimizer

    def slice(self, seconds: float, at_least: int) -> Slice:
        """See the head of this file; the device is waited for every 20 steps, a CPU never."""
        block = at_least if self._device.type != "cpu" else 1
        self._work()
        wait_for(self._device)
        steps, start = 0, time.perf_counter()
        while steps < at_least or time.perf_counter() - start < seconds:
            for _ in range(block):
                self._work()
            wait_for(self._device)
            steps += block
        return Slice(steps * self._batch_size, time.perf_counter() - start)

    @property
    def state_mib(self) -> float:
        """Weights, gradients and momentum, once a step is done."""
        return state_mib(self._optimizer)


class Limit(_Repeated):
    """The studio's own step without the making of batches: no training here can be faster.

    Network, step and recording are those of the trainer; only the batch is always the same. The
    capture is shared by all that works on this network.
    """

    def __init__(self, config: TrainConfig, dataset: Dataset, environment: Environment) -> None:
        resolved, device = environment.resolved, torch.device(environment.resolved.device)
        rows = choose_for(config, dataset).train[: config.batch_size]
        pictures = place(dataset.train, rows, device)
        self.normalize = Normalize(
            environment.data.mean, environment.data.std, device, memory_format(resolved)
        )
        images_BCHW = self.normalize(pictures.images_NCHW)
        state = TrainingState(config, resolved, len(rows), dataset.digest)
        self.network = state.network

        def work() -> None:
            state.step(images_BCHW, pictures.labels_N)

        self.capture = GraphCapture(device)
        recorded = self.capture.captured(work, state.step.rolled_back)
        super().__init__(recorded, len(rows), device, state.step.optimizer)


class PlainStep(_Repeated):
    """The step of the plain loop without its loader, and without a look at the loss."""

    def __init__(self, training: PlainTraining, images_BCHW: Tensor, labels_B: Tensor) -> None:
        super().__init__(
            lambda: training.step(images_BCHW, labels_B),
            len(labels_B),
            training.device,
            training.optimizer,
        )

    def peak_mib(self) -> float | None:
        """The device's memory at its height in a few steps, while nothing else is on it."""
        device = self._device
        if device.type != "cuda":
            return None
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
        for _ in range(PEAK_STEPS):
            self._work()
        wait_for(device)
        return torch.cuda.max_memory_allocated(device) / MIB


class Evaluation:
    """The studio's evaluation of the test pictures; on a CPU of as many as fit, at most 2,560.

    The network is that of `limit`.
    """

    def __init__(
        self, limit: Limit, config: TrainConfig, dataset: Dataset, environment: Environment
    ) -> None:
        self._limit = limit
        self._resolved = environment.resolved
        device = torch.device(environment.resolved.device)
        self._is_on_cpu = device.type == "cpu"
        rows = choose_for(config, dataset).test
        if self._is_on_cpu:
            rows = rows[:MOST_TESTED_ON_CPU]
        pictures = place(dataset.test, rows, device)
        self._first = self._forward(pictures.part(np.arange(min(BATCH, len(rows)))))
        self._all = self._forward(pictures)
        self._is_fitted = not self._is_on_cpu

    def slice(self, seconds: float, _at_least: int) -> Slice:
        """See the head of this file; a batch is not timed, and the whole is done once."""
        first = _evaluated(self._first)
        if not self._is_fitted and seconds > 0:
            fitting = int(first.pictures_per_second * seconds) // BATCH * BATCH
            pictures = self._all.pictures
            count = min(len(pictures), max(BATCH, fitting))
            self._all = self._forward(pictures.part(np.arange(count)))
            self._is_fitted = True
        return _evaluated(self._all if self._is_fitted else self._first)

    def _forward(self, pictures: Pictures) -> Forward:
        limit = self._limit
        return Forward(limit.network, pictures, limit.normalize, self._resolved, limit.capture)


def _evaluated(forward: Forward) -> Slice:
    start = time.perf_counter()
    for _ in evaluate(forward, epoch=1, split="test"):
        pass
    return Slice(len(forward.pictures), time.perf_counter() - start)


def state_mib(optimizer: torch.optim.Optimizer) -> float:
    """MiB of the parameters, their gradients and what the optimizer keeps of each."""
    tensors: list[Tensor] = [one for group in optimizer.param_groups for one in group["params"]]
    tensors += [weight.grad for weight in tensors if weight.grad is not None]
    for kept in optimizer.state.values():
        tensors += [value for value in kept.values() if isinstance(value, Tensor)]
    storages = {tensor.untyped_storage().data_ptr(): tensor for tensor in tensors}
    return sum(tensor.untyped_storage().nbytes() for tensor in storages.values()) / MIB
