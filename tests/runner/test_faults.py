"""Faults of disk, memory and processes, with the real thing where it can be had."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from msgspec.structs import replace

from cifar_studio.runner import worker_process
from cifar_studio.runner.protocol import Command, ResumeRequest, TrainRequest
from cifar_studio.runner.worker_process import WorkerProcess, new_id
from cifar_studio.runs.folder.events import (
    EpochEnded,
    RunEnded,
    RunEvent,
    RunPaused,
    RunStarted,
    WorkerReady,
)
from cifar_studio.runs.folder.library import load
from cifar_studio.runs.folder.run_folder import RunFolder
from engine.training_runs import figures
from long_forms import daily
from runner.small_runs import CONFIG
from support import worker_processes

pytestmark = pytest.mark.usefixtures("shared_cache")
LONG = replace(CONFIG, epochs=6)
MIB = 2**20


class Followed:
    """A worker with one training, and its events."""

    def __init__(self, request: TrainRequest | ResumeRequest) -> None:
        self.worker = WorkerProcess(warm=False)
        self._request = request
        self._events = self.worker.events()
        self.worker.send(request)

    def until(self, kind: type) -> RunEvent:
        for envelope in self._events:
            if isinstance(envelope.event, kind):
                return envelope.event
        raise AssertionError(f"no {kind.__name__}")

    def command(self, command: Command) -> None:
        self.worker.command(self._request.id, command)

    def end(self) -> RunEnded:
        ended = self.until(RunEnded)
        assert isinstance(ended, RunEnded)
        assert list(self._events) == []
        return ended

    def close(self) -> None:
        self.worker.kill()
        list(self._events)


@pytest.fixture
def follow() -> Iterator[object]:
    """Starts followed trainings; their workers are gone at the end."""
    followed = []

    def start(request: TrainRequest | ResumeRequest) -> Followed:
        followed.append(Followed(request))
        return followed[-1]

    yield start
    for one in followed:
        one.close()
    assert worker_processes() == []


def training(runs: Path, config: object = LONG) -> TrainRequest:
    return TrainRequest(id=new_id(), config=config, data="demo", runs=str(runs))  # type: ignore[arg-type]


def epochs(folder: Path) -> list[int]:
    return [row.epoch for row in load(folder).rows]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 200 MiB; only who may mount has one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={200 * MIB}", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small disk is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(disk: Path, *, leave: int) -> Path:
    """Put a file on a disk that leaves so many bytes free."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - leave)
    return ballast


def test_that_a_run_that_finds_no_room_is_refused_before_it_begins(follow, small_disk) -> None:
    fill(small_disk, leave=20 * MIB)
    ended = follow(training(small_disk / "runs")).end()
    assert ended.state == "failed"
    assert "needs up to 135 MiB" in ended.message
    assert "20 MiB are free" in ended.message
    assert "Free space there" in ended.remedy
    assert list((small_disk / "runs").iterdir()) == []


def test_that_a_disk_that_fills_up_pauses_the_run_until_there_is_room(follow, small_disk) -> None:
    followed = follow(training(small_disk / "runs"))
    followed.until(EpochEnded)
    ballast = fill(small_disk, leave=MIB)
    paused = followed.until(RunPaused)
    assert (paused.reason, paused.remedy) == ("disk", "Free space there, then go on")
    assert "No space left on device" in paused.message
    (folder,) = (small_disk / "runs").iterdir()
    before = epochs(folder)
    ballast.unlink()
    followed.command(Command.CONTINUE)
    assert followed.end().state == "finished"
    assert before[0] == 1
    assert epochs(folder) == [1, 2, 3, 4, 5, 6]


@pytest.mark.long
def test_that_a_run_stopped_on_a_full_disk_goes_on_from_the_epoch_before(
    follow, small_disk
) -> None:
    followed = follow(training(small_disk / "runs"))
    followed.until(EpochEnded)
    ballast = fill(small_disk, leave=MIB)
    followed.until(RunPaused)
    followed.command(Command.STOP_NOW)
    ended = followed.end()
    assert (ended.state, ended.reason) == ("failed", "disk")
    ballast.unlink()
    again = follow(ResumeRequest(id=new_id(), folder=ended.folder, data="demo"))
    assert again.end().state == "finished"
    assert epochs(Path(ended.folder)) == [1, 2, 3, 4, 5, 6]


def test_that_a_deleted_run_folder_pauses_the_run_and_can_be_put_back(follow, tmp_path) -> None:
    followed = follow(training(tmp_path / "runs"))
    started = followed.until(RunStarted)
    followed.until(EpochEnded)
    folder = Path(started.folder)
    folder.rename(tmp_path / "bin")
    paused = followed.until(RunPaused)
    assert paused.reason == "disk"
    assert "is gone" in paused.message
    assert "Put it back" in paused.remedy
    (tmp_path / "bin").rename(folder)
    followed.command(Command.CONTINUE)
    assert followed.end().state == "finished"
    assert epochs(folder) == [1, 2, 3, 4, 5, 6]


@pytest.mark.long
def test_that_a_run_whose_folder_stays_deleted_ends_with_a_word(follow, tmp_path) -> None:
    followed = follow(training(tmp_path / "runs"))
    started = followed.until(RunStarted)
    followed.until(EpochEnded)
    shutil.rmtree(started.folder)
    followed.until(RunPaused)
    followed.command(Command.STOP_NOW)
    ended = followed.end()
    assert (ended.state, ended.reason) == ("failed", "disk")
    assert "is gone" in ended.message
    assert not Path(started.folder).exists()


