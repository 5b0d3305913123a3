"""Scripted runs and events for the tests of the curves."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.environment import DataFacts, Environment, ResolvedSettings
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.events import BatchesEnded, EpochEnded, QuickTestEnded, RunStarted
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.folder.run_folder import Notes, Status
from cifar_studio.runs.folder.trace import TraceWriter


def environment(name: str = "CIFAR-100", test_pictures: int = 10_000) -> Environment:
    return Environment(
        studio="0",
        python="3",
        torch="2",
        torchvision="0",
        numpy="2",
        cuda="",
        operating_system="Linux",
        processor="",
        device_name="",
        resolved=ResolvedSettings(
            device="cpu",
            threads=2,
            memory_format="contiguous",
            precision="float32",
            specialized=True,
        ),
        data=DataFacts(
            name=name,
            digest="",
            source="",
            train_pictures=50_000,
            test_pictures=test_pictures,
            validation_pictures=0,
            complete=test_pictures == 10_000 and name == "CIFAR-100",
            mean=[0.5] * 3,
            std=[0.25] * 3,
        ),
        command=[],
        started="",
    )


def row(
    epoch: int,
    top1: float = 20.0,
    train_loss: float | None = 3.0,
    test_loss: float | None = 2.5,
    val_top1: float | None = None,
) -> EpochRow:
    return EpochRow(
        epoch=epoch,
        learning_rate=0.01,
        train_loss=train_loss,
        train_top1=15.0,
        test_loss=test_loss,
        test_top1=top1,
        test_top5=top1 + 25.0,
        train_seconds=30.5,
        eval_seconds=2.0,
        images_per_second=1540.0,
        peak_memory_mib=900.0,
        val_loss=None if val_top1 is None else 2.6,
        val_top1=val_top1,
        val_top5=None if val_top1 is None else val_top1 + 20.0,
    )


def run(
    path: Path,
    rows: list[EpochRow],
    config: TrainConfig | None = None,
    facts: Environment | None = None,
    points: np.ndarray | None = None,
) -> Run:
    """A run of the library; `points` are position, loss and top-1 between batches."""
    path.mkdir(parents=True, exist_ok=True)
    if points is not None:
        writer = TraceWriter(path / "trace.csv")
        for position, loss, top1 in points:
            writer.batches(position, loss, top1)
        writer.close()
    return Run(
        path,
        config or TrainConfig(),
        facts or environment(),
        Status(state="finished"),
        tuple(rows),
        Notes(),
    )


def started(
    folder: Path, config: TrainConfig | None = None, facts: Environment | None = None
) -> RunStarted:
    return RunStarted(
        folder=str(folder),
        config=config or TrainConfig(),
        environment=facts or environment(),
        batches=10,
        first_epoch=1,
    )


def batches(epoch: int, batch: int, loss: float | None = 3.0, top1: float = 12.0) -> BatchesEnded:
    return BatchesEnded(
        epoch=epoch,
        batch=batch,
        batches=10,
        loss=loss,
        top1=top1,
        epoch_loss=loss,
        epoch_top1=top1,
        images_per_second=1500.0,
        memory_mib=800.0,
    )


def epoch_ended(ended: EpochRow, best_epoch: int) -> EpochEnded:
    return EpochEnded(row=ended, best_epoch=best_epoch)


def quick_test(position: float, loss: float = 2.7, top1: float = 18.0) -> QuickTestEnded:
    return QuickTestEnded(position=position, loss=loss, top1=top1, top5=40.0, pictures=1000)
