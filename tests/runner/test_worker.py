"""The worker process as its users see it: requests in, events out, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runner.protocol import (
    Command,
    Envelope,
    EstimateRequest,
    PrepareDataRequest,
    ResumeRequest,
    TrainRequest,
)
from cifar_studio.runner.worker_process import WorkerProcess, new_id
from cifar_studio.runs.answers import Estimated, RequestFailed
from cifar_studio.runs.folder.events import (
    BatchesEnded,
    EpochEnded,
    RunEnded,
    RunPaused,
    RunStarted,
    WorkerReady,
)
from cifar_studio.runs.folder.library import load
from long_forms import daily
from runner.small_runs import CONFIG
from support import worker_processes

pytestmark = pytest.mark.usefixtures("shared_cache")
LONG = replace(CONFIG, epochs=500)


@pytest.fixture
def worker() -> Iterator[WorkerProcess]:
    process = WorkerProcess(warm=False)
    yield process
    process.kill()
    for _ in process.events():
        pass


def request_for(folder: Path, config: TrainConfig = CONFIG) -> TrainRequest:
    return TrainRequest(id=new_id(), config=config, data="demo", runs=str(folder / "runs"))


@dataclass(frozen=True)
class Told:
    """A whole training by a worker.

    Attributes
    ----------
    found : list of bool
        For each event in turn, whether what it tells of was on disk by then.
    exit_code : int or None
        With standard input still open.
    """

    request: TrainRequest
    envelopes: list[Envelope]
    found: list[bool]
    exit_code: int | None


@pytest.fixture(scope="module")
def told(_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(_cache / "demo"))
        worker = WorkerProcess(warm=False)
    request = request_for(tmp_path_factory.mktemp("told"))
    worker.send(request)
    envelopes, found = [], []
    for envelope in worker.events():
        envelopes.append(envelope)
        (folder,) = Path(request.runs).iterdir()
        found.append(is_on_disk(envelope.event, folder))
    return Told(request, envelopes, found, worker.exit_code)


def is_on_disk(event: object, folder: Path) -> bool:
    names: tuple[str, ...] = ()
    if isinstance(event, RunStarted):
        names = ("config.json", "environment.json")
    elif isinstance(event, EpochEnded):
        names = ("last.pt", "best.pt")
        if load(folder).rows[event.row.epoch - 1] != event.row:
            return False
    return all((folder / name).exists() for name in names)


def events_until(events: Iterator[Envelope], kind: type) -> list[object]:
    seen: list[object] = []
    for envelope in events:
        seen.append(envelope.event)
        if isinstance(envelope.event, kind):
            return seen
    raise AssertionError(f"no {kind.__name__} among {seen}")


def test_that_a_training_tells_its_events_in_order(told: Told) -> None:
    assert {envelope.id for envelope in told.envelopes} == {told.request.id}
    events = [envelope.event for envelope in told.envelopes]
    assert isinstance(events[0], RunStarted)
    assert [e.row.epoch for e in events if isinstance(e, EpochEnded)] == [1, 2]
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert ended.state == "finished"
    assert [type(e) for e in events].count(RunEnded) == 1
    run = load(Path(ended.folder))
    assert [e.row for e in events if isinstance(e, EpochEnded)] == list(run.rows)
    assert told.exit_code == 0


def test_that_every_row_is_on_disk_before_it_is_told(told: Told) -> None:
    assert any(isinstance(envelope.event, EpochEnded) for envelope in told.envelopes)
    assert all(told.found)


def test_that_a_warm_worker_says_what_devices_there_are(tmp_path: Path) -> None:
    worker = WorkerProcess(warm=True)
    with closing(worker.events()) as events:
        ready = next(events).event
        worker.kill()
        assert list(events) == []
    assert isinstance(ready, WorkerReady)
    assert ready.devices[-1].name == "cpu"
    assert ready.devices[-1].memory_mib > 0


def test_that_pause_continue_and_stop_are_obeyed(worker: WorkerProcess, tmp_path: Path) -> None:
    request = request_for(tmp_path, LONG)
    worker.send(request)
    events = worker.events()
    events_until(events, BatchesEnded)
    worker.command(request.id, Command.PAUSE)
    events_until(events, RunPaused)
    worker.command(request.id, Command.CONTINUE)
    seen = events_until(events, EpochEnded)
    worker.command(request.id, Command.STOP_AFTER_EPOCH)
    seen += events_until(events, RunEnded)
    ended = seen[-1]
    assert isinstance(ended, RunEnded)
    assert ended.state == "stopped"
    assert isinstance(seen[-2], EpochEnded)
    assert list(events) == []


@pytest.mark.parametrize("paused", daily((False,), (False, True)))
def test_that_a_worker_whose_window_is_gone_saves_and_ends(
    worker: WorkerProcess, tmp_path: Path, paused: bool
) -> None:
    request = request_for(tmp_path, LONG)
    worker.send(request)
    events = worker.events()
    events_until(events, EpochEnded)
    if paused:
        worker.command(request.id, Command.PAUSE)
        events_until(events, RunPaused)
    worker.close()
    ended = [e.event for e in events][-1]
    assert isinstance(ended, RunEnded)
    assert ended.state == "interrupted"
    assert load(Path(ended.folder)).status.state == "interrupted"


@pytest.mark.long
def test_that_a_killed_worker_is_reported_as_a_crash(worker: WorkerProcess, tmp_path: Path) -> None:
    worker.send(request_for(tmp_path, LONG))
    events = worker.events()
    events_until(events, EpochEnded)
    os.kill(worker.pid, signal.SIGKILL)
    ended = [e.event for e in events][-1]
    assert isinstance(ended, RunEnded)
    assert ended.state == "crashed"
    assert "SIGKILL" in ended.message
    assert load(Path(ended.folder)).rows


@pytest.mark.long
def test_that_a_stopped_run_is_resumed_in_a_new_worker(
    worker: WorkerProcess, tmp_path: Path
) -> None:
    request = request_for(tmp_path, replace(CONFIG, epochs=3))
    worker.send(request)
    events = worker.events()
    events_until(events, EpochEnded)
    worker.command(request.id, Command.STOP_NOW)
    ended = events_until(events, RunEnded)[-1]
    assert isinstance(ended, RunEnded)
    other = WorkerProcess(warm=False)
    other.send(ResumeRequest(id=new_id(), folder=ended.folder, data="demo"))
    last = [e.event for e in other.events()][-1]
    assert isinstance(last, RunEnded)
    assert last.state == "finished"
    assert [row.epoch for row in load(Path(ended.folder)).rows] == [1, 2, 3]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"device": "cuda:97"}, "cuda:97"),
        pytest.param({"epochs": 0}, "epochs", marks=pytest.mark.long),
    ],
)
def test_that_a_training_that_cannot_begin_says_why(
    worker: WorkerProcess, tmp_path: Path, changes: dict[str, object], fault: str
) -> None:
    worker.send(request_for(tmp_path, replace(CONFIG, **changes)))
    (ended,) = (e.event for e in worker.events())
    assert isinstance(ended, RunEnded)
    assert ended.state == "failed"
    assert fault in ended.message
    assert ended.remedy or "epochs" in fault
    assert ended.reason == ("device_lost" if "device" in changes else "")
    assert not (tmp_path / "runs").exists()


def test_that_short_requests_follow_one_another_and_a_bad_one_does_no_harm(
    worker: WorkerProcess, tmp_path: Path
) -> None:
    bad = PrepareDataRequest(id=new_id(), data=str(tmp_path / "nowhere"))
    good = EstimateRequest(id=new_id(), config=CONFIG)
    worker.send(bad)
    worker.send(good)
    events = worker.events()
    failed = next(e for e in events if isinstance(e.event, RequestFailed))
    estimated = next(e for e in events if isinstance(e.event, Estimated))
    assert (failed.id, estimated.id) == (bad.id, good.id)
    assert isinstance(estimated.event, Estimated)
    assert estimated.event.train_images_per_second > 0
    worker.close()
    assert list(events) == []


def test_that_lines_that_are_no_requests_are_passed_over(tmp_path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "cifar_studio.runner.worker.worker"],
        input=b'junk\n{"request": "odd"}\n\xff\n',
        capture_output=True,
        timeout=60,
    )
    assert (process.returncode, process.stdout, process.stderr) == (0, b"", b"")


def test_that_no_process_is_left(tmp_path: Path) -> None:
    assert worker_processes() == []
