"""Two runs of the same settings compared, figure by figure."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import BadInputError
from cifar_studio.runs.analysis.reproduction import config_to_repeat, reproduction_of
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.folder.run_folder import Notes, Status
from support import make_environment, make_row

ROWS = (make_row(1, 10.0), make_row(2, 20.0), make_row(3, 30.0))


def make(rows: tuple[EpochRow, ...] = ROWS, **changes: object) -> Run:
    config = replace(TrainConfig(epochs=3), **changes)
    path = Path("20260401_120000_resnet18")
    return Run(path, config, make_environment(), Status(state="finished"), rows, Notes())


def changed(epoch: int, **figures: object) -> tuple[EpochRow, ...]:
    return tuple(replace(row, **figures) if row.epoch == epoch else row for row in ROWS)


def test_that_the_same_figures_are_exact_whatever_they_took() -> None:
    slower = changed(2, train_seconds=99.0, images_per_second=1.0, peak_memory_mib=1.0)
    found = reproduction_of(make(), make(slower, device="cpu"))
    assert found.is_exact
    assert found.verdict() == "Every figure of 3 epochs is the same, to the last digit."
    names = {figure.name for figure in found.figures}
    assert "val_top1" not in names, "neither run has one"
    assert "test_loss" in names


def test_that_one_unit_in_the_last_place_is_seen() -> None:
    loss = ROWS[1].test_loss
    assert loss is not None
    found = reproduction_of(make(), make(changed(2, test_loss=math.nextafter(loss, 9))))
    assert not found.is_exact
    (apart,) = (figure for figure in found.figures if figure.since is not None)
    assert (apart.name, apart.since) == ("test_loss", 2)
    assert apart.largest == math.ulp(loss)
    assert "differ from epoch 2 on" in found.verdict()
    assert "top-1 30.00 %, before 30.00 %" in found.verdict()


def test_that_a_loss_that_only_one_run_has_is_a_difference() -> None:
    found = reproduction_of(make(), make(changed(3, train_loss=None)))
    (apart,) = (figure for figure in found.figures if figure.since is not None)
    assert apart.largest == math.inf
    both = changed(3, train_loss=None)
    assert reproduction_of(make(both), make(both)).is_exact


def test_that_a_shorter_run_is_held_against_the_first_epochs() -> None:
    found = reproduction_of(make(), make(ROWS[:1], epochs=1))
    assert found.epochs == 1
    assert found.is_exact


def test_that_the_circumstances_are_named() -> None:
    other = make(changed(1, test_top1=11.0))
    environment = make_environment()
    resolved = replace(environment.resolved, threads=8)
    elsewhere = Run(
        other.path,
        other.config,
        replace(environment, torch="3", resolved=resolved),
        other.status,
        other.rows,
        other.notes,
    )
    words = reproduction_of(make(), elsewhere).verdict()
    assert "The runs differ in threads, torch" in words
    assert "Nothing that is recorded" in reproduction_of(make(), other).verdict()


def test_that_other_settings_are_no_repetition() -> None:
    with pytest.raises(BadInputError, match="differ in learning rate, seed"):
        reproduction_of(make(), make(seed=1, learning_rate=0.1))
    with pytest.raises(BadInputError, match="no epoch in common"):
        reproduction_of(make(), make(()))


def test_what_is_trained_again() -> None:
    assert config_to_repeat(make(epochs=70)).epochs == 3
    assert config_to_repeat(make(), 2) == TrainConfig(epochs=2)
    for epochs in (0, 4):
        with pytest.raises(BadInputError, match="Ask for 1 to 3"):
            config_to_repeat(make(), epochs)
    with pytest.raises(BadInputError, match="no epoch to be repeated"):
        config_to_repeat(make(()))
