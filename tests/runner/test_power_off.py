"""The machine goes off, or the disk is full, at any write: the run goes on as if it had not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runner.prepare import prepare
from cifar_studio.runner.protocol import Command, ResumeRequest, TrainRequest
from cifar_studio.runner.session import follow
from cifar_studio.runs.events import RunEnded, RunPaused
from cifar_studio.runs.folder import RunFolder
from cifar_studio.runs.library import load, run_paths
from engine.training_runs import assert_same_run
from failing_disk import FailingDisk, PowerOffError

CONFIG = TrainConfig(
    architecture="mobilenet_v2", epochs=2, batch_size=50, train_per_class=1, test_per_class=1
)
PARTS = 4  # so that they run side by side


class GoOn:
    """Never asks for anything; frees the disk where a run waits for it."""

    def __init__(self, disk: FailingDisk | None = None) -> None:
        self._disk = disk
        self.waited = 0

    def poll(self) -> Command | None:
        return None

    def wait(self) -> Command:
        assert self._disk is not None
        self.waited += 1
        self._disk.freed = True
        return Command.CONTINUE


@pytest.fixture(autouse=True)
def _one_thread(shared_cache: Path) -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        yield
    torch.set_num_threads(threads)


def train(runs: Path, control: GoOn) -> list[object]:
    request = TrainRequest(id=1, config=CONFIG, data="demo", runs=str(runs))
    return list(follow(prepare(request), control))


def go_on(runs: Path) -> RunFolder:
    """What a person does after a crash: resume the run, or start anew where there is none."""
    paths = run_paths(runs)
    if not paths:
        train(runs, GoOn())
        return RunFolder(run_paths(runs)[0])
    request = ResumeRequest(id=1, folder=str(paths[0]), data="auto")
    if load(paths[0]).status.epoch < CONFIG.epochs or not is_complete(paths[0]):
        *_, ended = follow(prepare(request), GoOn())
        assert isinstance(ended, RunEnded)
        assert ended.state == "finished", ended
    return RunFolder(paths[0])


def is_complete(path: Path) -> bool:
    return load(path).status.state == "finished"


@pytest.fixture
def counted(tmp_path: Path) -> tuple[FailingDisk, RunFolder]:
    """A run that nothing disturbed, and the operations that it took."""
    runs = tmp_path / "undisturbed"
    with FailingDisk(runs) as disk:
        *_, ended = train(runs, GoOn())
    assert isinstance(ended, RunEnded)
    assert ended.state == "finished"
    return disk, RunFolder(run_paths(runs)[0])


@pytest.mark.parametrize("part", range(PARTS))
def test_that_a_power_cut_at_any_write_fsync_or_rename_costs_no_finished_epoch(
    part: int, counted: tuple[FailingDisk, RunFolder], tmp_path: Path
) -> None:
    disk, whole = counted
    assert {operation.split()[0] for operation in disk.operations} == {
        "write", "fsync", "rename", "link"
    }  # fmt: skip
    for number in range(part, len(disk.operations), PARTS):
        runs = tmp_path / f"cut at {number}"
        runs.mkdir()
        with pytest.raises(PowerOffError), FailingDisk(runs, number).sizes_of(disk):
            train(runs, GoOn())
        folder = go_on(runs)
        assert_same_run(folder, whole)
        assert sorted(path.name for path in folder.path.iterdir()) == sorted(
            path.name for path in whole.path.iterdir()
        ), disk.operations[number]


@pytest.mark.parametrize("part", range(PARTS))
def test_that_a_full_disk_at_any_write_fsync_or_rename_is_waited_for(
    part: int, counted: tuple[FailingDisk, RunFolder], tmp_path: Path
) -> None:
    disk, whole = counted
    for number in range(part, len(disk.operations), PARTS):
        runs = tmp_path / f"full at {number}"
        runs.mkdir()
        with FailingDisk(runs, number, full=True).sizes_of(disk) as full:
            control = GoOn(full)
            try:
                events = train(runs, control)
            except Exception as error:
                # Before the training began: told in one line, and nothing is left behind.
                assert "No space left" in str(error)
                assert not list(runs.iterdir())
                continue
        ended = events[-1]
        assert isinstance(ended, RunEnded)
        paused = [event for event in events if isinstance(event, RunPaused)]
        if ended.state == "finished":
            assert control.waited == len(paused) <= 1
            assert all("No space left" in event.message for event in paused)
            folder = RunFolder(run_paths(runs)[0])
        else:
            assert "No space left" in ended.message, disk.operations[number]
            folder = go_on(runs)
        assert_same_run(folder, whole)
