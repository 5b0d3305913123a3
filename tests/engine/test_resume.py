"""A stopped or crashed run goes on as if nothing had happened."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

import pytest
import torch
from msgspec.structs import replace

from cifar_studio.config.architectures import ARCHITECTURE_NAMES, ArchitectureName
from cifar_studio.data.dataset import Dataset
from cifar_studio.engine.checkpoints import checkpoint as checkpoints
from cifar_studio.engine.checkpoints.checkpoint import Checkpoint
from cifar_studio.engine.training.trainer import train
from cifar_studio.errors import BadInputError
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.epochs import append_row
from cifar_studio.runs.folder.events import RunStarted
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.runs.folder.trace import read_trace
from engine.training_runs import EVERY_BATCH, NEVER, SMALL, assert_same_run, undisturbed
from long_forms import daily

MakeRun = Callable[..., tuple[RunFolder, Environment]]


def checkpoint_of(folder: RunFolder) -> Checkpoint:
    """Where the run in a folder stands."""
    return checkpoints.load(folder.last_checkpoint)


@pytest.fixture(scope="module")
def whole(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The run that nothing interrupted."""
    return undisturbed(SMALL, dataset, tmp_path_factory.mktemp("whole"))


# Events with every batch told: the start, 4 batches, 2 evaluations, the epoch's end; twice.
PLACES = {
    "before the first batch": (1, (0, 0)),
    "after the first batch": (2, (0, 1)),
    "after the last batch": (5, (0, 4)),
    "inside the evaluation": (6, (0, 4)),
    "between epochs": (8, (1, 0)),
    "in the second epoch": (11, (1, 3)),
    "inside the validation": (14, (1, 4)),
    "at the end": (15, (2, 0)),
}
"""How many events come before a run ends, and epoch and batch where its checkpoint then stands."""


@pytest.mark.parametrize(
    "place",
    daily(("after the first batch", "inside the evaluation", "inside the validation"), PLACES),
)
def test_that_a_resumed_run_equals_an_uninterrupted_one(
    place: str, dataset: Dataset, make_run: MakeRun, whole: RunFolder
) -> None:
    pulled, stands_at = PLACES[place]
    folder, environment = make_run(SMALL)
    events = train(SMALL, dataset, folder, environment, intervals=EVERY_BATCH)
    for _ in range(pulled):
        next(events)
    events.close()
    checkpoint = checkpoint_of(folder)
    assert (checkpoint.epochs_done, checkpoint.batch) == stands_at

    started, *_ = train(SMALL, dataset, folder, environment, checkpoint, intervals=NEVER)

    assert isinstance(started, RunStarted)
    assert started.first_epoch == stands_at[0] + 1
    assert_same_run(folder, whole)
    trace, whole_trace = read_trace(folder.trace_file), read_trace(whole.trace_file)
    assert trace.batches.tolist() == whole_trace.batches.tolist()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("architecture", daily(("mobilenet_v2",), ARCHITECTURE_NAMES))
def test_that_each_network_goes_on_bit_by_bit_after_many_cuts(
    architecture: ArchitectureName, dataset: Dataset, make_run: MakeRun
) -> None:
    """Cut at the first batch, in the middle, at the last, and between epoch and evaluation."""
    torch.set_num_threads(2)  # the studio's own way, with the recorded number of threads
    # A checkpoint of vgg11 or vgg11_bn has 228 MB: for them one epoch must do.
    epochs = 1 if architecture.startswith("vgg11") else 2
    config = replace(SMALL, architecture=architecture, epochs=epochs)
    whole, environment = make_run(config, "whole")
    list(train(config, dataset, whole, environment, intervals=NEVER))

    folder, environment = make_run(config, "cut")
    assert environment.resolved.threads == 2
    checkpoint, stood_at = None, []
    for pulled in (2, 3, 2, 2, 4, 3)[: 3 * epochs]:
        events = train(config, dataset, folder, environment, checkpoint, intervals=EVERY_BATCH)
        for _ in range(pulled):
            next(events)
        events.close()
        checkpoint = checkpoint_of(folder)
        stood_at.append(checkpoint.progress)
    assert stood_at == [(0, 1), (0, 3), (0, 4), (0, 4), (1, 0), (1, 2)][: 3 * epochs]
    list(train(config, dataset, folder, environment, checkpoint, intervals=NEVER))
    assert_same_run(folder, whole)


def test_that_rows_after_the_checkpoint_are_cut_and_lost_ones_put_back(
    dataset: Dataset, make_run: MakeRun, whole: RunFolder
) -> None:
    folder, environment = make_run(SMALL)
    events = train(SMALL, dataset, folder, environment, intervals=EVERY_BATCH)
    for _ in range(10):
        next(events)
    events.close()
    first = folder.read_epochs()
    for damage in ("cut", "doubled"):
        folder.keep_epochs([] if damage == "cut" else first)
        if damage == "doubled":
            append_row(folder.epochs_file, replace(first[0], epoch=2))
        again = train(SMALL, dataset, folder, environment, checkpoint_of(folder), intervals=NEVER)
        next(again)
        again.close()
        assert folder.read_epochs() == first


def test_that_a_file_system_without_links_gets_copies(
    dataset: Dataset, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    config = replace(SMALL, epochs=1)
    folder, environment = make_run(config)
    list(train(config, dataset, folder, environment, intervals=NEVER))
    assert not folder.best_checkpoint.samefile(folder.last_checkpoint)
    assert folder.best_checkpoint.read_bytes() == folder.last_checkpoint.read_bytes()


def test_that_a_run_can_be_made_longer(
    dataset: Dataset, make_run: MakeRun, whole: RunFolder
) -> None:
    short = replace(SMALL, epochs=1)
    folder, environment = make_run(short)
    list(train(short, dataset, folder, environment, intervals=NEVER))
    list(train(SMALL, dataset, folder, environment, checkpoint_of(folder), intervals=NEVER))
    assert [row.train_loss for row in folder.read_epochs()] == [
        row.train_loss for row in whole.read_epochs()
    ]


def test_that_a_resume_from_the_best_epoch_takes_the_run_back_there(
    dataset: Dataset, make_run: MakeRun, whole: RunFolder
) -> None:
    folder, environment = make_run(SMALL)
    shutil.copytree(whole.path, folder.path, dirs_exist_ok=True)
    best = checkpoints.load(folder.best_checkpoint)
    list(train(SMALL, dataset, folder, environment, best, intervals=NEVER))
    assert_same_run(folder, whole)


def test_that_other_pictures_are_refused(dataset: Dataset, make_run: MakeRun) -> None:
    folder, environment = make_run(SMALL)
    facts = replace(environment.data, digest="1" * 64)
    with pytest.raises(BadInputError, match="not those that the run was started with"):
        next(train(SMALL, dataset, folder, replace(environment, data=facts)))


def test_that_another_config_is_refused(
    dataset: Dataset, make_run: MakeRun, whole: RunFolder
) -> None:
    folder, environment = make_run(SMALL)
    checkpoint = checkpoints.load(whole.last_checkpoint)
    with pytest.raises(BadInputError, match="another seed"):
        next(train(replace(SMALL, seed=1), dataset, folder, environment, checkpoint))
