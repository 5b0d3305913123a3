"""Where a run stands in words, from scripted events."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QObject

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.events import (
    BatchesEnded,
    EpochEnded,
    EvaluationProgressed,
    RunEnded,
    RunStarted,
)
from cifar_studio.ui.training.live_run import LiveRun
from cifar_studio.ui.training.run_progress import Progress
from cifar_studio.ui.training.run_selection import RunSelection
from support import make_environment, make_row

STARTED = RunStarted(
    folder="/runs/20260401_120000_resnet18",
    config=TrainConfig(epochs=4),
    environment=make_environment(),
    batches=79,
    first_epoch=1,
)


def batches(epoch: int, batch: int, speed: float = 500.0) -> BatchesEnded:
    return BatchesEnded(
        epoch=epoch,
        batch=batch,
        batches=79,
        loss=4.0,
        top1=3.0,
        epoch_loss=4.1,
        epoch_top1=2.0,
        images_per_second=speed,
        memory_mib=900.0,
    )


def test_that_nothing_is_claimed_before_the_first_batch() -> None:
    progress = Progress(STARTED)
    assert (progress.speed_text, progress.left_text, progress.seconds_left) == ("", "", None)
    assert progress.fraction == 0


def test_that_place_speed_and_time_left_follow_the_events() -> None:
    progress = Progress(STARTED)
    progress.handle(batches(1, 79))
    progress.handle(EpochEnded(row=make_row(1), best_epoch=1))  # 2 s of evaluation
    progress.handle(batches(2, 40))
    assert progress.place_text == "epoch 2 · batch 40/79"
    assert progress.speed_text == "500 pictures/s"
    assert progress.device_text == "CPU · 900 MB used"
    assert progress.fraction == pytest.approx((1 + 40 / 79) / 4)
    # 39 of 79 batches of 10,000 pictures at 500 a second and 2 s of tests, then two whole epochs
    this_epoch = 39 / 79 * 20 + 2
    assert progress.epoch_seconds_left == pytest.approx(this_epoch)
    assert progress.seconds_left == pytest.approx(this_epoch + 2 * 22)
    assert progress.left_text == "about 56 s left"


def test_that_testing_is_said_and_counted() -> None:
    progress = Progress(STARTED)
    progress.handle(batches(1, 79))
    progress.handle(EvaluationProgressed(epoch=1, split="test", done=500, total=2000))
    assert progress.place_text == "epoch 1 · test 25 %"
    assert progress.batch == 0
    assert progress.epoch_seconds_left == pytest.approx(2000 / 1500 * 0.75)


def test_that_a_hiccup_does_not_throw_the_speed_about() -> None:
    progress = Progress(STARTED)
    for _ in range(50):
        progress.handle(batches(1, 10))
    progress.handle(batches(1, 11, speed=5.0))
    assert progress.speed_text == "450 pictures/s"


def test_that_a_busy_minute_is_forgotten_within_seconds_and_the_guess_is_wide_meanwhile() -> None:
    progress = Progress(STARTED)
    batch = 0
    for speed, seconds in ((100.0, 60), (500.0, 10)):
        for _ in range(round(seconds * speed / 128)):
            batch += 1
            progress.handle(batches(1 + batch // 79, batch % 79, speed=speed))
        if speed == 100.0:
            assert " to " not in progress.left_text
            progress.handle(batches(1, 75, speed=500.0))
            assert " to " in progress.left_text
    assert progress.speed == pytest.approx(500, rel=0.1)
    progress.handle(
        EpochEnded(row=msgspec.structs.replace(make_row(1), images_per_second=90.0), best_epoch=1)
    )
    assert progress.speed == pytest.approx(500, rel=0.1), "not the mean of the epoch"


def test_that_who_looks_at_another_run_is_pointed_to_the_live_one(qapp: object) -> None:
    parent, live = QObject(), LiveRun()
    selection = RunSelection(live, parent)
    live.handle(STARTED)
    selection.select_live()
    assert selection.shows_live
    assert selection.pointer_text == ""
    selection.select(Path("/runs/20260331_120000_vgg11"))
    live.handle(batches(2, 5))
    assert selection.pointer_text == "Training: ResNet18 2/4 · show"
    assert "batch 5" in live.kept_text
    live.handle(RunEnded(state="finished", folder=STARTED.folder))
    assert selection.pointer_text == ""
    assert live.path is None
    assert live.has_begun


def test_that_events_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        STARTED.batches = 3  # type: ignore[misc]
    assert msgspec.structs.replace(STARTED, batches=3).batches == 3
