"""A small run on the demo set, in this process or in a worker, for the tests of the runner."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runner.protocol import Command, ResumeRequest, TrainRequest
from cifar_studio.runner.training.follow import follow
from cifar_studio.runner.training.prepare import prepare
from cifar_studio.runs.folder.events import RunEnded, RunEvent
from cifar_studio.runs.folder.library import run_paths
from cifar_studio.runs.folder.run_folder import RunFolder

# Two batches an epoch, of the network with the smallest checkpoints.
CONFIG = TrainConfig(
    architecture="mobilenet_v2", epochs=2, batch_size=50, train_per_class=1, test_per_class=1
)


class GoOn:
    """A person who asks for nothing."""

    def poll(self) -> Command | None:
        return None

    def wait(self) -> Command:
        return Command.CONTINUE


def train_request(runs: Path, config: TrainConfig = CONFIG) -> TrainRequest:
    return TrainRequest(id=1, config=config, data="demo", runs=str(runs))


def train(runs: Path, *, epochs: int = CONFIG.epochs) -> RunFolder:
    """Train to the end in this process."""
    ended = carry_out(train_request(runs, replace(CONFIG, epochs=epochs)))[-1]
    assert isinstance(ended, RunEnded)
    assert ended.state == "finished", ended
    return RunFolder(Path(ended.folder))


def carry_out(request: TrainRequest | ResumeRequest) -> list[RunEvent]:
    """All events of a run in this process."""
    return list(follow(prepare(request), GoOn()))


def resume(folder: RunFolder, **changes: object) -> list[RunEvent]:
    """All events of a run that goes on in this process."""
    request = ResumeRequest(id=1, folder=str(folder.path), data="auto")
    return carry_out(replace(request, **changes))


def only_run(runs: Path) -> RunFolder:
    (path,) = run_paths(runs)
    return RunFolder(path)
