"""Made-up figures and environments that tests of several floors share."""

from __future__ import annotations

import numpy as np
import psutil
from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.environment import DataFacts, Environment, ResolvedSettings
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.evaluation import Evaluation, confusion_matrix


def worker_processes() -> list[psutil.Process]:
    """The worker processes that this process has started and that are still there."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "cifar_studio.runner.worker.worker" in child.cmdline()]


def make_row(epoch: int, top1: float = 10.0) -> EpochRow:
    return EpochRow(
        epoch=epoch,
        learning_rate=0.01,
        train_loss=4.0 / epoch,
        train_top1=top1,
        test_loss=3.5 / epoch,
        test_top1=top1,
        test_top5=min(100.0, 3 * top1),
        train_seconds=20.0,
        eval_seconds=2.0,
        images_per_second=500.0,
        peak_memory_mib=900.0,
    )


LOCKED = TrainConfig(
    epochs=9,
    train_per_class=450,
    validation_per_class=50,
    test="at_end",
    early_stopping="val_loss",
    patience=2,
)
"""A run that chooses on validation, and looks at the test set once."""


def locked_rows(*, ended: bool) -> list[EpochRow]:
    """Five epochs under `LOCKED`, with which the run stops early; epoch 4 is chosen.

    The loss is best at epoch 3, top-1 at epoch 4; ended, that row has the test figures.
    """
    losses = (3.0, 2.0, 1.5, 1.6, 1.7)
    top1s = (10.0, 30.0, 40.0, 45.0, 44.0)
    rows = [
        replace(
            make_row(epoch),
            test_loss=None,
            test_top1=None,
            test_top5=None,
            val_loss=loss,
            val_top1=top1,
            val_top5=top1 + 20.0,
        )
        for epoch, (loss, top1) in enumerate(zip(losses, top1s, strict=True), 1)
    ]
    if ended:
        rows[3] = replace(rows[3], test_loss=1.65, test_top1=43.0, test_top5=64.0)
    return rows


def make_environment(data: str = "demo", *, complete: bool = False) -> Environment:
    return Environment(
        studio="0",
        python="3",
        torch="2",
        torchvision="0",
        numpy="2",
        cuda="",
        operating_system="",
        processor="",
        device_name="CPU",
        resolved=ResolvedSettings(
            device="cpu",
            threads=2,
            memory_format="contiguous",
            precision="float32",
            specialized=False,
        ),
        data=DataFacts(
            name=data,
            digest="",
            source="",
            train_pictures=10_000,
            test_pictures=2_000,
            validation_pictures=0,
            complete=complete,
            mean=[0.5] * 3,
            std=[0.25] * 3,
        ),
        command=[],
        started="2026-04-01T12:00:00+00:00",
    )


def make_evaluation(n: int = 300) -> Evaluation:
    """Answers of no network, the same ones at each call."""
    generator = np.random.default_rng(0)
    true = generator.integers(0, 100, n).astype(np.uint8)
    probabilities = generator.dirichlet(np.ones(100), n).astype(np.float16)
    top5 = np.argsort(-probabilities, axis=1, kind="stable")[:, :5].astype(np.uint8)
    return Evaluation(
        true=true,
        predicted=top5[:, 0],
        top5=top5,
        probabilities=probabilities,
        confusion=confusion_matrix(true, top5[:, 0]),
        indices=np.arange(n, dtype=np.int32),
        epoch=7,
    )
