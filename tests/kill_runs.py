"""Kills a training again and again, and sees what is left.

    python tests/kill_runs.py --kills 200

A worker process trains a small run on the demo set. At a random moment it is killed with SIGKILL:
somewhere in the start, between two batches, in the middle of a write, or while it saves because its
asker has gone. After each kill every file of the run must be readable and every epoch that was
announced must be there; then a fresh worker resumes the run. At the end the run is brought to a
whole epoch, and an undisturbed run of the same length must have the same figures, weights, momenta
and random states, bit by bit.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from msgspec.structs import replace

from cifar_studio import sealed
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.reading import open_file
from cifar_studio.runner.protocol import ResumeRequest, TrainRequest
from cifar_studio.runner.worker_process import WorkerProcess, new_id
from cifar_studio.runs.folder.events import EpochEnded, RunEnded, RunStarted, WorkerReady
from cifar_studio.runs.folder.library import load, run_paths
from cifar_studio.runs.folder.run_folder import RunFolder
from engine.training_runs import assert_same_run

# 200 pictures in three batches an epoch, two threads: an epoch takes about half a second.
CONFIG = TrainConfig(
    architecture="mobilenet_v2",
    epochs=10_000,
    batch_size=80,
    dropout=0.5,
    train_per_class=2,
    test_per_class=1,
    seed=3,
)
MORE_EPOCHS = 2
MOST_EPOCHS_A_LIFE = 2


@dataclass
class Findings:
    """What a series of kills showed.

    Attributes
    ----------
    kills : int
    moments : Counter
        What the worker was doing when it was killed, as far as its events tell.
    epochs : int
        Length of the run at the end.
    seconds : float
    """

    kills: int = 0
    moments: Counter[str] = field(default_factory=Counter)
    epochs: int = 0
    seconds: float = 0.0


class KilledRun:
    """One run, killed and resumed.

    Parameters
    ----------
    runs : Path
        A folder of its own.
    seed : int
        Of the moments.
    """

    def __init__(self, runs: Path, seed: int) -> None:
        self._runs = runs
        self._random = random.Random(seed)
        self._announced = 0
        self._epoch_s = 0.5  # until one was measured
        self._folder: RunFolder | None = None
        self.findings = Findings()

    def run(self, kills: int) -> RunFolder:
        """Kill the run so many times, then let it come to an end; returns its folder."""
        began = time.monotonic()
        warm = _warm_worker()
        while self.findings.kills < kills:
            worker, warm = warm, _warm_worker()  # the next one imports torch meanwhile
            self._live_and_die(worker)
            if self._folder is not None:
                check_files(self._folder, self._announced)
            self.findings.kills += 1
        assert self._folder is not None
        rows = self._folder.read_epochs()
        length = max(self._announced, len(rows)) + MORE_EPOCHS
        ended = _follow(warm, ResumeRequest(id=new_id(), folder=str(self._folder.path),
                                            data="demo", epochs=length))  # fmt: skip
        assert ended.state == "finished", ended
        self.findings.epochs = length
        self.findings.seconds = time.monotonic() - began
        return self._folder

    def _live_and_die(self, worker: WorkerProcess) -> None:
        request: TrainRequest | ResumeRequest
        if self._folder is None:
            request = TrainRequest(id=new_id(), config=CONFIG, data="demo", runs=str(self._runs))
        else:
            request = ResumeRequest(id=new_id(), folder=str(self._folder.path), data="demo")
        # A fifth dies in the start, a fifth while saving because its asker has gone.
        kind = self._random.choices(["start", "work", "save"], [1, 3, 1])[0]
        epochs_left = self._random.randint(0, MOST_EPOCHS_A_LIFE)
        moment = "before the first event"
        killer: threading.Timer | None = None
        began = time.monotonic()
        for envelope in worker.events():
            event = envelope.event
            if isinstance(event, WorkerReady):
                worker.send(request)
                if kind == "start":
                    killer = self._kill_later(worker, 0.3)
                continue
            if isinstance(event, RunStarted):
                self._folder = RunFolder(Path(event.folder))
                began = time.monotonic()
            elif isinstance(event, EpochEnded):
                self._announced = max(self._announced, event.row.epoch)
                self._epoch_s = time.monotonic() - began
                began = time.monotonic()
                epochs_left -= 1
            elif isinstance(event, RunEnded):
                assert event.state in ("crashed", "interrupted"), event
                continue
            moment = type(event).__name__
            if killer is None and epochs_left <= 0:
                killer = self._kill_later(worker, self._epoch_s, saves=kind == "save")
        if killer is not None:
            killer.join()
        if self._folder is None and (paths := run_paths(self._runs)):
            self._folder = RunFolder(paths[0])
        self.findings.moments[f"{kind}: after {moment}"] += 1

    def _kill_later(
        self, worker: WorkerProcess, within_s: float, *, saves: bool = False
    ) -> threading.Timer:
        pause_s = self._random.uniform(0, 0.15)

        def end() -> None:
            if saves:
                worker.close()
                time.sleep(pause_s)
            try:
                os.kill(worker.pid, signal.SIGKILL)
            except ProcessLookupError:
                assert saves  # it had saved and ended by itself

        timer = threading.Timer(self._random.uniform(0, within_s), end)
        timer.start()
        return timer


def check_files(folder: RunFolder, announced: int) -> None:
    """Every file is whole, and no announced epoch is missing; raises AssertionError."""
    run = load(folder.path)
    assert run.status.state == "interrupted", run.status
    epochs = [row.epoch for row in run.rows]
    assert epochs == list(range(1, len(epochs) + 1)), epochs
    assert len(epochs) >= announced, (epochs, announced)
    for path in folder.path.iterdir():
        if path.suffix in (".pt", ".npz") and not path.name.startswith("."):
            with open_file(path) as file:
                sealed.verify(file)
        if path.suffix == ".npz" and not path.name.startswith("."):
            with np.load(path) as arrays:
                assert arrays["confusion"].sum() == len(arrays["true"])


def undisturbed(runs: Path, epochs: int) -> RunFolder:
    """The same run without a kill."""
    config = replace(CONFIG, epochs=epochs)
    request = TrainRequest(id=new_id(), config=config, data="demo", runs=str(runs))
    ended = _follow(_warm_worker(), request)
    assert ended.state == "finished", ended
    return RunFolder(Path(ended.folder))


def _warm_worker() -> WorkerProcess:
    # Two of them share the processor: the next one warms up while one trains.
    return WorkerProcess(warm=True, gives_way=True)


def _follow(worker: WorkerProcess, request: TrainRequest | ResumeRequest) -> RunEnded:
    worker.send(request)
    with closing(worker.events()) as events:  # type: ignore[type-var]
        (ended,) = [e.event for e in events if isinstance(e.event, RunEnded)]
    return ended


def kill_and_compare(folder: Path, kills: int, seed: int) -> Findings:
    """Kill a run below `folder` so many times; raises AssertionError where anything was lost."""
    before = _children()  # such as the tracker that multiprocessing keeps
    killed = KilledRun(folder / "killed", seed)
    left = killed.run(kills)
    whole = undisturbed(folder / "undisturbed", killed.findings.epochs)
    assert_same_run(left, whole)
    leftovers = [path.name for path in left.path.iterdir() if path.name.endswith(".part")]
    assert not leftovers, leftovers
    orphans = _children() - before
    assert not orphans, [orphan.cmdline() for orphan in orphans]
    return killed.findings


def _children() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description="Kill a training again and again.")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        findings = kill_and_compare(Path(folder), given.kills, given.seed)
    print(f"{findings.kills} kills in {findings.seconds:.0f} s, {findings.epochs} epochs")
    for moment, count in findings.moments.most_common():
        print(f"{count:5d}  {moment}")
    print("No epoch lost, no file unreadable, figures and weights equal to an undisturbed run's.")


if __name__ == "__main__":
    main(sys.argv[1:])
