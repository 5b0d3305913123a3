"""Whether two trainings at once pay on a processor: one with all threads, or two that share them.

    python tests/measure_slots.py [NETWORK...]

For each network three trainings of the demo set stand ready and hold still. Turn by turn the one
that has all threads runs for some seconds, then the two that share them; pictures are counted as
they are told. Prints pictures a second of all together, and their ratio round by round.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from cifar_studio.config.architectures import ARCHITECTURES
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runner.protocol import Command, TrainRequest
from cifar_studio.runner.worker_process import WorkerProcess, new_id
from cifar_studio.runs.folder.events import BatchesEnded, RunEnded

ROUNDS = 7
SETTLE_S, COUNT_S = 1.5, 6.0


class Training:
    """A training in a process of its own, which holds still until it is let go."""

    def __init__(self, architecture: str, threads: int, runs: Path) -> None:
        self.config = TrainConfig(
            architecture=architecture,  # type: ignore[arg-type]
            epochs=1000,
            train_per_class=50,
            test_per_class=1,
            batch_size=128,
        )
        self.pictures = 0
        self.has_begun = threading.Event()
        self._worker = WorkerProcess(warm=False, threads=threads)
        self._id = new_id()
        self._worker.send(
            TrainRequest(id=self._id, config=self.config, data="demo", runs=str(runs))
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def command(self, command: Command) -> None:
        self._worker.command(self._id, command)

    def end(self) -> None:
        self._worker.kill()
        self._thread.join()

    def _read(self) -> None:
        place = (1, 0)
        for envelope in self._worker.events():
            event = envelope.event
            if isinstance(event, RunEnded):
                print(event.message, file=sys.stderr)
            if isinstance(event, BatchesEnded):
                epoch, batch = place
                batches = event.batch - batch if event.epoch == epoch else event.batch
                self.pictures += batches * self.config.batch_size
                place = event.epoch, event.batch
                self.has_begun.set()


def speed(trainings: list[Training]) -> float:
    """Pictures a second of all of them, while the others hold still."""
    for training in trainings:
        training.command(Command.CONTINUE)
    time.sleep(SETTLE_S)
    before, begun_s = sum(training.pictures for training in trainings), time.monotonic()
    time.sleep(COUNT_S)
    found = (sum(training.pictures for training in trainings) - before) / (
        time.monotonic() - begun_s
    )
    for training in trainings:
        training.command(Command.PAUSE)
    time.sleep(SETTLE_S)
    return found


def measure(architecture: str, runs: Path) -> None:
    cores = os.cpu_count() or 1
    trainings = []
    for threads in (cores, max(1, cores // 2), max(1, cores // 2)):
        training = Training(architecture, threads, runs)
        training.has_begun.wait(120)
        training.command(Command.PAUSE)
        trainings.append(training)
    alone, both, ratios = [], [], []
    try:
        for _ in range(ROUNDS):
            alone.append(speed(trainings[:1]))
            both.append(speed(trainings[1:]))
            ratios.append(both[-1] / alone[-1])
    finally:
        for training in trainings:
            training.end()
    print(
        f"{architecture:14}{statistics.median(alone):9.0f}{statistics.median(both):9.0f}"
        f"{statistics.median(ratios):8.3f}   {min(ratios):.3f} to {max(ratios):.3f}",
        flush=True,
    )


def main() -> None:
    print("network        one, all  two, half  ratio   range (pictures a second)")
    with tempfile.TemporaryDirectory() as folder:
        for architecture in sys.argv[1:] or list(ARCHITECTURES):
            measure(architecture, Path(folder))


if __name__ == "__main__":
    main()
