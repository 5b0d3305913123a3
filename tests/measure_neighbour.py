"""Measures what one other busy program costs a training on the processor. No test: run it.

    .venv/bin/python tests/measure_neighbour.py [--rounds 5] [--seconds 6] [--only NETWORK]...

Trains the same network in several processes, which take turns: one as the studio does, one with
threads that always spin (the library's own way), the same once more, one with
OMP_WAIT_POLICY=PASSIVE. Each turn is quiet first, then beside a program that keeps one processor
busy, and each round begins with another process. Prints the speeds relative to that of spinning
threads on the quiet machine, inside each round: medians, least and greatest. What the two
processes that do the same differ by is no difference.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

WAYS = ("spins", "spins too", "gives way", "passive")
SETTLE_S = 3.0
TRAIN = """
import contextlib, os, sys, time
from cifar_studio.config.train_config import TrainConfig
if sys.argv[2] != "gives way":
    from cifar_studio.engine.training import trainer
    trainer.giving_way = lambda device: contextlib.nullcontext()
from cifar_studio.runner.protocol import TrainRequest
from cifar_studio.runner.training.follow import follow
from cifar_studio.runner.training.prepare import prepare
from cifar_studio.runs.folder.events import BatchesEnded
config = TrainConfig(architecture=sys.argv[1], epochs=1000, test_per_class=1, precision="float32")
training = prepare(TrainRequest(id=1, config=config, data="demo", runs=sys.argv[3]))
class Endless:
    def poll(self): return None
    def wait(self): raise AssertionError
seen = 0
for event in follow(training, Endless()):
    if isinstance(event, BatchesEnded):
        print(time.time(), (event.epoch - 1) * event.batches + event.batch, flush=True)
"""
BUSY = "while True: pass"


class Turn:
    """A training that is stopped but for its turns."""

    def __init__(self, network: str, way: str, runs: str) -> None:
        settings = {"OMP_WAIT_POLICY": "PASSIVE"} if way == "passive" else {}
        self._news: list[tuple[float, int]] = []
        self._process = subprocess.Popen(
            [sys.executable, "-c", TRAIN, network, way, runs],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **settings},
        )
        assert self._process.stdout is not None
        self._out = self._process.stdout
        self._read(3)
        self._process.send_signal(signal.SIGSTOP)

    def speed(self, seconds: float) -> float:
        """Batches a second, once its way of waiting has settled."""
        self._news.clear()
        began = time.time()
        while time.time() < began + SETTLE_S + seconds:
            self._read(1)
        settled = [news for news in self._news if news[0] >= began + SETTLE_S]
        (first, before), (last, after) = settled[0], settled[-1]
        return (after - before) / (last - first)

    @contextmanager
    def running(self) -> Iterator[None]:
        self._process.send_signal(signal.SIGCONT)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGSTOP)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._out.close()

    def _read(self, count: int) -> None:
        for _ in range(count):
            line = self._out.readline()
            if not line:
                raise SystemExit("a training has ended")
            when, batch = line.split()
            self._news.append((float(when), int(batch)))


def measure(network: str, rounds: int, seconds: float, runs: str) -> None:
    turns = {way: Turn(network, way, runs) for way in WAYS}
    found: dict[tuple[str, bool], list[float]] = {(w, b): [] for w in WAYS for b in (False, True)}
    try:
        for number in range(rounds):
            speeds = {}
            first = number % len(WAYS)
            for way in (*WAYS[first:], *WAYS[:first]):
                turn = turns[way]
                with turn.running():
                    speeds[way, False] = turn.speed(seconds)
                    busy = subprocess.Popen([sys.executable, "-c", BUSY])
                    try:
                        speeds[way, True] = turn.speed(seconds)
                    finally:
                        busy.kill()
                        busy.wait()
            for key, speed in speeds.items():
                found[key].append(speed / speeds["spins", False])
    finally:
        for turn in turns.values():
            turn.end()
    for way in WAYS:
        for is_busy in (False, True):
            of = found[way, is_busy]
            place = "beside a busy program" if is_busy else "quiet"
            print(f"{network} {way}, {place}: {statistics.median(of):.2f} "
                  f"({min(of):.2f} to {max(of):.2f}, n = {len(of)})", flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--only", action="append", metavar="NETWORK")
    arguments = parser.parse_args()
    print(platform.platform(), f"{os.cpu_count()} processors", platform.python_version())
    with tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = home
        for name in ("CACHE", "CONFIG", "DATA", "STATE"):
            os.environ[f"XDG_{name}_HOME"] = f"{home}/{name.lower()}"
        for network in arguments.only or ("resnet18", "mobilenet_v2"):
            measure(network, arguments.rounds, arguments.seconds, home)


if __name__ == "__main__":
    main()
