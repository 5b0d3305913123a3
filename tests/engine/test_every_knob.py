"""Schedule, augmentation, averaging, SAM, the locked test set and early stopping in one run."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from cifar_studio.config.schedule import learning_rate
from cifar_studio.data.dataset import Dataset
from cifar_studio.engine.answers.trained_network import load_network
from cifar_studio.engine.checkpoints import checkpoint as checkpoints
from cifar_studio.engine.training.evaluate import EvaluationResult
from cifar_studio.engine.training.trainer import train
from cifar_studio.runs.folder.early_stopping import stopping
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.epochs import best_row
from cifar_studio.runs.folder.evaluation import load_evaluation
from cifar_studio.runs.folder.events import EpochEnded, FinalTestEnded
from cifar_studio.runs.folder.run_folder import RunFolder
from engine.training_runs import EVERY_BATCH, NEVER, SMALL, assert_same_run, kinds, undisturbed
from long_forms import daily

MakeRun = Callable[..., tuple[RunFolder, Environment]]

EVERY_KNOB = replace(
    SMALL,
    epochs=4,
    schedule="cosine",
    warmup_epochs=1.5,
    final_share=0.01,
    learning_rate=0.05,
    nesterov=True,
    auto_augment="trivialaugment",
    cutout=0.5,
    random_erasing=0.5,
    mixing="mixup or cutmix",
    mixing_probability=0.75,
    label_smoothing=0.1,
    decay_on="weights",
    weight_averaging=0.9,
    sam_rho=0.05,
    test="at_end",
    test_time_flip=True,
    early_stopping="val_loss",
    patience=2,
    least_improvement=5.0,
    validation_per_class=1,
)
"""No epoch is better than the first by 5 nats, so it stops after the third."""

# The start, then 4 batches, a validation and an end in each of three epochs, then the test.
CUTS = (1, 2, 4, 6, 7, 9, 12, 15, 18, 19)


@pytest.fixture(scope="module")
def whole(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The run that nothing interrupted."""
    return undisturbed(EVERY_KNOB, dataset, tmp_path_factory.mktemp("whole"))


def test_that_a_run_with_every_knob_ends_by_its_rules(dataset: Dataset, make_run: MakeRun) -> None:
    folder, environment = make_run(EVERY_KNOB)
    events = []
    for event in train(EVERY_KNOB, dataset, folder, environment, intervals=EVERY_BATCH):
        events.append(event)
        if isinstance(event, EpochEnded):
            assert event.row.test_loss is event.row.test_top1 is event.row.test_top5 is None
            assert not folder.last_evaluation.exists()
            assert not folder.best_evaluation.exists()
    epoch = ["BatchesEnded"] * 4 + ["EvaluationProgressed", "EpochEnded"]
    end = ["EvaluationProgressed", "FinalTestEnded"]
    assert kinds(events) == ["RunStarted", *epoch * 3, *end]

    rows = folder.read_epochs()
    stop = stopping(rows, EVERY_KNOB)
    assert stop is not None
    assert stop.words() == (
        "stopped early at epoch 3: no validation loss better by more than 5 since 1"
    )
    assert [row.learning_rate for row in rows] == [
        learning_rate(EVERY_KNOB, 4, last) for last in (3, 7, 11)
    ]
    best = best_row(rows)
    assert best is not None
    assert [row.epoch for row in rows if row.test_top1 is not None] == [best.epoch]
    tested = events[-1]
    assert isinstance(tested, FinalTestEnded)
    assert tested.row == best
    evaluation = load_evaluation(folder.best_evaluation)
    assert evaluation.epoch == best.epoch
    right = (evaluation.true == evaluation.predicted).mean()
    assert best.test_top1 == pytest.approx(100 * right)
    assert list(checkpoints.load(folder.last_checkpoint).rows) == rows


@pytest.mark.parametrize("cut", daily((4, 19), CUTS))
def test_that_a_run_with_every_knob_goes_on_as_if_nothing_had_happened(
    cut: int, dataset: Dataset, make_run: MakeRun, whole: RunFolder
) -> None:
    folder, environment = make_run(EVERY_KNOB)
    events = train(EVERY_KNOB, dataset, folder, environment, intervals=EVERY_BATCH)
    for _ in range(cut):
        next(events)
    events.close()
    assert all(row.test_top1 is None for row in folder.read_epochs())
    checkpoint = checkpoints.load(folder.last_checkpoint)
    list(train(EVERY_KNOB, dataset, folder, environment, checkpoint, intervals=NEVER))
    assert_same_run(folder, whole)
    mine, theirs = (load_evaluation(one.best_evaluation) for one in (folder, whole))
    assert (mine.probabilities == theirs.probabilities).all()


def test_that_a_run_that_has_stopped_early_stays_stopped(
    dataset: Dataset, make_run: MakeRun, whole: RunFolder
) -> None:
    folder, environment = make_run(EVERY_KNOB)
    shutil.copytree(whole.path, folder.path, dirs_exist_ok=True)
    before = folder.read_epochs()
    checkpoint = checkpoints.load(folder.last_checkpoint)
    longer = replace(EVERY_KNOB, epochs=9)
    again = list(train(longer, dataset, folder, environment, checkpoint, intervals=NEVER))
    assert kinds(again) == ["RunStarted"]
    assert folder.read_epochs() == before


def test_that_the_averaged_network_is_what_is_tested_and_given_away(
    dataset: Dataset, make_run: MakeRun
) -> None:
    config = replace(SMALL, epochs=1, weight_averaging=0.9, test_time_flip=True)
    folder, environment = make_run(config)
    list(train(config, dataset, folder, environment, intervals=NEVER))
    checkpoint = checkpoints.load(folder.last_checkpoint)
    assert checkpoint.tested is checkpoint.averaged
    name = "classifier.1.weight"
    assert not torch.equal(checkpoint.averaged[name], checkpoint.network[name])
    trained = load_network(folder, "last")
    assert torch.equal(trained.network.state_dict()[name], checkpoint.averaged[name])
    (row,) = folder.read_epochs()
    positions = load_evaluation(folder.last_evaluation).indices.astype(np.int64)
    (result,) = _pulled(trained.evaluate(dataset.test, positions, "test"))
    assert (result.loss, result.top1, result.top5) == (row.test_loss, row.test_top1, row.test_top5)


def _pulled(events: Generator[object, None, EvaluationResult]) -> list[EvaluationResult]:
    while True:
        try:
            next(events)
        except StopIteration as stop:
            return [stop.value]
