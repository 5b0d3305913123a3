"""What can stop a training, said so that a person can mend it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Dataset
from cifar_studio.engine.checkpoints.checkpoint import Checkpoint, check_same_run
from cifar_studio.errors import BadInputError, TrainingError
from cifar_studio.runs.folder.environment import Environment

_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")
_LOST = ("CUDA error", "CUDNN_STATUS", "CUBLAS_STATUS", "MPS backend")


def check_resumable(
    config: TrainConfig, dataset: Dataset, environment: Environment, checkpoint: Checkpoint | None
) -> None:
    """Raise BadInputError where pictures or checkpoint are not those of the run."""
    if dataset.digest != environment.data.digest:
        raise BadInputError(
            f"the pictures of {dataset.source} are not those that the run was started with",
            f"Give the {environment.data.name} pictures that were read from "
            f"{environment.data.source}",
        )
    if checkpoint is not None:
        check_same_run(checkpoint, config)


def not_finite(
    config: TrainConfig, epoch: int, batch: int, what: Literal["loss is", "weights are"] = "loss is"
) -> TrainingError:
    """The error of a training that blew up; `epoch` and `batch` count from 1."""
    return TrainingError(
        f"the {what} no longer finite at epoch {epoch}, batch {batch}, "
        f"with learning rate {config.learning_rate:g}",
        "Start again with a lower learning rate; the last good checkpoint is kept",
        "not_finite",
    )


@contextmanager
def as_studio_errors(config: TrainConfig) -> Iterator[None]:
    """Turn a device or computer out of memory, or a device that fails, into a TrainingError."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if _is_out_of_memory(error):
            raise TrainingError(
                f"there is not enough memory for {config.architecture} with batches of "
                f"{config.batch_size}",
                "Take a smaller batch_size, or close other programs that use the device, "
                "then start again",
                "out_of_memory",
            ) from error
        if isinstance(error, torch.AcceleratorError) or any(w in str(error) for w in _LOST):
            raise TrainingError(
                f"the device failed ({str(error).strip().splitlines()[0][:120]})",
                "Resume the run, with device=cpu if it happens again; finished epochs are kept",
                "device_lost",
            ) from error
        raise


def _is_out_of_memory(error: Exception) -> bool:
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return any(words in str(error) for words in _OUT_OF_MEMORY)
