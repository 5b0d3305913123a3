"""Mean and deviation of several runs, epoch by epoch."""

from __future__ import annotations

import math
import statistics
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.analysis.seeds import mean_curves
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.folder.run_folder import Notes, Status
from support import make_row


def make(*rows: EpochRow) -> Run:
    path = Path("20260401_120000_resnet18")
    return Run(path, TrainConfig(), None, Status(state="finished", epochs=1), rows, Notes())


def test_that_means_are_those_of_the_standard_library() -> None:
    tops = [[10.0, 20.0], [12.0, 23.0], [11.0, 29.5]]
    runs = [make(*(make_row(e, t) for e, t in enumerate(column, 1))) for column in tops]
    found = mean_curves(runs)
    assert found.n == 3
    for place, values in enumerate(zip(*tops, strict=True)):
        assert found.rows[place].test_top1 == pytest.approx(statistics.fmean(values))
        deviation = found.deviations["test_top1"][place]
        assert deviation == pytest.approx(statistics.stdev(values))


def test_that_only_epochs_that_all_have_are_drawn() -> None:
    long, short = make(make_row(1), make_row(2), make_row(3)), make(make_row(1), make_row(3))
    assert [row.epoch for row in mean_curves([long, short]).rows] == [1, 3]


def test_that_a_figure_that_one_run_lacks_has_no_mean() -> None:
    lost = replace(make_row(1), test_loss=None)
    found = mean_curves([make(make_row(1)), make(lost)])
    assert found.rows[0].test_loss is None
    assert math.isnan(found.deviations["test_loss"][0])
    assert found.rows[0].test_top1 == 10.0


def test_that_one_run_has_no_deviation() -> None:
    found = mean_curves([make(make_row(1))])
    assert np.isnan(found.deviations["test_top1"]).all()
    assert mean_curves([]).rows == ()
