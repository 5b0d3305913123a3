"""Evaluates a run's network anew, on the pictures that the run uses, and keeps the arrays."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.subset import choose_for
from cifar_studio.disk_space import unwritable_run
from cifar_studio.engine.answers.trained_network import load_network
from cifar_studio.errors import BadInputError, RunFolderError
from cifar_studio.runner.protocol import EvaluateRequest
from cifar_studio.runner.training.run_pictures import find_pictures
from cifar_studio.runs.answers import AnyEvent, RunEvaluated
from cifar_studio.runs.folder.evaluation import save_evaluation
from cifar_studio.runs.folder.run_folder import RunFolder, run_of
from cifar_studio.runs.wording import how_to_unlock, test_locked


def evaluate_run(request: EvaluateRequest) -> Iterator[AnyEvent]:
    """Evaluate as the training does: the same pictures, batches, precision and threads.

    Yields
    ------
    EvaluationProgressed, and RunEvaluated last, when the arrays are on the disk.

    Raises
    ------
    StudioError
        No whole checkpoint, other pictures, a folder that is in use or cannot be written.
    """
    folder = RunFolder(run_of(Path(request.folder)))
    if request.split == "train" and request.moment != "best":
        raise BadInputError(
            "training pictures are evaluated with the best epoch's network only",
            "Leave one of both out",
        )
    lock = folder.hold()  # a training that is on writes these files itself
    try:
        trained = load_network(folder, request.moment)
        if request.split == "test" and trained.config.locks_test_set:
            _check_may_be_looked_at(folder, request, trained.config)
        if trained.batch:
            raise RunFolderError(
                f"{folder.path.name} stands inside epoch {trained.epoch + 1}",
                "Resume it to the epoch's end, or evaluate its best epoch",
            )
        dataset = find_pictures(folder.path.name, trained.environment.data, request.data)
        subset = choose_for(trained.config, dataset)
        if request.split == "train":
            result = yield from trained.evaluate(dataset.train, subset.train, "train")
        else:
            result = yield from trained.evaluate(dataset.test, subset.test, "test")
        try:
            save_evaluation(
                folder.evaluation_file(request.moment, request.split == "train"), result.evaluation
            )
        except OSError as error:
            raise unwritable_run(folder.path, error) from error
    finally:
        lock.release()
    yield RunEvaluated(
        folder=str(folder.path),
        moment=request.moment,
        split=request.split,
        epoch=trained.epoch,
        pictures=len(result.evaluation.true),
        loss=result.loss if math.isfinite(result.loss) else None,
        top1=result.top1,
        top5=result.top5,
    )


def _check_may_be_looked_at(
    folder: RunFolder, request: EvaluateRequest, config: TrainConfig
) -> None:
    """Raise RunFolderError where this would look at a locked test set once more, or too early."""
    is_tested = any(row.test_top1 is not None for row in folder.read_epochs())
    if config.test == "never" or not is_tested:
        raise RunFolderError(
            f"{folder.path.name} is not to be tested: {test_locked(config).lower()}",
            f"{how_to_unlock(config)}, or evaluate its training pictures",
        )
    if request.moment == "last":
        raise RunFolderError(
            f"the locked test set of {folder.path.name} is for the epoch that validation chose",
            "Evaluate its best epoch, or its training pictures",
        )
