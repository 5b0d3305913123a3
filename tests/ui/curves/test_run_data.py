"""What is known of one run, from its folder or from events."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from cifar_studio.config.presets import PRESETS, REPORT_PRESETS
from cifar_studio.config.report import REPORT_RESULTS, comparable_result, result_of_same_network
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.run_folder import RunFolder, Status
from cifar_studio.runs.wording import training_caption
from cifar_studio.ui.curves.data.run_data import RunData
from cifar_studio.ui.curves.plot.report_levels import report_of
from ui.curves.runs_for_curves import (
    batches,
    environment,
    epoch_ended,
    quick_test,
    row,
    run,
    started,
)


def test_that_training_stands_at_the_middle_of_its_epoch_and_tests_at_the_end(
    tmp_path: Path,
) -> None:
    data = RunData.from_run(run(tmp_path / "a", [row(1), row(2)]))
    np.testing.assert_array_equal(data.epochs("train_loss")[0], [0.5, 1.5])
    np.testing.assert_array_equal(data.epochs("train_top1")[0], [0.5, 1.5])
    np.testing.assert_array_equal(data.epochs("test_loss")[0], [1, 2])


def test_that_a_loss_that_is_not_finite_leaves_a_gap(tmp_path: Path) -> None:
    data = RunData.from_run(run(tmp_path / "a", [row(1), row(2, test_loss=None)]))
    assert np.isnan(data.epochs("test_loss")[1][1])
    assert data.at(2, "test_loss") is None


def test_that_events_build_the_same_run_as_its_folder(tmp_path: Path) -> None:
    live = RunData.from_started(started(tmp_path / "a"))
    for epoch in (1, 2):
        for batch in range(1, 11):
            assert live.take(batches(epoch, batch, 3.0 - batch / 100, 10.0 + batch))
        live.take(epoch_ended(row(epoch, 20.0 + epoch), epoch))
    points = np.stack(
        [
            live.batches("train_loss")[0],
            live.batches("train_loss")[1],
            live.batches("train_top1")[1],
        ],
        axis=1,
    )
    read = RunData.from_run(run(tmp_path / "a", live.rows, points=points))
    for column in ("train_loss", "test_top5"):
        np.testing.assert_array_equal(live.epochs(column), read.epochs(column))
    np.testing.assert_allclose(live.batches("train_loss"), read.batches("train_loss"), rtol=1e-5)
    assert live.best_epoch == read.best_epoch == 2


def test_that_an_event_that_comes_twice_counts_once(tmp_path: Path) -> None:
    data = RunData.from_started(started(tmp_path / "a"))
    assert data.take(batches(1, 3))
    assert not data.take(batches(1, 3))
    assert data.take(epoch_ended(row(1), 1))
    assert not data.take(epoch_ended(row(1), 1))
    assert not data.take(batches(1, 9))
    assert len(data.rows) == 1


def test_that_the_legend_shows_the_epoch_under_way_and_then_its_row(tmp_path: Path) -> None:
    data = RunData.from_started(started(tmp_path / "a"))
    data.take(batches(1, 3, 4.2, 5.0))
    assert data.latest("train_loss") == 4.2
    assert data.latest("test_loss") is None
    data.take(quick_test(0.5))
    assert data.at(1, "test_top1") == 18.0
    data.take(epoch_ended(row(1), 1))
    assert data.latest("train_loss") == 3.0
    assert data.position == 1.0


def test_that_a_resumed_run_begins_with_what_it_had(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "20260401_120000_resnet18")
    run(folder.path, [], points=np.array([[0.5, 4.0, 3.0], [1.5, 3.0, 9.0]]))
    folder.write_config(TrainConfig())
    folder.write_environment(environment())
    folder.write_status(Status(state="interrupted"))
    for epoch in (1, 2):
        folder.append_epoch(row(epoch))
    event = msgspec.structs.replace(started(folder.path), first_epoch=2)
    data = RunData.from_started(event)
    assert [r.epoch for r in data.rows] == [1]
    np.testing.assert_array_equal(data.batches("train_loss")[0], [0.5])
    assert data.take(batches(2, 1))

    in_its_middle = msgspec.structs.replace(event, first_batch=event.batches // 2)
    data = RunData.from_started(in_its_middle)
    np.testing.assert_array_equal(data.batches("train_loss")[0], [0.5, 1.5])


def test_that_a_run_of_another_process_catches_up(tmp_path: Path) -> None:
    data = RunData.from_run(run(tmp_path / "a", [row(1)]))
    assert data.catch_up(run(tmp_path / "a", [row(1), row(2, 30.0)]))
    assert data.best_epoch == 2
    assert not data.catch_up(run(tmp_path / "a", [row(1, 50.0)]))
    assert not data.catch_up(run(tmp_path / "b", [row(1), row(2, 30.0)]))


@pytest.mark.parametrize(
    ("changes", "caption"),
    [
        ({}, "training (while learning, augmented)"),
        ({"dropout": 0.5}, "training (while learning, augmented, dropout on)"),
        ({"architecture": "vgg11"}, "training (while learning, augmented, dropout on)"),
        ({"architecture": "vgg11", "dropout": 0.0}, "training (while learning, augmented)"),
        ({"random_crop": False, "horizontal_flip": False}, "training (while learning)"),
    ],
)
def test_that_training_says_what_sets_it_apart(changes: dict[str, object], caption: str) -> None:
    config = msgspec.structs.replace(TrainConfig(), **changes)
    assert training_caption(config) == caption


def test_that_the_best_epoch_is_selected_on_test_until_validation_chooses(tmp_path: Path) -> None:
    tested = RunData.from_run(run(tmp_path / "a", [row(1, 10), row(2, 30), row(3, 30)]))
    assert (tested.best_epoch, tested.chosen_by) == (2, "best on test (selected)")
    rows = [row(1, 30, val_top1=5), row(2, 10, val_top1=9)]
    validated = RunData.from_run(run(tmp_path / "b", rows))
    assert (validated.best_epoch, validated.chosen_by) == (2, "chosen on validation")


def test_that_the_report_is_held_against_its_own_experiment_only(tmp_path: Path) -> None:
    config = PRESETS["report-resnet18"].config
    changed = msgspec.structs.replace(config, epochs=10)

    def held(config: TrainConfig, facts: Environment) -> tuple[bool, bool]:
        result, exact, _ = report_of(RunData(tmp_path, config, facts))
        return result is not None, exact

    assert held(config, environment()) == (True, True)
    assert held(config, environment("demo")) == (False, False)
    assert held(config, environment(test_pictures=2000)) == (True, False)
    assert held(changed, environment()) == (True, False)
    assert held(changed, environment("demo")) == (False, False)


@pytest.mark.parametrize("epochs", [[1, 2, 3], [1, 2, 4, 5], [1, 3, 2, 4], [3, 2, 1]])
def test_that_an_epoch_is_found_even_where_rows_are_out_of_order(
    tmp_path: Path, epochs: list[int]
) -> None:
    data = RunData.from_run(run(tmp_path / "a", [row(epoch) for epoch in epochs]))
    found = [data.row(epoch) for epoch in range(1, 6)]
    assert [row and row.epoch for row in found] == [
        epoch if epoch in epochs else None for epoch in range(1, 6)
    ]


def test_that_every_report_preset_has_its_column() -> None:
    assert set(REPORT_RESULTS) == {preset.name for preset in REPORT_PRESETS}
    for preset in REPORT_PRESETS:
        result = comparable_result(preset.config)
        assert result is REPORT_RESULTS[preset.name]
        assert result.epochs == preset.config.epochs
        assert result_of_same_network(preset.config) is result
    assert REPORT_RESULTS["report-resnet18"].max_test_top1 == 51.62
    assert REPORT_RESULTS["report-densenet161-dropout"].min_test_loss == 1.7476
