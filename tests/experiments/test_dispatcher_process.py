"""The dispatcher's process with real workers, and the loop in it. Trainings are tiny."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from msgspec.structs import replace

from cifar_studio.experiments.client import DispatcherProcess
from cifar_studio.experiments.control_file import leave_command
from cifar_studio.experiments.dispatch import Dispatch
from cifar_studio.experiments.local_pool import Slot
from cifar_studio.experiments.protocol import (
    DispatchEnvelope,
    ExperimentChanged,
    JobBegan,
    LetGo,
    RequestRefused,
    RunExperiment,
    dispatch_envelope_decoder,
    dispatch_line,
)
from cifar_studio.runner.protocol import Command
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.folder.events import BatchesEnded, RunEnded, RunStarted
from experiments.scripted_pool import Play, grid, run, states
from experiments.scripted_pool import stage as stage
from kill_experiments import CONFIG, METHODS, kill_and_compare
from long_forms import daily

END_S = 100


@pytest.fixture
def folder(tmp_path: Path, shared_cache: Path) -> ExperimentFolder:
    """A search of six trainings of a second each."""
    return grid(tmp_path, config=CONFIG)


class Following:
    """A client, followed in a thread."""

    def __init__(self, *requests: object) -> None:
        self.dispatcher = DispatcherProcess()
        self.process = psutil.Process(self.dispatcher.pid)
        self.told: list[DispatchEnvelope] = []
        for request in requests:
            self.dispatcher.ask(request)  # type: ignore[arg-type]
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def wait_for(self, kind: type, count: int = 1) -> None:
        wait_until(lambda: len(self.all(kind)) >= count)

    def all(self, kind: type) -> list[object]:
        return [envelope.event for envelope in self.told if isinstance(envelope.event, kind)]

    def family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def join(self) -> None:
        self._thread.join(END_S)
        assert not self._thread.is_alive()

    def _follow(self) -> None:
        for envelope in self.dispatcher.events():
            self.told.append(envelope)


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + END_S
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)


def wait_for_end(family: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(family, END_S)
    assert not alive


@pytest.mark.long
@pytest.mark.timeout(300)
def test_that_it_goes_on_to_the_end_when_it_was_let_go_and_then_ends_by_itself(
    tmp_path: Path, shared_cache: Path
) -> None:
    folder = grid(tmp_path, config=CONFIG, trials=2)
    client = Following(run(folder), LetGo())
    client.wait_for(RunStarted)
    client.dispatcher.close()
    family = client.family()
    wait_until(lambda: states(folder) == ["finished"] * 2)
    wait_for_end(family)
    client.join()
    assert not folder.is_held()


@pytest.mark.long
@pytest.mark.timeout(300)
def test_that_it_goes_on_to_the_end_when_the_one_that_let_it_go_is_killed(
    tmp_path: Path, shared_cache: Path
) -> None:
    folder = grid(tmp_path, config=CONFIG, trials=2)
    client = subprocess.Popen(
        [sys.executable, "-c", LETS_GO, str(folder.path)], stdout=subprocess.PIPE
    )
    with client, client.stdout:  # type: ignore[union-attr]
        assert client.stdout.readline() == b"started\n"  # type: ignore[union-attr]
        family = psutil.Process(client.pid).children(recursive=True)
        client.kill()
    wait_until(lambda: states(folder) == ["finished"] * 2)
    wait_for_end(family)


LETS_GO = """
import sys
from cifar_studio.experiments.client import DispatcherProcess
from cifar_studio.experiments.protocol import LetGo, RunExperiment
from cifar_studio.runs.folder.events import RunStarted
dispatcher = DispatcherProcess()
dispatcher.ask(RunExperiment(folder=sys.argv[1]))
dispatcher.ask(LetGo())
for envelope in dispatcher.events():
    if isinstance(envelope.event, RunStarted):
        print("started", flush=True)
