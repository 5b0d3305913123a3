"""The rounds measure real work and leave nothing behind; ratios are taken inside a round.

No test asserts how fast anything is.
"""

from __future__ import annotations

import math
import multiprocessing
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
import torch
from msgspec.structs import replace
from PIL import Image
from torch import nn
from torchvision import transforms

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Dataset
from cifar_studio.engine.machine.describe_machine import describe
from cifar_studio.engine.machine.device import resolve
from cifar_studio.engine.speed.bench import plain
from cifar_studio.engine.speed.bench.contenders import state_mib
from cifar_studio.engine.speed.bench.plain import PlainLoop, PlainPictures, PlainTraining
from cifar_studio.engine.speed.bench.results import (
    LoaderSlices,
    NetworkResult,
    Slice,
    Spread,
    Variant,
)
from cifar_studio.engine.speed.bench.rounds import WORKERS, ResolvedConfig, Rounds, bench
from cifar_studio.engine.speed.bench.studio_training import Studio, train_alone
from cifar_studio.errors import TrainingError
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.run_folder import RunFolder
from long_forms import daily

# 400 pictures in 25 batches of 16, of the network with the smallest checkpoints.
SMALL = TrainConfig(
    architecture="mobilenet_v2", epochs=1, batch_size=16, train_per_class=4, test_per_class=1
)
CPU = torch.device("cpu")


def rates(*values: int) -> tuple[Slice, ...]:
    """Slices of a second."""
    return tuple(Slice(value, 1.0) for value in values)


@pytest.fixture
def environment(dataset: Dataset) -> Environment:
    return describe(SMALL, dataset, resolve(SMALL), ["test"])


@pytest.fixture
def result(environment: Environment) -> NetworkResult:
    """Three rounds on a machine that is twice as fast in the second one."""
    variant = Variant(
        asked="auto",
        environment=environment,
        studio=rates(300, 800, 500),
        limit=rates(600, 1000, 500),
        evaluation=rates(1000, 2000, 1000),
        first_step_s=0.5,
        peak_mib=None,
        state_mib=27.0,
        data_mib=1.0,
    )
    return NetworkResult(
        config=SMALL,
        loaders=(
            LoaderSlices(0, rates(100, 200, 200)),
            LoaderSlices(2, rates(150, 400, 100)),
            LoaderSlices(4, rates(140, 300, 250)),
        ),
        plain_step=rates(300, 500, 400),
        plain_peak_mib=None,
        plain_state_mib=27.0,
        variants=(variant,),
    )


def make_loop(dataset: Dataset, workers: int) -> PlainLoop:
    """A loop over 200 pictures in batches of 48."""
    images_NCHW, labels_N = dataset.train.images_NCHW[::2], dataset.train.labels_N[::2]
    pictures = PlainPictures(images_NCHW, labels_N, [0.5] * 3, [0.25] * 3)
    return PlainLoop(PlainTraining(SMALL, CPU), pictures, 48, workers)


def test_that_plain_is_the_best_loop_of_each_round(result: NetworkResult) -> None:
    best = [(one.workers, one.pictures_per_second) for one in result.best_plain()]
    assert best == [(2, 150), (2, 400), (4, 250)]


def test_that_ratios_are_taken_inside_rounds(result: NetworkResult) -> None:
    figures = result.figures(result.variants[0])
    assert figures.studio_to_plain == Spread(2.0, 2.0, 2.0)
    assert figures.studio_to_limit == Spread(0.8, 0.5, 1.0)
    assert figures.step_to_plain_step == Spread(2.0, 1.25, 2.0)
    assert figures.studio_pictures_per_second == Spread(500, 300, 800)
    assert figures.plain_pictures_per_second == Spread(250, 150, 400)
    assert figures.plain_workers == 2
    assert figures.epoch_s == 100
    assert figures.test_s == 10
    assert figures.test_percent_of_epoch == 10


def test_that_a_result_survives_json(result: NetworkResult) -> None:
    assert msgspec.json.decode(msgspec.json.encode(result), type=NetworkResult) == result


def test_that_plain_pictures_are_those_of_torchvisions_transforms(dataset: Dataset) -> None:
    mean, std = [0.5, 0.4, 0.3], [0.2, 0.3, 0.4]
    pictures = PlainPictures(dataset.train.images_NCHW, dataset.train.labels_N, mean, std)
    image = Image.fromarray(dataset.train.images_NCHW[7].transpose(1, 2, 0))
    pipeline = transforms.Compose(
        [
            transforms.RandomCrop(32, padding=4),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize(mean, std),
        ]
    )
    torch.manual_seed(3)
    mine, label = pictures[7]
    torch.manual_seed(3)
    assert torch.equal(mine, pipeline(image))
    assert label == int(dataset.train.labels_N[7])


