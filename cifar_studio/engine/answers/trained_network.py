"""The network of a run as it stands in a checkpoint, ready to answer. Nothing here changes a run.

Letters in names: N pictures, K = 100 classes, H = W = 32.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from msgspec.structs import replace
from numpy.typing import NDArray
from torch import Tensor, nn

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Split
from cifar_studio.engine.checkpoints import checkpoint as checkpoints
from cifar_studio.engine.machine.device import is_usable, memory_format, numerics, resolve
from cifar_studio.engine.networks.models import build
from cifar_studio.engine.networks.specialize import Rewrite, specialize
from cifar_studio.engine.networks.whole_weights import whole_weights
from cifar_studio.engine.training.batches import Normalize, place
from cifar_studio.engine.training.evaluate import EvaluationResult, evaluate
from cifar_studio.engine.training.forward_pass import Forward, answers_of
from cifar_studio.engine.training.sgd_step import autocast
from cifar_studio.errors import RunFolderError
from cifar_studio.runs.folder.environment import Environment, ResolvedSettings
from cifar_studio.runs.folder.events import EvaluationProgressed, Moment, Phase
from cifar_studio.runs.folder.run_folder import RunFolder


@dataclass(frozen=True)
class TrainedNetwork:
    """A run's network, in evaluation mode on the resolved device."""

    network: nn.Module  # specialised where the run's was
    config: TrainConfig
    environment: Environment
    resolved: ResolvedSettings  # the run's own, or this machine's where its device is not here
    epoch: int  # epochs that are finished
    batch: int  # batches of the one after
    normalize: Normalize
    rewrites: tuple[Rewrite, ...] = ()  # how it was specialised
    free: float = 1.0  # what a weight of 1 without a gradient has come to

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Within, torch computes as it did in the run: threads, precision, algorithms."""
        with numerics(self.resolved, self.config.deterministic), autocast(self.resolved):
            yield

    def whole_weights(self) -> dict[str, Tensor]:
        """Weights and buffers of the whole network, as the stock one has them, on the CPU."""
        return whole_weights(self.network.state_dict(), self.rewrites, self.config, self.free)

    def to_input(self, images_NHWC: NDArray[np.uint8]) -> Tensor:
        """(N, 32, 32, 3) bytes as the normalised (N, 3, 32, 32) that the network takes."""
        images = torch.from_numpy(np.ascontiguousarray(images_NHWC.transpose(0, 3, 1, 2)))
        return self.normalize(images.to(self.resolved.device))

    def probabilities(self, image_HWC: NDArray[np.uint8]) -> NDArray[np.float64]:
        """What it answers for one (32, 32, 3) picture: (100,) probabilities.

        Always one picture at a time: in a batch the last digits depend on the others.
        """
        answers = answers_of(self.network, self.config.test_time_flip)
        with self.at_work(), torch.inference_mode():
            logits_K = answers(self.to_input(image_HWC[None]))[0]
        answer: NDArray[np.float64] = torch.softmax(logits_K.double().cpu(), dim=0).numpy()
        return answer

    def evaluate(
        self, pictures: Split, positions: NDArray[np.int64], split: Phase
    ) -> Generator[EvaluationProgressed, None, EvaluationResult]:
        """Evaluate it on the pictures at `positions` of a split, as a training does."""
        placed = place(pictures, positions, torch.device(self.resolved.device))
        flip = self.config.test_time_flip
        forward = Forward(self.network, placed, self.normalize, self.resolved, flip=flip)
        with self.at_work():
            return (yield from evaluate(forward, epoch=self.epoch, split=split))


def load_network(folder: RunFolder, moment: Moment) -> TrainedNetwork:
    """Read the network of a run's best or latest checkpoint.

    Raises
    ------
    RunFolderError
        There is no such checkpoint, it is damaged, or does not fit its own settings.
    NewerVersionError
    """
    path = folder.best_checkpoint if moment == "best" else folder.last_checkpoint
    if not path.exists():
        raise RunFolderError(
            f"{folder.path.name} has no {path.name}: no epoch of it has ended here",
            "Train it, or put the file back",
        )
    checkpoint = checkpoints.load(path)
    environment = folder.read_environment()
    config = checkpoint.config
    network = build(config.architecture, config.stem, config.dropout, config.dropout_sites)
    resolved = checkpoint.resolved
    rewrites = specialize(network) if resolved.specialized else ()
    checkpoints.check_fits(checkpoint, network)
    if not is_usable(resolved):
        precision = "auto" if config.precision == "float16" else config.precision
        here = resolve(replace(config, device="auto", precision=precision))
        resolved = replace(here, specialized=resolved.specialized)
    network.load_state_dict(checkpoint.tested)
    order = memory_format(resolved)
    device = torch.device(resolved.device)
    return TrainedNetwork(
        network=network.to(device).to(memory_format=order).eval(),
        config=config,
        environment=environment,
        resolved=resolved,
        epoch=checkpoint.epochs_done,
        batch=checkpoint.batch,
        normalize=Normalize(environment.data.mean, environment.data.std, device, order),
        rewrites=rewrites,
        free=checkpoint.tested_free,
    )
