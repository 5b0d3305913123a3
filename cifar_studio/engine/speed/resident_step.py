"""A training step on one batch that stays on the device: for measuring how fast a step can be.

The weights are small and equal, as speed does not depend on them and drawing them takes long.
"""

from __future__ import annotations

import torch
from torch import nn

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import CLASSES
from cifar_studio.engine.machine.device import memory_format
from cifar_studio.engine.networks.models import build
from cifar_studio.engine.networks.specialize import Rewrite, specialize
from cifar_studio.engine.training.batches import Normalize, Pictures
from cifar_studio.engine.training.cuda_graph import GraphCapture
from cifar_studio.engine.training.sgd_step import TrainingStep
from cifar_studio.runs.folder.environment import ResolvedSettings


class ResidentStep:
    """The studio's own step, on pictures that are normalised already."""

    def __init__(self, config: TrainConfig, resolved: ResolvedSettings, batch_size: int) -> None:
        self._device = torch.device(resolved.device)
        network, rewrites = build_with_dummy_weights(config, resolved)
        pictures = random_pictures(batch_size, self._device)
        order = memory_format(resolved)
        images_BCHW = Normalize([0.5] * 3, [0.25] * 3, self._device, order)(pictures.images_NCHW)
        step = TrainingStep(network, config, resolved, rewrites)

        def work() -> None:
            step(images_BCHW, pictures.labels_N)

        self._work = GraphCapture(self._device).captured(work, step.rolled_back)

    def __call__(self) -> None:
        """Train once more; does not wait for the device."""
        self._work()

    def wait(self) -> None:
        """Until the device has done all that it was given."""
        wait_for(self._device)


def build_with_dummy_weights(
    config: TrainConfig, resolved: ResolvedSettings
) -> tuple[nn.Module, tuple[Rewrite, ...]]:
    """A config's network on its device, with arbitrary weights, as a training would have it."""
    with torch.device("meta"):
        network = build(config.architecture, config.stem, config.dropout, config.dropout_sites)
    rewrites = specialize(network) if resolved.specialized else ()
    network.to_empty(device=torch.device(resolved.device))
    for name, value in network.state_dict().items():
        value.fill_(1 if name.endswith("running_var") else 0.001)
    return network.to(memory_format=memory_format(resolved)), rewrites


def random_pictures(n: int, device: torch.device) -> Pictures:
    """Pictures of noise."""
    return Pictures(
        torch.randint(0, 256, (n, 3, 32, 32), dtype=torch.uint8, device=device),
        torch.randint(0, CLASSES, (n,), device=device),
        torch.arange(n, dtype=torch.int32).numpy(),
    )


def wait_for(device: torch.device) -> None:
    """Until a device has done all that it was given; at once on the processor."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
