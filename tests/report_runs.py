"""Curves whose figures are the report's, made up epoch by epoch."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cifar_studio.config.report import ReportResult
from cifar_studio.runs.folder.epochs import EpochRow


def report_rows(printed: ReportResult) -> list[EpochRow]:
    """Rows that reach each printed maximum and minimum, and converge at the printed epoch.

    The test loss falls in a straight line to the printed minimum, two epochs before convergence,
    and stays: its mean over three epochs is within 1 % of it at the printed epoch first.
    """
    epochs, converged = printed.epochs, printed.epochs_to_convergence
    low = printed.min_test_loss
    falling = [low + 0.5 * (converged - 2 - epoch) for epoch in range(1, converged - 1)]
    losses = falling + [low] * (epochs - len(falling))
    share = np.linspace(0.1, 1.0, epochs)
    seconds = _seconds(printed)
    return [
        EpochRow(
            epoch=place + 1,
            learning_rate=0.01,
            train_loss=float(printed.min_train_loss / share[place]),
            train_top1=float(printed.max_train_top1 * share[place]),
            test_loss=losses[place],
            test_top1=float(printed.max_test_top1 * share[-1 - place]),
            test_top5=float(printed.max_test_top5 * share[place]),
            train_seconds=float(seconds[place]) - 4.0,
            eval_seconds=4.0,
            images_per_second=1500.0,
            peak_memory_mib=900.0,
        )
        for place in range(epochs)
    ]


def _seconds(printed: ReportResult) -> NDArray[np.float64]:
    """Times with the printed mean and spread, whose sum up to convergence is the printed one."""
    epochs, converged = printed.epochs, printed.epochs_to_convergence
    # Above and below in turn: an even number of epochs adds up to the mean.
    swing = np.where(np.arange(epochs) % 2, 1.0, -1.0)
    swing *= printed.epoch_seconds_std / math.sqrt(epochs / (epochs - 1))
    rest = np.zeros(epochs)
    fits = abs(printed.total_seconds / epochs - printed.epoch_seconds) < 0.005
    if fits and converged < epochs:
        rest[converged:] = (printed.total_seconds - epochs * printed.epoch_seconds) / (
            epochs - converged
        )
    return printed.epoch_seconds + swing + rest
