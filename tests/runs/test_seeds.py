"""Runs that differ only in their seed, as a group."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest
from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.analysis.seeds import group_by_seed, missing_seeds, over_seeds
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.folder.run_folder import Notes, Status
from support import make_environment, make_row

CONFIG = TrainConfig(epochs=2)


def make(seed: int, top1: float, *, hour: int = 12, epochs_run: int = 2, **changes: object) -> Run:
    data = str(changes.pop("data", "demo"))
    config = replace(CONFIG, seed=seed, **changes)
    return Run(
        path=Path(f"20260401_{hour:02d}0000_resnet18"),
        config=config,
        environment=make_environment(data),
        status=Status(state="finished", epochs=2),
        rows=tuple(make_row(epoch, top1 - 2 + epoch) for epoch in range(1, epochs_run + 1)),
        notes=Notes(),
    )


def test_that_only_the_seed_may_differ() -> None:
    runs = [make(0, 30), make(1, 32), make(0, 40, learning_rate=0.1), make(0, 50, data="CIFAR-100")]
    groups = group_by_seed(runs)
    assert [group.seeds for group in groups] == [(0, 1), (0,), (0,)]


def test_that_mean_and_deviation_are_those_of_the_standard_library() -> None:
    tops = [30.5, 32.25, 28.0]
    (group,) = group_by_seed([make(seed, top1) for seed, top1 in enumerate(tops)])
    found = over_seeds(group.summaries(), "max_test_top1")
    assert found.n == 3
    assert found.mean == pytest.approx(statistics.fmean(tops))
    assert found.standard_deviation == pytest.approx(statistics.stdev(tops))
    assert group.describe() == "n = 3, seeds 0 to 2"


def test_that_one_seed_says_that_its_spread_is_unknown() -> None:
    (group,) = group_by_seed([make(4, 30)])
    assert over_seeds(group.summaries(), "max_test_top1").standard_deviation is None
    assert group.describe() == "n = 1, spread unknown, seed 4"


def test_that_a_repetition_and_a_shorter_run_do_not_count() -> None:
    older, newer = make(0, 10, hour=9), make(0, 20, hour=10)
    short = make(1, 90, hour=11, epochs_run=1)
    (group,) = group_by_seed([older, short, newer])
    assert group.runs == (newer,)
    assert group.left_out == (short, older)


def test_that_a_group_without_a_finished_run_has_no_figures() -> None:
    (group,) = group_by_seed([make(0, 10, epochs_run=0)])
    assert group.runs == ()
    assert group.data_name == "demo"
    assert over_seeds(group.summaries(), "max_test_top1").mean is None
    assert group.describe() == "n = 0, no run has reached its last epoch"


@pytest.mark.parametrize(
    ("first", "n", "present", "expected"),
    [
        (0, 3, {0}, [1, 2]),
        (0, 3, {0, 2}, [1]),
        (0, 2, {0, 1, 2}, []),
        (5, 3, {5}, [6, 7]),
        (5, 2, {0, 5}, [6]),
    ],
)
def test_which_seeds_are_missing(
    first: int, n: int, present: set[int], expected: list[int]
) -> None:
    assert missing_seeds(replace(CONFIG, seed=first), n, present) == expected