"""


@pytest.mark.timeout(240)
@pytest.mark.parametrize("lets_go", daily([True], [True, False]))
def test_that_trainings_are_saved_when_it_is_told_to_end(
    folder: ExperimentFolder, lets_go: bool
) -> None:
    experiment = folder.read_experiment()
    folder.write_experiment(replace(experiment, config=replace(experiment.config, epochs=500)))
    client = Following(run(folder), *([LetGo()] if lets_go else []))
    client.wait_for(RunStarted)
    family = client.family()
    if lets_go:
        client.process.send_signal(signal.SIGTERM)
    else:
        client.dispatcher.close()
    wait_for_end(family)
    client.join()
    (ended,) = client.all(RunEnded)
    assert isinstance(ended, RunEnded)
    assert ended.state == "interrupted"
    assert states(folder)[0] == "interrupted"
    assert Path(ended.folder, "last.pt").exists()


@pytest.mark.timeout(240)
def test_that_a_dispatcher_that_is_killed_is_told_of_and_leaves_no_process(
    folder: ExperimentFolder,
) -> None:
    experiment = folder.read_experiment()
    folder.write_experiment(replace(experiment, config=replace(experiment.config, epochs=500)))
    client = Following(run(folder))
    client.wait_for(RunStarted)
    family = client.family()
    os.kill(client.dispatcher.pid, signal.SIGKILL)
    client.join()  # first: whoever else waited for its child would take its exit code
    wait_for_end(family)
    (ended,) = client.all(RunEnded)
    assert isinstance(ended, RunEnded)
    assert (ended.state, Path(ended.folder).parent) == ("crashed", folder.path.parents[1] / "runs")
    assert "ended unexpectedly" in client.all(RequestRefused)[0].message  # type: ignore[attr-defined]
    assert states(folder)[0] == "interrupted"
    assert not folder.is_held()


@pytest.mark.long
@pytest.mark.timeout(580)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.usefixtures("shared_cache")
def test_that_a_search_whose_processes_are_killed_loses_nothing(
    tmp_path: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    findings = kill_and_compare(tmp_path, 4, 0, method=method, trials=4, slots=1)
    assert sum(findings.kills.values()) == 4


class Busy:
    """Lets a worker say something a hundred times a second."""

    def __init__(self, play: Play) -> None:
        self._play = play
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._speak)

    def __enter__(self) -> Busy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _speak(self) -> None:
        event = BatchesEnded(
            epoch=1,
            batch=1,
            batches=9,
            loss=1.0,
            top1=1.0,
            epoch_loss=1.0,
            epoch_top1=1.0,
            images_per_second=1.0,
            memory_mib=1.0,
        )
        while not self._is_over.wait(0.01):
            self._play.only.say(event)


def dispatch_of(play: Play, *, stays: bool = False) -> Dispatch:
    """A loop whose workers come from a play."""
    return Dispatch((Slot(),), experiments=play.experiments, runs=play.runs, stays=stays)


def test_that_other_processes_are_heard_beside_trainings_that_say_much(tmp_path: Path) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    dispatch = dispatch_of(play)
    dispatch.ask(run(folder))
    events = iter(dispatch)
    while not isinstance(next(events).event, JobBegan):
        pass
    play.only.begin()
    leave_command(folder, "stop_now")
    with Busy(play):
        for _ in range(1000):
            next(events)
            if play.only.commands:
                break
    assert play.only.commands == [Command.STOP_NOW]
    play.only.end("stopped")
    while not is_end(next(events).event):
        pass
    for worker in play.workers:
        worker.die()
    assert list(events) == []


def is_end(event: object) -> bool:
    return isinstance(event, ExperimentChanged) and event.activity == "ended"


def test_that_it_ends_when_nobody_listens_and_what_it_was_let_go_with_has_paused(
    tmp_path: Path,
) -> None:
    folder, play = grid(tmp_path), Play(tmp_path)
    dispatch = dispatch_of(play, stays=True)
    dispatch.ask(run(folder))
    dispatch.ask(LetGo())
    dispatch.leave()
    events = iter(dispatch)
    failed = 0
    for envelope in events:
        if isinstance(envelope.event, JobBegan):
            failed += 1
            play.training[-1].begin()
            play.training[-1].end("failed", "out of memory")
        if isinstance(envelope.event, ExperimentChanged) and envelope.event.activity == "paused":
            for worker in play.workers:
                worker.die()
    assert failed == 3
    assert not folder.is_held()


def test_that_requests_and_events_travel_as_lines() -> None:
    envelope = DispatchEnvelope(0, RequestRefused(message="no", remedy="wait"))
    line = dispatch_line(envelope)
    assert line.count(b"\n") == 1
    assert dispatch_envelope_decoder.decode(line) == envelope
    assert b"run_experiment" in dispatch_line(RunExperiment(folder="x"))
