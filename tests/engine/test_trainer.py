"""The events and files of a training."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from cifar_studio.config.architectures import ARCHITECTURE_NAMES
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Dataset
from cifar_studio.engine.checkpoints import checkpoint as checkpoints
from cifar_studio.engine.training import clock
from cifar_studio.engine.training.batch_record import BatchRecord
from cifar_studio.engine.training.progress import ReportingIntervals
from cifar_studio.engine.training.trainer import train
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.epochs import best_row
from cifar_studio.runs.folder.evaluation import load_evaluation
from cifar_studio.runs.folder.events import BatchesEnded, EpochEnded, QuickTestEnded, RunStarted
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.runs.folder.trace import read_trace
from engine.training_runs import EVERY_BATCH, NEVER, SMALL, assert_same_run, figures, kinds
from long_forms import daily

MakeRun = Callable[..., tuple[RunFolder, Environment]]


def test_that_a_run_tells_its_way_and_leaves_its_files(dataset: Dataset, make_run: MakeRun) -> None:
    folder, environment = make_run(SMALL)
    events = []
    for event in train(SMALL, dataset, folder, environment, intervals=EVERY_BATCH):
        events.append(event)
        if isinstance(event, EpochEnded):  # all of the epoch is on disk before it is told
            assert folder.read_epochs()[-1] == event.row
            last = checkpoints.load(folder.last_checkpoint)
            assert (last.epochs_done, last.batch) == (event.row.epoch, 0)
            assert last.rows == tuple(folder.read_epochs())
            assert load_evaluation(folder.last_evaluation).epoch == event.row.epoch
            best = best_row(folder.read_epochs())
            assert best is not None
            assert event.best_epoch == best.epoch
            assert checkpoints.load(folder.best_checkpoint).epochs_done == best.epoch
            assert load_evaluation(folder.best_evaluation).epoch == best.epoch

    epoch = ["BatchesEnded"] * 4 + ["EvaluationProgressed"] * 2 + ["EpochEnded"]
    assert kinds(events) == ["RunStarted", *epoch, *epoch]
    started = events[0]
    assert isinstance(started, RunStarted)
    assert (started.batches, started.first_epoch) == (4, 1)
    batches = [event for event in events if isinstance(event, BatchesEnded)]
    assert [event.batch for event in batches] == [1, 2, 3, 4] * 2
    rows = folder.read_epochs()
    assert (batches[3].epoch_loss, batches[3].epoch_top1) == (
        rows[0].train_loss,
        rows[0].train_top1,
    )
    sizes = np.array([32, 32, 32, 4])
    losses = np.array([event.loss for event in batches[:4]])
    assert rows[0].train_loss == pytest.approx(losses @ sizes / 100, rel=1e-12)
    evaluation = load_evaluation(folder.last_evaluation)
    assert rows[1].test_top1 == 100 * np.mean(evaluation.true == evaluation.predicted)
    assert rows[1].learning_rate == SMALL.learning_rate
    assert not [path for path in folder.path.iterdir() if path.name.startswith(".")]


def test_that_equal_settings_give_equal_digits_however_often_one_looks(
    dataset: Dataset, make_run: MakeRun
) -> None:
    folders = []
    for name, intervals in (("a", EVERY_BATCH), ("b", NEVER), ("c", ReportingIntervals(0.0, 0.0))):
        folder, environment = make_run(SMALL, name)
        events = list(train(SMALL, dataset, folder, environment, intervals=intervals))
        folders.append(folder)
        # A quick test after each but the last.
        quick = sum(isinstance(event, QuickTestEnded) for event in events)
        assert quick == (6 if name == "c" else 0)
    assert_same_run(folders[0], folders[1])
    assert_same_run(folders[0], folders[2])
    traces = [read_trace(folder.trace_file) for folder in folders]
    assert traces[0].batches[:, 0].tolist() == [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]
    assert np.array_equal(traces[0].batches, traces[1].batches)
    assert np.array_equal(traces[0].batches, traces[2].batches)
    assert traces[2].quick_tests[:, 0].tolist() == [0.25, 0.5, 0.75, 1.25, 1.5, 1.75]


def test_that_two_threads_give_equal_digits_each_time(dataset: Dataset, make_run: MakeRun) -> None:
    config = replace(SMALL, architecture="resnet18", epochs=1, batch_size=50)
    folders = []
    for name in ("a", "b"):
        folder, environment = make_run(config, name)
        environment = replace(environment, resolved=replace(environment.resolved, threads=2))
        list(train(config, dataset, folder, environment, intervals=NEVER))
        folders.append(folder)
    assert_same_run(*folders)


def test_that_other_seeds_give_other_runs(dataset: Dataset, make_run: MakeRun) -> None:
    losses = []
    for seed in (0, 1):
        config = replace(SMALL, seed=seed, epochs=1)
        folder, environment = make_run(config, str(seed))
        list(train(config, dataset, folder, environment, intervals=NEVER))
        losses.append(folder.read_epochs()[0].train_loss)
    assert losses[0] != losses[1]


@pytest.mark.parametrize("name", daily(("resnet18", "mobilenet_v2"), ARCHITECTURE_NAMES))
def test_that_each_network_trains_for_an_epoch(
    name: str, dataset: Dataset, make_run: MakeRun
) -> None:
    config = TrainConfig(
        architecture=name, epochs=1, batch_size=50, train_per_class=1, test_per_class=1
    )
    folder, environment = make_run(config)
    *_, ended = train(config, dataset, folder, environment, intervals=NEVER)
    assert isinstance(ended, EpochEnded)
    assert ended.row.train_loss == pytest.approx(np.log(100), rel=0.2)
    assert ended.row.val_top1 is None
    assert ended.row.images_per_second == pytest.approx(100 / ended.row.train_seconds)
    evaluation = load_evaluation(folder.best_evaluation)
    assert sorted(evaluation.true) == list(range(100))
    assert evaluation.confusion.sum() == 100


def test_that_validation_chooses_the_best_epoch_and_shares_no_training_picture(
    dataset: Dataset, make_run: MakeRun
) -> None:
    config = replace(SMALL, epochs=3, learning_rate=0.05)
    folder, environment = make_run(config)
    *_, ended = train(config, dataset, folder, environment, intervals=NEVER)
    rows = folder.read_epochs()
    best = max(rows, key=lambda row: (row.val_top1, -row.epoch))
    assert isinstance(ended, EpochEnded)
    assert ended.best_epoch == best.epoch
    assert all(row.val_loss is not None and row.val_top5 is not None for row in rows)
    assert environment.data.validation_pictures == 100
    assert environment.data.train_pictures == 100


def test_that_a_network_can_learn_the_pictures_by_heart(
    dataset: Dataset, make_run: MakeRun
) -> None:
    config = TrainConfig(
        epochs=12,
        batch_size=25,
        train_per_class=1,
        test_per_class=1,
        random_crop=False,
        horizontal_flip=False,
        weight_decay=0.0,
    )
    folder, environment = make_run(config)
    list(train(config, dataset, folder, environment, intervals=NEVER))
    rows = folder.read_epochs()
    assert rows[-1].train_top1 > 90
    assert rows[-1].test_top1 < 20  # random pictures have nothing in common with the test's


def test_that_the_device_is_waited_for_once_an_epoch_while_nobody_looks(
    dataset: Dataset, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetches = []
    fetch = BatchRecord.fetch

    def counted(self: BatchRecord, batches: int) -> None:
        fetches.append(batches)
        fetch(self, batches)

    monkeypatch.setattr(BatchRecord, "fetch", counted)
    config = replace(SMALL, epochs=1)
    folder, environment = make_run(config)
    list(train(config, dataset, folder, environment, intervals=NEVER))
    assert fetches == [4, 0]  # the epoch's end, and the checkpoint before the next one


def test_that_time_in_the_consumers_hands_is_not_counted(
    dataset: Dataset, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0

    def tick() -> float:
        nonlocal now
        now += 0.001
        return now

    monkeypatch.setattr(clock.time, "perf_counter", tick)
    folder, environment = make_run(SMALL)
    for event in train(SMALL, dataset, folder, environment, intervals=ReportingIntervals(0.0, 0.0)):
        now += 1000
        if isinstance(event, BatchesEnded):
            assert event.images_per_second > 100
    for row in folder.read_epochs():
        assert row.train_seconds < 1
        assert row.eval_seconds < 1


def test_that_torchs_settings_are_as_before_once_a_run_has_ended(
    dataset: Dataset, make_run: MakeRun
) -> None:
    config = replace(SMALL, epochs=1, deterministic=True)
    folder, environment = make_run(config)
    environment = replace(environment, resolved=replace(environment.resolved, threads=2))
    events = train(config, dataset, folder, environment, intervals=NEVER)
    next(events)
    assert torch.get_num_threads() == 2
    assert torch.are_deterministic_algorithms_enabled()
    events.close()
    assert torch.get_num_threads() == 1
    assert not torch.are_deterministic_algorithms_enabled()


def test_that_deterministic_algorithms_give_the_same_digits_on_a_cpu(
    dataset: Dataset, make_run: MakeRun
) -> None:
    rows = []
    for deterministic in (False, True):
        config = replace(SMALL, epochs=1, deterministic=deterministic)
        folder, environment = make_run(config, str(deterministic))
        list(train(config, dataset, folder, environment, intervals=NEVER))
        rows.append(figures(folder.read_epochs()))
    assert rows[0] == rows[1]
