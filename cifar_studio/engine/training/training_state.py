"""A training's whole state between two batches, and its way into a checkpoint and back."""

from __future__ import annotations

import copy
import math

import torch
from torch import nn

from cifar_studio.config.schedule import learning_rate, plateau_factor
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.checkpoints.checkpoint import Checkpoint, check_fits
from cifar_studio.engine.machine.device import memory_format
from cifar_studio.engine.networks.models import build_for
from cifar_studio.engine.networks.specialize import specialize
from cifar_studio.engine.training.batch_record import BatchRecord
from cifar_studio.engine.training.sgd_step import (
    TrainingStep,
    random_states,
    set_random_states,
)
from cifar_studio.errors import RunFolderError
from cifar_studio.runs.folder.environment import ResolvedSettings
from cifar_studio.runs.folder.epochs import EpochRow


class TrainingState:
    """Network, optimizer and how far they are.

    Parameters
    ----------
    pictures : int
        Training pictures an epoch.
    data_digest : str
        Of the data set that they are from.

    Attributes
    ----------
    network : nn.Module
        Specialised where that was resolved.
    tested : nn.Module
        The network whose figures count: the running average of `network` where the config asks for
        one, else `network` itself.
    epoch : int
        Finished epochs.
    batch : int
        Batches done of the epoch after.
    record : BatchRecord
        Of that epoch.
    train_seconds : float
        Spent on that epoch's batches.
    """

    def __init__(
        self, config: TrainConfig, resolved: ResolvedSettings, pictures: int, data_digest: str
    ) -> None:
        self._config = config
        self._resolved = resolved
        self._data_digest = data_digest
        self.device = torch.device(resolved.device)
        network = build_for(config)
        rewrites = specialize(network) if resolved.specialized else ()
        self.network: nn.Module = network.to(self.device).to(memory_format=memory_format(resolved))
        self.network.train()
        averaged = copy.deepcopy(self.network).eval() if config.weight_averaging else None
        self.tested = self.network if averaged is None else averaged
        self.step = TrainingStep(self.network, config, resolved, rewrites, averaged)
        self.rows: list[EpochRow] = []
        self.record = BatchRecord(pictures, config.batch_size, self.device)
        self.begin_epoch()

    @property
    def epoch(self) -> int:
        return len(self.rows)

    def learning_rate(self, batch: int) -> float:
        """The rate of a batch of this epoch, from 0."""
        step = self.epoch * len(self.record) + batch
        return learning_rate(self._config, len(self.record), step, self._on_plateaus)

    def prepare_step(self) -> None:
        """Have the step take the rate of the batch that comes next."""
        number = self.epoch * len(self.record) + self.batch + 1
        self.step.prepare(self.learning_rate(self.batch), number)

    def finish_epoch(self, row: EpochRow) -> None:
        """Take an epoch's row and stand before the first batch of the next one."""
        self.rows.append(row)
        self.begin_epoch()

    def begin_epoch(self) -> None:
        """Stand before the first batch of the epoch after the finished ones."""
        self.batch = 0
        self.train_seconds = 0.0
        self.record.clear()
        self._on_plateaus = plateau_factor(self._config, [row.val_loss for row in self.rows])

    def weights_are_finite(self) -> bool:
        """Whether no weight or buffer is infinite or not a number; waits for the device."""
        values = (
            value for value in self.network.state_dict().values() if value.is_floating_point()
        )
        return bool(torch.stack([value.isfinite().all() for value in values]).all())

    def to_checkpoint(self) -> Checkpoint:
        """The state as it stands; its tensors are the living ones, so save before training on."""
        self.record.fetch(self.batch)
        return Checkpoint(
            config=self._config,
            resolved=self._resolved,
            network=dict(self.network.state_dict()),
            optimizer=self.step.optimizer_state(),
            scaler=self.step.scaler.state_dict(),
            random=random_states(self.device),
            epochs_done=self.epoch,
            batch=self.batch,
            batches=self.record.known_numbers(),
            rows=tuple(self.rows),
            train_seconds=self.train_seconds,
            data_digest=self._data_digest,
            updates=int(self.step.updates),
            free=self.step.free.values_3.double().cpu(),
            averaged=dict(self.tested.state_dict()) if self.tested is not self.network else {},
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Become what a checkpoint holds.

        Raises
        ------
        RunFolderError
            Its weights, batches or random states are not those of this config.
        """
        check_fits(checkpoint, self.network)
        if checkpoint.batch > len(self.record):
            raise RunFolderError(
                f"the checkpoint stands at batch {checkpoint.batch} of {len(self.record)}",
                "Take another checkpoint of the run, or train again",
            )
        self.network.load_state_dict(checkpoint.network)
        if self.tested is not self.network:
            self.tested.load_state_dict(checkpoint.averaged)
        self.step.restore(checkpoint.momenta, checkpoint.scaler, checkpoint.updates)
        self.step.free.values_3.copy_(checkpoint.free)
        self.rows = list(checkpoint.rows)
        self.begin_epoch()
        self.batch = checkpoint.batch
        self.train_seconds = checkpoint.train_seconds
        self.record.restore(checkpoint.batches)
        try:
            set_random_states(checkpoint.random, self.device)
        except (KeyError, RuntimeError, TypeError) as error:
            raise RunFolderError(
                "the checkpoint's random states are not torch's",
                "Take another checkpoint of the run, or train again",
            ) from error


def finite_or_none(value: float) -> float | None:
    """A loss as rows and events carry it."""
    return value if math.isfinite(value) else None
