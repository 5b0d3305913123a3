"""The learning rate as a pure function of the step: nothing to save, nothing to lose at a resume.

A step is a batch, counted from 0 over all epochs. Each schedule is what `torch.optim.lr_scheduler`
gives when it is stepped after each batch: MultiStepLR, CosineAnnealingLR, OneCycleLR with its
defaults but for the last rate, and ReduceLROnPlateau after each epoch, behind a LinearLR for the
warm-up. Without torch: the window draws these curves too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from cifar_studio.config.train_config import TrainConfig

RISE = 0.3
"""The share of a one-cycle schedule in which the rate rises."""
FIRST_SHARE = 1 / 25
"""The share of the learning rate at which a one-cycle schedule begins."""
_PLATEAU_THRESHOLD = 1e-4
_SMALLEST_FALL = 1e-8


def learning_rate(
    config: TrainConfig, steps_in_epoch: int, step: int, on_plateaus: float = 1.0
) -> float:
    """The rate of a step.

    In the warm-up it rises in a line, from its first step on, to where the schedule begins. Past
    the schedule's end the last rate is held: a cosine does not rise again.

    Parameters
    ----------
    step : int
        From 0; the run's last one is `config.epochs * steps_in_epoch - 1`.
    on_plateaus : float
        What the rate has been multiplied by, as `plateau_factor` gives it.
    """
    warmup = round(config.warmup_epochs * steps_in_epoch)
    if step < warmup:
        first = FIRST_SHARE if config.schedule == "one-cycle" else 1.0
        return config.learning_rate * first * (step + 1) / warmup
    steps = max(config.scheduled_epochs * steps_in_epoch - warmup, 1)
    done = min(step - warmup, steps - 1)
    match config.schedule:
        case "cosine":
            share = _halfway(1.0, config.final_share, done / steps)
        case "one-cycle":
            share = _one_cycle(done, steps, config.final_share)
        case "multistep":
            passed = sum(step >= epoch * steps_in_epoch for epoch in config.milestones)
            share = config.schedule_factor**passed
        case "plateau":
            share = on_plateaus
        case _:
            share = 1.0
    return config.learning_rate * share


def plateau_factor(config: TrainConfig, val_losses: Iterable[float | None]) -> float:
    """What a plateau schedule multiplies the rate by after these epochs; 1 for all others.

    It falls each time that more than `plateau_patience` epochs in a row were not better than the
    best so far by one part in ten thousand. A loss that is none, or not a number, is not better.
    Epochs that ended in the warm-up do not count.

    Parameters
    ----------
    val_losses : (E,) float or None
        Validation loss of each finished epoch, from the first on.
    """
    if config.schedule != "plateau":
        return 1.0
    factor, best, bad = 1.0, math.inf, 0
    for epoch, loss in enumerate(val_losses, start=1):
        if epoch <= config.warmup_epochs:
            continue
        if loss is not None and loss < best * (1 - _PLATEAU_THRESHOLD):
            best, bad = loss, 0
        else:
            bad += 1
        if bad > config.plateau_patience:
            bad = 0
            lower = factor * config.schedule_factor
            if config.learning_rate * (factor - lower) > _SMALLEST_FALL:
                factor = lower
    return factor


def schedule_change(before: TrainConfig, after: TrainConfig, done: int) -> str:
    """What another number of epochs does to a schedule, as a sentence; empty where it does nothing.

    Parameters
    ----------
    done : int
        Epochs that are finished.
    """
    if before.schedule not in ("cosine", "one-cycle") or not done:
        return ""
    if before.scheduled_epochs != after.scheduled_epochs:
        steps = after.steps_in_epoch
        last = learning_rate(before, steps, done * steps - 1)
        following = learning_rate(after, steps, done * steps)
        return (
            f"The {after.schedule} schedule runs over {after.scheduled_epochs} epochs now: the "
            f"learning rate goes from {last:.2g} to {following:.2g}, and on along that curve"
        )
    if before.epochs < after.epochs and after.epochs > after.scheduled_epochs:
        return f"The schedule ends at epoch {after.scheduled_epochs}; then its last rate is held"
    return ""


def _one_cycle(done: int, steps: int, final_share: float) -> float:
    """The share of the highest rate: up by half a cosine, and down by another."""
    top = RISE * steps - 1
    if done <= top:
        return _halfway(FIRST_SHARE, 1.0, done / top)
    return _halfway(1.0, final_share, (done - top) / (steps - 1 - top))


def _halfway(start: float, end: float, done: float) -> float:
    """Half a wave of a cosine from `start` to `end`; `done` from 0 to 1."""
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2
