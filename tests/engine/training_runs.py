"""What the tests of the trainer share: how to run one, and when two runs are the same."""

from __future__ import annotations

from pathlib import Path

import msgspec
import torch

from cifar_studio.config.serialization import from_json
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Dataset
from cifar_studio.engine.machine.describe_machine import describe
from cifar_studio.engine.machine.device import resolve
from cifar_studio.engine.training.progress import ReportingIntervals
from cifar_studio.engine.training.trainer import train
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.events import RunEvent
from cifar_studio.runs.folder.run_folder import RunFolder

EVERY_BATCH = ReportingIntervals(gate_s=0.0, quick_test_over_s=1e9)
NEVER = ReportingIntervals(gate_s=1e9, quick_test_over_s=1e9)

# The network with the smallest checkpoints; 100 training pictures in batches of 32, 32, 32 and 4.
SMALL = TrainConfig(
    architecture="mobilenet_v2",
    epochs=2,
    batch_size=32,
    dropout=0.5,
    train_per_class=1,
    test_per_class=1,
    validation_per_class=1,
    seed=4,
)

MACHINE_COLUMNS = {"train_seconds", "eval_seconds", "images_per_second", "peak_memory_mib"}


def undisturbed(config: TrainConfig, dataset: Dataset, path: Path) -> RunFolder:
    """A whole run that nothing interrupted; for fixtures of a module."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the others have; it is made before the fixture for each test
    folder = RunFolder(path)
    environment = describe(config, dataset, resolve(config), [])
    with torch.random.fork_rng(devices=[]):
        list(train(config, dataset, folder, environment, intervals=NEVER))
    torch.set_num_threads(threads)
    return folder


def figures(rows: list[EpochRow]) -> list[dict[str, object]]:
    """Rows without what depends on the machine's speed."""
    return [
        {key: value for key, value in msgspec.structs.asdict(row).items()
         if key not in MACHINE_COLUMNS}
        for row in rows
    ]  # fmt: skip


def assert_same_run(one: RunFolder, other: RunFolder) -> None:
    """Equal figures, weights, momenta and random states, to the last bit.

    How many epochs were planned may differ: a run that was made longer has an older best.pt.
    """
    assert figures(one.read_epochs()) == figures(other.read_epochs())
    for name in ("last.pt", "best.pt"):
        mine, theirs = (_contents(folder.path / name) for folder in (one, other))
        assert_equal(mine, theirs, name)


def _contents(path: Path) -> dict[str, object]:
    contents = torch.load(path, weights_only=True)
    config = msgspec.structs.replace(from_json(contents["config"].encode()), epochs=1)
    return {**contents, "config": config, "rows": None, "train_seconds": None}


def assert_equal(one: object, other: object, where: str) -> None:
    if isinstance(one, torch.Tensor):
        assert isinstance(other, torch.Tensor), where
        assert torch.equal(one, other), where
    elif isinstance(one, dict):
        assert isinstance(other, dict), where
        assert one.keys() == other.keys(), where
        for key, value in one.items():
            assert_equal(value, other[key], f"{where}: {key}")
    else:
        assert one == other, where


def kinds(events: list[RunEvent]) -> list[str]:
    return [type(event).__name__ for event in events]
