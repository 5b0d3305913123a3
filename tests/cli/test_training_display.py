"""What a training prints of an epoch, with and without test figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from cifar_studio.cli.output.training_display import TrainingDisplay
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.events import EpochEnded, RunStarted
from support import LOCKED, locked_rows, make_environment, make_row


def printed(config: TrainConfig, row: EpochRow, capfd: pytest.CaptureFixture[str]) -> str:
    started = RunStarted(
        folder=str(Path("run")),
        config=config,
        environment=make_environment(),
        batches=10,
        first_epoch=1,
    )
    with TrainingDisplay() as display:
        display.show(started)
        display.show(EpochEnded(row=row, best_epoch=row.epoch))
    return capfd.readouterr().err


def test_that_an_epoch_is_a_line_with_its_test_figures(capfd: pytest.CaptureFixture[str]) -> None:
    text = printed(TrainConfig(epochs=3), make_row(1), capfd)
    assert (
        "epoch 1/3  loss 4.0000  train 10.00 %  test loss 3.5000  top-1 10.00 %  top-5 30.00 %  "
        "22.0 s  500 pictures/s\n"
    ) in text
    assert "locked" not in text


def test_that_of_a_locked_test_set_the_validation_is_told(
    capfd: pytest.CaptureFixture[str],
) -> None:
    text = printed(LOCKED, locked_rows(ended=False)[1], capfd)
    assert "The test set is locked until the run ends." in text
    line = next(line for line in text.splitlines() if line.startswith("epoch 2/9"))
    assert "validation loss 2.0000" in line
    assert line.endswith("validation 30.00 %")
    assert "test" not in line
    assert "top-5" not in line
