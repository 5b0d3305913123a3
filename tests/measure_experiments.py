"""Measures what running an experiment costs beside its trainings. No test: run it.

    .venv/bin/python tests/measure_experiments.py [--rounds 5] [--trials 1000] [--seconds 10]

From a slot that gets free to RunStarted of the next trial, in a worker that had imported torch by
then; the share of a core that the dispatcher's process takes while a training says ten things a
second, and as it idles; what it takes to open an experiment of so many finished trials, to run and
to show it. The three take turns in each round; prints medians, least and greatest.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import psutil
from msgspec.structs import replace

from cifar_studio.config.experiment.axis import Axis
from cifar_studio.config.experiment.experiment import Experiment, checked_experiment, settled
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.experiments.client import DispatcherProcess
from cifar_studio.experiments.open_experiment import OpenExperiment
from cifar_studio.experiments.protocol import (
    CommandExperiment,
    DispatchEnvelope,
    ExperimentChanged,
    RunExperiment,
)
from cifar_studio.runs.experiment import experiment_folder as folders
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.experiment.trials import Begun, Ended, Planned
from cifar_studio.runs.folder.events import (
    BatchesEnded,
    RunEnded,
    RunStarted,
    WorkerReady,
)
from cifar_studio.runs.folder.run_folder import RunFolder
from support import make_environment, make_row

CONFIG = TrainConfig(
    architecture="mobilenet_v2",
    batch_size=10,
    train_per_class=5,
    validation_per_class=1,
    test_per_class=1,
    device="cpu",
)
AXES = (
    Axis(key="learning_rate", low=0.001, high=0.1, logarithmic=True),
    Axis(key="momentum", low=0.5, high=0.95),
)


def make(place: Path, **changes: object) -> ExperimentFolder:
    given: dict[str, object] = {
        "kind": "search",
        "config": CONFIG,
        "data": "demo",
        "axes": AXES,
        "runs": str(place / "runs"),
        **changes,
    }
    experiment = checked_experiment(settled(Experiment(**given)))  # type: ignore[arg-type]
    return folders.create(place / "experiments", "measured", experiment)


class Client:
    """A dispatcher's process and what it says, with the moment."""

    def __init__(self, folder: ExperimentFolder) -> None:
        self.dispatcher = DispatcherProcess()
        self.process = psutil.Process(self.dispatcher.pid)
        self.told: list[tuple[float, DispatchEnvelope]] = []
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()
        self.dispatcher.ask(RunExperiment(folder=str(folder.path)))

    def times(self, kind: type) -> list[float]:
        return [when for when, envelope in self.told if isinstance(envelope.event, kind)]

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        while not is_so():
            if not self._thread.is_alive():
                raise SystemExit("the dispatcher has ended")
            time.sleep(0.02)

    def end(self) -> None:
        self.dispatcher.close()
        self._thread.join()

    def _follow(self) -> None:
        for envelope in self.dispatcher.events():
            self.told.append((time.monotonic(), envelope))


def time_to_next(place: Path) -> list[float]:
    """From RunEnded to RunStarted of the next of four trials, where a worker was warm by then."""
    client = Client(make(place, trials=4, config=replace(CONFIG, epochs=6)))
    client.wait_until(lambda: len(client.times(RunEnded)) == 4)
    client.wait_until(
        lambda: any(
            isinstance(envelope.event, ExperimentChanged) and envelope.event.activity == "ended"
            for _, envelope in client.told
        )
    )
    client.end()
    ends, starts = client.times(RunEnded), client.times(RunStarted)
    warm = client.times(WorkerReady)
    return [
        begun - ended
        for number, (ended, begun) in enumerate(zip(ends, starts[1:], strict=False), 2)
        if sum(ready < ended for ready in warm) >= number
    ]


