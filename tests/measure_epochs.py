"""Measures whether a window stays as quick as it was, after many epochs and with many runs.

    python tests/measure_epochs.py [--epochs 10000] [--runs 1000] [--measured 30]

No test: run it. It opens the real window in a fresh home (on the offscreen platform unless
QT_QPA_PLATFORM says another), puts runs on the disk, and sends the events of a training by hand;
no worker disturbs. Prints median and worst, in ms, and the ratio to the first column, of
  handling BatchesEnded, EpochEnded and a look at the library, and of drawing them, in a run with
  1, 1,000 and `--epochs` epochs behind it and fifty points an epoch;
  a look at a library of 10, 100 and `--runs` settled runs, and its opening;
each with how late a 10 ms timer was meanwhile.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication

from cifar_studio import paths
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.epochs import rewrite_rows
from cifar_studio.runs.folder.events import BatchesEnded, EpochEnded, RunStarted
from cifar_studio.runs.folder.run_folder import RunFolder, Status
from cifar_studio.runs.folder.trace import POINTS_PER_EPOCH
from cifar_studio.ui.window.main_window import MainWindow
from support import make_environment, make_row

TICK_MS = 10
BATCHES_AN_EPOCH = 10
SETTLE_MS = 6000  # half a million points are read in that time
Times = dict[str, list[float]]


class Lateness:
    """How late a timer was, in ms, while this runs the event loop."""

    def __init__(self) -> None:
        self.ms: list[float] = [0.0]
        self._expected = 0.0
        self._timer = QTimer(interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_tick)

    def wait(self, milliseconds: int) -> None:
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        self._expected = time.perf_counter() + TICK_MS / 1000
        self._timer.start()
        loop.exec()
        self._timer.stop()

    def _on_tick(self) -> None:
        now = time.perf_counter()
        self.ms.append(max(0.0, 1000 * (now - self._expected)))
        self._expected = now + TICK_MS / 1000


def make_run(name: str, epochs: int, planned: int, state: str) -> RunFolder:
    """A run as a training would have left it, some hours ago."""
    folder = RunFolder(paths.runs_folder() / name)
    folder.path.mkdir(parents=True)
    folder.write_config(TrainConfig(epochs=planned))
    folder.write_environment(make_environment())
    folder.write_status(Status(state=state, epochs=planned))  # type: ignore[arg-type]
    folder.epochs_file.write_bytes(rewrite_rows([make_row(e) for e in range(1, epochs + 1)]))
    losses = 2 + np.random.default_rng(0).random(epochs * POINTS_PER_EPOCH)
    with folder.trace_file.open("w") as file:
        file.write("position,train_loss,train_top1,test_loss,test_top1,test_top5\n")
        for place, loss in enumerate(losses, 1):
            file.write(f"{place / POINTS_PER_EPOCH:g},{loss:.6g},20,,,\n")
    then = time.time() - 3 * 3600
    os.utime(folder.path, (then, then))
    return folder


def timed(times: list[float], act: Callable[[], object]) -> None:
    begun = time.perf_counter()
    act()
    times.append(1000 * (time.perf_counter() - begun))


def in_a_window(measure: Callable[[MainWindow], Times]) -> Times:
    """Call `measure` with a window that starts no workers."""
    window = MainWindow()
    window.parts.controller.shut_down()
    window.show()
    times = measure(window)
    window.leave()
    window.deleteLater()
    QApplication.processEvents()
    return times


def measure_events(done: int, measured: int) -> Times:
    """Times of events in a run with so many epochs behind it."""
    planned = done + 10_000
    folder = make_run("20260401_120000_resnet18", done, planned, "running")
    started = RunStarted(
        folder=str(folder.path),
        config=TrainConfig(epochs=planned),
        environment=make_environment(),
        batches=BATCHES_AN_EPOCH,
        first_epoch=done + 1,
    )

    def measure(window: MainWindow) -> Times:
        emit = window.parts.controller.event_received.emit
        times: Times = {"RunStarted": [], "BatchesEnded": [], "EpochEnded": [], "look": []}
        Lateness().wait(SETTLE_MS)
        timed(times["RunStarted"], lambda: emit(started))
        Lateness().wait(SETTLE_MS)
        late = Lateness()
        for epoch in range(done + 1, done + measured + 1):
            for batch in range(1, BATCHES_AN_EPOCH + 1):
                event = batches_ended(epoch, batch)
                timed(times["BatchesEnded"], lambda event=event: emit(event))
                late.wait(2 * TICK_MS)
            folder.append_epoch(make_row(epoch))
            ended = EpochEnded(row=make_row(epoch), best_epoch=1)
            timed(times["EpochEnded"], lambda ended=ended: emit(ended))
            timed(times["look"], window.parts.model.refresh)
            late.wait(2 * TICK_MS)
        return times | {"timer late": late.ms}

    with folder.hold():
        return in_a_window(measure)


def batches_ended(epoch: int, batch: int) -> BatchesEnded:
    return BatchesEnded(
        epoch=epoch,
        batch=batch,
        batches=BATCHES_AN_EPOCH,
        loss=2.0 + batch / 100,
        top1=20.0,
        epoch_loss=2.5,
        epoch_top1=18.0,
        images_per_second=500.0,
        memory_mib=900.0,
    )


def measure_library(runs: int, measured: int) -> Times:
    """Times of looks at a library of so many runs."""
    for number in range(runs):
        make_run(f"20260401_{number:06}_resnet18", 10, 10, "finished")

    def measure(window: MainWindow) -> Times:
        times: Times = {"opening": [], "look": []}
        timed(times["opening"], window.open_library)
        late = Lateness()
        late.wait(SETTLE_MS)
        for _ in range(measured):
            timed(times["look"], window.parts.model.refresh)
        return times | {"timer late": late.ms}

    return in_a_window(measure)


def print_table(heading: str, columns: dict[int, Times]) -> None:
    print(heading.ljust(16) + "".join(f"{count:>30,d}" for count in columns))
    first = next(iter(columns.values()))
    for name in first:
        cells = []
        for times in columns.values():
            median, worst = float(np.median(times[name])), max(times[name])
            ratio = median / max(float(np.median(first[name])), 1e-6)
            cells.append(f"{median:10.2f} {worst:8.1f}  x{ratio:8.2f}")
        print(name.ljust(16) + "".join(cell.rjust(30) for cell in cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--epochs", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--measured", type=int, default=30)
    arguments = parser.parse_args()
    print(platform.platform(), f"{os.cpu_count()} processors", platform.python_version())
    application = QApplication([])
    for heading, measure, counts in (
        ("epochs done", measure_events, (1, 1000, arguments.epochs)),
        ("runs on disk", measure_library, (10, 100, arguments.runs)),
    ):
        columns = {}
        for count in counts:
            home = Path(tempfile.mkdtemp())
            os.environ.update(HOME=str(home), CIFAR_STUDIO_RUNS=str(home / "runs"))
            for name in ("CACHE", "CONFIG", "DATA", "STATE"):
                os.environ[f"XDG_{name}_HOME"] = str(home / name.lower())
            columns[count] = measure(count, arguments.measured)
            shutil.rmtree(home)
        print_table(heading, columns)
    del application


if __name__ == "__main__":
    main()
