"""What a run will cost on this machine, in words for the foot of the form."""

from __future__ import annotations

import datetime

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs import wording
from cifar_studio.ui.workers.cost_estimator import CostEstimator

LONG_RUN_SECONDS = 30 * 60


def price_in_words(config: TrainConfig, costs: CostEstimator) -> tuple[str, bool]:
    """Time and memory of a run, and whether it is a long one; why they are not known otherwise."""
    speed = costs.speed(config)
    if speed is None:
        return costs.failure(config) or "Time on this machine: not measured yet", False
    seconds = speed.seconds(config)
    about = wording.about(seconds, speed.spread).capitalize()
    may_end_early = config.early_stopping != "off"
    if may_end_early:
        about = f"{about} at most"
    text = f"{about} · {wording.memory(speed.memory_mib)}"
    if seconds <= LONG_RUN_SECONDS:
        return text, False
    end = datetime.datetime.now() + datetime.timedelta(seconds=seconds)
    latest = " at the latest" if may_end_early else ""
    return f"{text} · ends about {wording.clock(end)}{latest}", True