def shares(place: Path, seconds: float) -> tuple[float, float, float]:
    """Per cent of a core beside a training and while paused; events a second of the training."""
    client = Client(make(place, trials=1, config=replace(CONFIG, epochs=10_000)))
    client.wait_until(lambda: len(client.times(WorkerReady)) > 1)  # the next one is warm too
    busy, events = share(client, seconds), rate(client, seconds)
    client.dispatcher.ask(CommandExperiment(name="measured", command="pause"))
    time.sleep(2)
    idle = share(client, seconds)
    client.end()
    return busy, idle, events


def share(client: Client, seconds: float) -> float:
    before = client.process.cpu_times()
    time.sleep(seconds)
    after = client.process.cpu_times()
    return 100 * (after.user + after.system - before.user - before.system) / seconds


def rate(client: Client, seconds: float) -> float:
    since = time.monotonic() - seconds
    return sum(when > since for when in client.times(BatchesEnded)) / seconds


def finished(place: Path, trials: int) -> ExperimentFolder:
    """An experiment with so many finished trials, and their runs."""
    folder = make(place, trials=trials)
    lines: list[bytes] = []
    environment = make_environment()
    for number in range(1, trials + 1):
        name = f"20260401_{number // 3600:02}{number // 60 % 60:02}{number % 60:02}_mobilenet_v2"
        run = RunFolder(place / "runs" / name)
        run.path.mkdir(parents=True)
        run.write_config(CONFIG)
        run.write_environment(environment)
        run.keep_epochs([make_row(epoch, top1=float(epoch)) for epoch in range(1, 6)])
        parameters = {"learning_rate": 0.001 + number / 1e5, "momentum": 0.5 + number / 1e4}
        for line in (
            Planned(trial=number, parameters=parameters),
            Begun(trial=number, run=name),
            Ended(trial=number, state="finished", value=number % 97.0, epochs=5, seconds=9.0),
        ):
            lines.append(msgspec.json.encode(line) + b"\n")
    folder.ledger_file.write_bytes(b"".join(lines))
    return folder


def opening(folder: ExperimentFolder) -> dict[str, float]:
    """Seconds of each step."""
    found = {}
    began = time.perf_counter()
    folder.read()
    found["read"] = time.perf_counter() - began
    began = time.perf_counter()
    opened = OpenExperiment(folder)
    opened.go_on()
    assert opened.next_task() is None
    found["open to run"] = time.perf_counter() - began
    began = time.perf_counter()
    opened.tick()
    found["first tick, with importance"] = time.perf_counter() - began
    opened.close()
    return found


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--only", action="append", choices=("next", "share", "open"))
    given = parser.parse_args(arguments)
    wanted = given.only or ("next", "share", "open")
    found: dict[str, list[float]] = {}
    print(platform.platform(), f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(HOME=home, OMP_WAIT_POLICY="PASSIVE", OMP_NUM_THREADS="1")
        for name in ("DATA", "CONFIG"):
            os.environ[f"XDG_{name}_HOME"] = f"{home}/{name.lower()}"
        large = {
            method: finished(Path(home) / method, given.trials)
            for method in ("random", "tpe") if "open" in wanted
        }  # fmt: skip
        for number in range(given.rounds):
            here = Path(home) / str(number)
            if "next" in wanted:
                for seconds in time_to_next(here / "next"):
                    found.setdefault("s from a free slot to RunStarted", []).append(seconds)
            if "share" in wanted:
                busy, idle, events = shares(here / "share", given.seconds)
                found.setdefault("% of a core beside a training", []).append(busy)
                found.setdefault("% of a core while paused", []).append(idle)
                found.setdefault("events a second of that training", []).append(events)
            for method, folder in large.items():
                folder.write_experiment(replace(folder.read_experiment(), method=method))
                for step, seconds in opening(folder).items():
                    name = f"s to {step}, {given.trials:,} trials, {method}"
                    found.setdefault(name, []).append(seconds)
    for name, values in found.items():
        print(f"{name}: {statistics.median(values):.3f} "
              f"({min(values):.3f} to {max(values):.3f}, n = {len(values)})")  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
