"""The machine goes off, or the disk is full, at any write: the run goes on as if it had not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from cifar_studio.errors import RunFolderError
from cifar_studio.runner.protocol import Command
from cifar_studio.runner.training.follow import follow
from cifar_studio.runner.training.prepare import prepare
from cifar_studio.runs.folder.events import RunEnded, RunPaused
from cifar_studio.runs.folder.library import load, run_paths
from cifar_studio.runs.folder.run_folder import RunFolder
from engine.training_runs import assert_same_run
from failing_disk import FailingDisk, PowerOffError
from runner.small_runs import GoOn, only_run, resume, train, train_request

pytestmark = pytest.mark.usefixtures("one_thread")
PARTS = 16  # so that they run side by side, and one of them each time


class FreeTheDisk(GoOn):
    """Makes room where a run waits for it."""

    def __init__(self, disk: FailingDisk) -> None:
        self._disk = disk
        self.waited = 0

    def wait(self) -> Command:
        self.waited += 1
        self._disk.freed = True
        return Command.CONTINUE


def go_on(runs: Path) -> RunFolder:
    """What a person does after a crash: resume the run, or start anew where there is none."""
    if not run_paths(runs):
        return train(runs)
    folder = only_run(runs)
    if load(folder.path).status.state != "finished":
        ended = resume(folder)[-1]
        assert isinstance(ended, RunEnded)
        assert ended.state == "finished", ended
    return folder


@pytest.fixture(scope="module")
def counted(
    _cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[FailingDisk, RunFolder]:
    """A run that nothing disturbed, and the operations that it took."""
    runs = tmp_path_factory.mktemp("undisturbed")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the others have; it is made before the fixture for each test
    with pytest.MonkeyPatch.context() as patch, FailingDisk(runs) as disk:
        patch.setenv("XDG_CACHE_HOME", str(_cache / "demo"))
        with torch.random.fork_rng(devices=[]):
            folder = train(runs)
    torch.set_num_threads(threads)
    return disk, folder


@pytest.mark.parametrize(
    "part", [0, *(pytest.param(part, marks=pytest.mark.long) for part in range(1, PARTS))]
)
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
            train(runs)
        folder = go_on(runs)
        assert_same_run(folder, whole)
        assert sorted(path.name for path in folder.path.iterdir()) == sorted(
            path.name for path in whole.path.iterdir()
        ), disk.operations[number]


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_that_a_full_disk_at_any_write_fsync_or_rename_is_waited_for(
    part: int, counted: tuple[FailingDisk, RunFolder], tmp_path: Path
) -> None:
    disk, whole = counted
    paused = 0
    for number in range(part, len(disk.operations), PARTS):
        runs = tmp_path / f"full at {number}"
        runs.mkdir()
        with FailingDisk(runs, number, full=True).sizes_of(disk) as full:
            try:
                training = prepare(train_request(runs))
            except RunFolderError as error:
                told_at_once(error, runs)
                continue
            control = FreeTheDisk(full)
            events = list(follow(training, control))
        pauses = [event for event in events if isinstance(event, RunPaused)]
        assert control.waited == len(pauses) <= 1
        assert all(event.reason == "disk" and "No space" in event.message for event in pauses)
        paused += len(pauses)
        ended = events[-1]
        assert isinstance(ended, RunEnded)
        if ended.state != "finished":
            assert ended.reason == "disk", (ended, disk.operations[number])
        assert_same_run(go_on(runs), whole)
    assert paused


def told_at_once(error: RunFolderError, runs: Path) -> None:
    """The disk was full before the training began: nothing is left behind."""
    assert "No space left" in error.fault
    assert not list(runs.iterdir())