@pytest.mark.long
def test_that_a_run_folder_that_becomes_read_only_pauses_the_run(follow, tmp_path) -> None:
    followed = follow(training(tmp_path / "runs"))
    folder = Path(followed.until(RunStarted).folder)
    followed.until(EpochEnded)
    if subprocess.run(["chattr", "+i", str(folder)], capture_output=True).returncode:
        if os.geteuid() == 0:
            pytest.skip("nothing is read-only for root here")
        folder.chmod(0o555)
    try:
        paused = followed.until(RunPaused)
    finally:
        subprocess.run(["chattr", "-i", str(folder)], capture_output=True, check=False)
        folder.chmod(0o755)
    assert "cannot be written" in paused.message
    assert paused.remedy == "See to it that it can be written, then go on"
    followed.command(Command.CONTINUE)
    assert followed.end().state == "finished"
    assert epochs(folder) == [1, 2, 3, 4, 5, 6]


def test_that_a_computer_without_memory_is_told_and_does_no_harm(follow, tmp_path) -> None:
    """The worker may take 100 MiB more than it has; a batch of 500 pictures takes much more."""
    config = replace(
        LONG, architecture="densenet161", batch_size=500, train_per_class=10, stem="cifar"
    )
    worker = WorkerProcess(warm=True)
    with closing(worker.events()) as events:
        for envelope in events:
            if isinstance(envelope.event, WorkerReady):
                size = psutil.Process(worker.pid).memory_info().vms
                resource.prlimit(
                    worker.pid, resource.RLIMIT_AS, (size + 1500 * MIB, resource.RLIM_INFINITY)
                )
                worker.send(training(tmp_path / "runs", config))
            ended = envelope.event
    assert isinstance(ended, RunEnded)
    assert (ended.state, ended.reason) == ("failed", "out_of_memory"), ended
    assert "not enough memory for densenet161 with batches of 500" in ended.message
    assert "smaller batch_size" in ended.remedy
    assert load(Path(ended.folder)).status.state == "failed"


@pytest.mark.parametrize(
    "number", daily((signal.SIGSEGV,), (signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL))
)
def test_that_a_crash_is_told_with_its_signal_and_the_run_goes_on(
    number: signal.Signals, follow, tmp_path: Path
) -> None:
    followed = follow(training(tmp_path / "runs"))
    followed.until(EpochEnded)
    os.kill(followed.worker.pid, number)
    ended = followed.end()
    assert ended.state == "crashed"
    assert number.name in ended.message
    if number is signal.SIGKILL:
        assert "perhaps the computer ran out of memory" in ended.message
        assert ended.reason == "out_of_memory"
    else:
        assert "Fatal Python error" in ended.details  # where it was, for the developers
    again = follow(ResumeRequest(id=new_id(), folder=ended.folder, data="auto"))
    assert again.end().state == "finished"
    assert epochs(Path(ended.folder)) == [1, 2, 3, 4, 5, 6]


def test_that_the_computers_shutdown_saves_at_the_next_batch(follow, tmp_path) -> None:
    followed = follow(training(tmp_path / "runs", replace(CONFIG, epochs=500)))
    followed.until(EpochEnded)
    os.kill(followed.worker.pid, signal.SIGTERM)
    ended = followed.end()
    assert ended.state == "interrupted"
    assert followed.worker.exit_code == 0
    assert RunFolder(Path(ended.folder)).last_checkpoint.exists()


def test_that_a_second_process_on_a_run_folder_is_refused(follow, tmp_path) -> None:
    first = follow(training(tmp_path / "runs", replace(CONFIG, epochs=500)))
    started = first.until(RunStarted)
    first.command(Command.PAUSE)  # it would only take the other's processor
    first.until(RunPaused)
    ended = follow(ResumeRequest(id=new_id(), folder=started.folder, data="demo")).end()
    assert ended.state == "failed"
    assert "in use by another process" in ended.message
    assert ended.folder == started.folder
    first.command(Command.CONTINUE)
    first.until(EpochEnded)  # undisturbed


@pytest.mark.parametrize(
    "how", daily(("killed from outside",), ("close", "kill", "killed from outside", "finish"))
)
def test_that_a_workers_children_end_with_it(
    how: str, follow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "WORKER_MODULE", "runner.worker_with_a_child")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    config = replace(CONFIG, epochs=1 if how == "finish" else 500)
    followed = follow(training(tmp_path / "runs", config))
    followed.until(RunStarted)
    (child,) = psutil.Process(followed.worker.pid).children(recursive=True)
    if how == "close":
        followed.worker.close()
    elif how == "kill":
        followed.worker.kill()
    elif how == "killed from outside":
        os.kill(followed.worker.pid, signal.SIGKILL)
    followed.end()
    psutil.wait_procs([child], timeout=10)
    assert not child.is_running()


@pytest.mark.long
def test_that_figures_after_all_these_faults_are_an_undisturbed_runs(follow, tmp_path) -> None:
    whole = follow(training(tmp_path / "whole")).end()
    followed = follow(training(tmp_path / "runs"))
    folder = Path(followed.until(RunStarted).folder)
    followed.until(EpochEnded)
    folder.rename(tmp_path / "bin")
    followed.until(RunPaused)
    (tmp_path / "bin").rename(folder)
    followed.command(Command.CONTINUE)
    followed.until(EpochEnded)
    os.kill(followed.worker.pid, signal.SIGKILL)
    followed.end()
    again = follow(ResumeRequest(id=new_id(), folder=str(folder), data="demo"))
    again.until(EpochEnded)
    os.kill(again.worker.pid, signal.SIGTERM)
    again.end()
    follow(ResumeRequest(id=new_id(), folder=str(folder), data="demo")).end()
    assert figures(list(load(folder).rows)) == figures(list(load(Path(whole.folder)).rows))
