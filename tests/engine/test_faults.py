"""Trainings that cannot go on say why and keep what they have."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from msgspec.structs import replace

from cifar_studio.data.dataset import Dataset
from cifar_studio.engine.checkpoints import checkpoint as checkpoints
from cifar_studio.engine.training.progress import ReportingIntervals
from cifar_studio.engine.training.sgd_step import TrainingStep
from cifar_studio.engine.training.trainer import train
from cifar_studio.errors import TrainingError
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.events import BatchesEnded, EpochEnded
from cifar_studio.runs.folder.run_folder import RunFolder
from engine.training_runs import EVERY_BATCH, NEVER, SMALL

MakeRun = Callable[..., tuple[RunFolder, Environment]]

# Weights without a gradient grow, batches are small: it blows up somewhere, by itself.
EXPLODING = replace(SMALL, epochs=30, batch_size=8, learning_rate=3.85, weight_decay=1.0)
LAST_GOOD_STEP = 20
FOUR_EPOCHS = replace(SMALL, epochs=4, batch_size=8)  # of 13 batches


@pytest.mark.parametrize(
    "intervals", [EVERY_BATCH, NEVER], ids=["at the gate", "at the epoch's end"]
)
def test_that_a_loss_that_is_not_finite_ends_the_run_and_keeps_the_last_good_checkpoint(
    intervals: ReportingIntervals,
    dataset: Dataset,
    make_run: MakeRun,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A weight is infinite after 20 steps, as after a gradient that overflowed."""
    folder, environment = make_run(FOUR_EPOCHS)
    told: list[tuple[int, int]] = []
    checkpoints_written: list[bytes] = []
    train_once = TrainingStep.__call__

    def blow_up(step: TrainingStep, *batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        result = train_once(step, *batch)
        if step.updates == LAST_GOOD_STEP:
            with torch.no_grad():
                step.optimizer.param_groups[0]["params"][-1][0] = torch.inf
        return result

    monkeypatch.setattr(TrainingStep, "__call__", blow_up)

    def follow() -> None:
        for event in train(FOUR_EPOCHS, dataset, folder, environment, intervals=intervals):
            if isinstance(event, BatchesEnded):
                told.append((event.epoch, event.batch))
                assert event.loss is not None
            if isinstance(event, EpochEnded):
                checkpoints_written.append(folder.last_checkpoint.read_bytes())

    with pytest.raises(TrainingError) as caught:
        follow()
    assert caught.value.reason == "not_finite"
    epochs = len(folder.read_epochs())
    assert epochs == 1
    assert "no longer finite at epoch 2, batch 8, " in caught.value.fault
    assert "with learning rate 0.01" in caught.value.fault
    assert "lower learning rate" in caught.value.remedy
    if intervals is EVERY_BATCH:  # it ends at once
        assert told[-1] == (2, 7)
    assert folder.last_checkpoint.read_bytes() == checkpoints_written[-1]
    last = checkpoints.load(folder.last_checkpoint)
    assert (last.epochs_done, last.batch) == (epochs, 0)
    assert all(value.isfinite().all() for value in last.network.values())


def test_that_both_ways_of_looking_name_the_same_batch(dataset: Dataset, make_run: MakeRun) -> None:
    faults = []
    for name, intervals in (("a", EVERY_BATCH), ("b", NEVER)):
        folder, environment = make_run(EXPLODING, name)
        with pytest.raises(TrainingError) as caught:
            list(train(EXPLODING, dataset, folder, environment, intervals=intervals))
        faults.append(caught.value.fault)
    assert faults[0] == faults[1]


def test_that_closing_never_saves_weights_that_blew_up(
    dataset: Dataset, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = TrainingStep.__call__

    def blow_up(self: TrainingStep, *batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        loss, correct = step(self, *batch)
        with torch.no_grad():
            next(iter(self._network.parameters())).fill_(torch.inf)
        return loss, correct

    monkeypatch.setattr(TrainingStep, "__call__", blow_up)
    folder, environment = make_run(SMALL)
    events = train(SMALL, dataset, folder, environment, intervals=EVERY_BATCH)
    next(events)
    next(events)
    events.close()
    assert not folder.last_checkpoint.exists()


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("MPS backend out of memory (MPS allocated: 8 GB)"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        MemoryError(),
    ],
    ids=["cuda", "mps", "cpu", "python"],
)
def test_that_running_out_of_memory_is_told_with_its_remedy(
    error: Exception, dataset: Dataset, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(TrainingStep, "__call__", fail)
    folder, environment = make_run(SMALL)
    with pytest.raises(TrainingError, match=r"not enough memory.*32.*smaller batch_size") as caught:
        list(train(SMALL, dataset, folder, environment))
    assert caught.value.__cause__ is error
    assert caught.value.reason == "out_of_memory"


@pytest.mark.parametrize(
    "error",
    [
        torch.AcceleratorError("unspecified launch failure"),
        RuntimeError("CUDA error: the launch timed out and was terminated\nCUDA kernel errors …"),
        RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
    ],
    ids=["accelerator", "cuda", "cudnn"],
)
def test_that_a_device_that_vanishes_is_told_with_its_remedy(
    error: Exception, dataset: Dataset, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(TrainingStep, "__call__", fail)
    folder, environment = make_run(SMALL)
    with pytest.raises(TrainingError, match=r"the device failed \(.*device=cpu") as caught:
        list(train(SMALL, dataset, folder, environment))
    assert caught.value.reason == "device_lost"
    assert "\n" not in str(caught.value)


def test_that_other_failures_are_not_dressed_up(
    dataset: Dataset, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(TrainingStep, "__call__", fail)
    folder, environment = make_run(SMALL)
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        list(train(SMALL, dataset, folder, environment))
