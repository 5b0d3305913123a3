"""Settings that may help where a run has failed. Plain: no Qt."""

from __future__ import annotations

from msgspec.structs import replace

from cifar_studio.config.check import check
from cifar_studio.config.settings import bounds_of
from cifar_studio.config.train_config import TrainConfig

MORE_EPOCHS = 10


def with_smaller_batches(config: TrainConfig) -> TrainConfig | None:
    """For a device out of memory: half the batch size, or the next below that can be trained."""
    pictures = config.train_pictures
    half = min(config.batch_size, pictures) // 2
    for batch_size in range(half, int(bounds_of("batch_size").low) - 1, -1):
        changed = replace(config, batch_size=batch_size)
        if not check(changed):
            return changed
    return None


def with_shorter_steps(config: TrainConfig) -> TrainConfig | None:
    """For a loss that is no longer finite: a tenth of the learning rate."""
    # By decimal digits: a tenth of 0.3 is 0.03 and not 0.030000000000000002.
    changed = replace(config, learning_rate=float(f"{config.learning_rate / 10:.12g}"))
    return changed if not check(changed) else None


def on_the_processor(config: TrainConfig) -> TrainConfig | None:
    """For a device that failed or is gone; None where it was the processor."""
    changed = replace(config, device="cpu")
    return changed if config.device != "cpu" and not check(changed) else None


def longer(config: TrainConfig, done: int) -> tuple[int, int, int]:
    """Numbers of epochs to train on to: the least, the one to propose, and the most."""
    most = int(bounds_of("epochs").high)
    return min(done + 1, most), min(max(done, config.epochs) + MORE_EPOCHS, most), most