def test_that_the_plain_loop_trains_and_counts_pictures(dataset: Dataset) -> None:
    # 200 pictures in batches of 48 end with one of 8; one batch is not timed.
    loop = make_loop(dataset, workers=0)
    try:
        done = loop.slice(0.0, at_least=4)
        assert done.pictures == 3 * 48 + 8
        assert done.seconds > 0
        assert math.isfinite(loop.mean_loss)
        assert 0 <= loop.top1 <= 100
        assert loop.slice(0.0, at_least=5).pictures == 3 * 48 + 8 + 48
    finally:
        loop.close()


def test_that_no_loader_process_is_left(dataset: Dataset) -> None:
    before = set(multiprocessing.active_children())
    loop = make_loop(dataset, workers=2)
    assert loop.slice(0.0, at_least=2).pictures == 96
    assert len(set(multiprocessing.active_children()) - before) == 2
    loop.close()
    assert set(multiprocessing.active_children()) <= before


def test_that_a_temporary_folder_too_deep_for_sockets_is_told(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("deep" * 30)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    # Python remembers the one that it took first.
    monkeypatch.delitem(multiprocessing.current_process()._config, "tempdir", raising=False)
    monkeypatch.setattr(plain, "BATCH_TIMEOUT_S", 0.2)
    loop = make_loop(dataset, workers=1)
    try:
        with pytest.raises(TrainingError, match="Set TMPDIR to a folder with a short path"):
            loop.slice(0.0, at_least=1)
    finally:
        loop.close()


def test_that_the_studio_counts_the_pictures_of_whole_epochs(
    dataset: Dataset, environment: Environment, tmp_path: Path
) -> None:
    studio = Studio(SMALL, dataset, RunFolder(tmp_path / "run"), environment)
    try:
        done = studio.slice(0.0, at_least=40)  # an epoch has 25
    finally:
        studio.close()
    assert done.pictures >= 40 * 16
    assert done.seconds > 0
    assert RunFolder(tmp_path / "run").read_epochs()


def test_that_a_training_alone_is_dropped_without_a_checkpoint(
    dataset: Dataset, environment: Environment, tmp_path: Path
) -> None:
    alone = train_alone(SMALL, dataset, RunFolder(tmp_path / "run"), environment)
    assert alone.first_step_s > 0
    assert alone.peak_mib is None
    assert not RunFolder(tmp_path / "run").has_checkpoint()


def test_that_state_is_weights_gradients_and_momentum() -> None:
    network = nn.Linear(1023, 256)  # with its bias 1 MiB
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    assert state_mib(optimizer) == 1
    network(torch.ones(2, 1023)).sum().backward()
    optimizer.step()
    assert state_mib(optimizer) == 3


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of its own for temporary files, with a path short enough for sockets."""
    with tempfile.TemporaryDirectory() as name:
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Path(name)
        monkeypatch.undo()


@pytest.mark.long
def test_a_whole_bench(dataset: Dataset, temporary: Path) -> None:
    before = set(multiprocessing.active_children())
    exact = replace(SMALL, precision="float32")
    other = replace(resolve(exact), memory_format="contiguous")
    configs = [ResolvedConfig(SMALL, resolve(SMALL)), ResolvedConfig(exact, other)]
    threads, told = torch.get_num_threads(), list[str]()
    result = bench(configs, dataset, Rounds(count=2, slice_s=0.05), ["test"], told.append)
    assert told == [
        "mobilenet_v2, getting ready",
        "mobilenet_v2, round 1 of 2",
        "mobilenet_v2, round 2 of 2",
    ]
    assert tuple(loader.workers for loader in result.loaders) == WORKERS
    slices = [loader.slices for loader in result.loaders] + [result.plain_step]
    for variant in result.variants:
        slices += [variant.studio, variant.limit, variant.evaluation]
        assert variant.state_mib == pytest.approx(result.plain_state_mib, rel=0.5)
        assert variant.environment.data.digest == dataset.digest
    assert [variant.asked for variant in result.variants] == ["auto", "float32"]
    for both in slices:
        assert len(both) == 2
        assert all(one.pictures > 0 and one.seconds > 0 for one in both)
    assert result.figures(result.variants[0]).studio_to_plain.low > 0
    assert set(multiprocessing.active_children()) <= before
    assert not list(temporary.iterdir())
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("error", daily((KeyboardInterrupt,), (KeyboardInterrupt, TrainingError)))
def test_that_a_stop_leaves_nothing(
    dataset: Dataset, temporary: Path, error: Callable[..., BaseException]
) -> None:
    before = set(multiprocessing.active_children())

    def stop(line: str) -> None:
        if "round" in line:
            raise error("stop")

    with pytest.raises((KeyboardInterrupt, TrainingError)):
        bench([ResolvedConfig(SMALL, resolve(SMALL))], dataset, Rounds(1, 0.01), ["test"], stop)
    assert set(multiprocessing.active_children()) <= before
    assert not list(temporary.iterdir())
