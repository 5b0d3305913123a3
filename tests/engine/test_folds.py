"""A run that holds out a fold, with a test set that stays locked."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from cifar_studio.data.dataset import Dataset
from cifar_studio.data.subset import choose_for
from cifar_studio.engine.answers.trained_network import load_network
from cifar_studio.engine.checkpoints import checkpoint as checkpoints
from cifar_studio.engine.training.evaluate import EvaluationResult
from cifar_studio.engine.training.trainer import train
from cifar_studio.errors import BadInputError
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.epochs import best_row
from cifar_studio.runs.folder.run_folder import RunFolder
from engine.training_runs import EVERY_BATCH, NEVER, SMALL, assert_same_run, kinds, undisturbed

MakeRun = Callable[..., tuple[RunFolder, Environment]]

# 200 pictures in three folds: 133 to train on, so that the last of five batches has five.
FOLD = replace(
    SMALL, train_per_class=2, validation_per_class=0, folds=3, fold=2, test="never", seed=7
)


class Locked(np.ndarray):
    """Pictures that nobody may take out."""

    def __getitem__(self, key: Any) -> Any:
        assert np.size(key) == 0, "the test pictures were looked at"
        return super().__getitem__(key)


@pytest.fixture(scope="module")
def whole(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The run that nothing interrupted."""
    return undisturbed(FOLD, dataset, tmp_path_factory.mktemp("whole"))


def test_that_a_fold_is_validated_and_no_test_picture_looked_at(
    dataset: Dataset, make_run: MakeRun
) -> None:
    folder, environment = make_run(FOLD)
    locked = dataclasses.replace(dataset.test, images_NCHW=dataset.test.images_NCHW.view(Locked))
    unseen = dataclasses.replace(dataset, test=locked)
    events = list(train(FOLD, unseen, folder, environment, intervals=EVERY_BATCH))
    epoch = ["BatchesEnded"] * 5 + ["EvaluationProgressed", "EpochEnded"]
    assert kinds(events) == ["RunStarted", *epoch * 2]
    rows = folder.read_epochs()
    assert all(row.test_loss is row.test_top1 is row.test_top5 is None for row in rows)
    assert not folder.last_evaluation.exists()
    assert not folder.best_evaluation.exists()
    assert (environment.data.train_pictures, environment.data.validation_pictures) == (133, 67)

    best = best_row(rows)
    assert best is not None
    trained = load_network(folder, "best")
    assert trained.epoch == best.epoch
    evaluating = trained.evaluate(dataset.train, choose_for(FOLD, dataset).validation, "train")
    again = _result_of(evaluating)
    assert (again.top1, again.loss) == (best.val_top1, best.val_loss)


@pytest.mark.parametrize("cut", [3, 7, 11])
def test_that_a_fold_goes_on_as_if_nothing_had_happened(
    cut: int, dataset: Dataset, make_run: MakeRun, whole: RunFolder
) -> None:
    folder, environment = make_run(FOLD)
    events = train(FOLD, dataset, folder, environment, intervals=EVERY_BATCH)
    for _ in range(cut):
        next(events)
    events.close()
    checkpoint = checkpoints.load(folder.last_checkpoint)
    with pytest.raises(BadInputError, match="another fold"):
        checkpoints.check_same_run(checkpoint, replace(FOLD, fold=3))
    list(train(FOLD, dataset, folder, environment, checkpoint, intervals=NEVER))
    assert_same_run(folder, whole)


def test_that_a_fold_that_is_tested_at_the_end_is_the_same_run(
    dataset: Dataset, make_run: MakeRun, whole: RunFolder
) -> None:
    config = replace(FOLD, test="at_end")
    folder, environment = make_run(config)
    list(train(config, dataset, folder, environment, intervals=NEVER))
    rows, others = folder.read_epochs(), whole.read_epochs()
    assert [row.val_loss for row in rows] == [row.val_loss for row in others]
    assert [row.train_loss for row in rows] == [row.train_loss for row in others]
    assert sum(row.test_top1 is not None for row in rows) == 1
    assert folder.best_evaluation.exists()


def _result_of(events: Generator[object, None, EvaluationResult]) -> EvaluationResult:
    while True:
        try:
            next(events)
        except StopIteration as stop:
            return stop.value
