"""Trains many short runs one after another in one window, and looks for what they leave behind.

    python tests/soak_window.py [--runs 500] [--every 25] [--growth-mib 64]

No test: run it. It opens the real window in a fresh home (on the offscreen platform unless
QT_QPA_PLATFORM says another), queues runs on the demo set, and prints a line each `--every` runs:
threads, worker processes, open files, memory of its own (RssAnon), objects below the window,
seconds a run, and how late a 10 ms timer in the window's event loop was. It ends with 1 where a
run did not finish, where threads, processes or files are more at the end than after the warm-up
(the first tenth of the runs, at least one), or where memory grew by more than `--growth-mib`
since then. A worker that is warm and waits for its run is no leftover: there is one at each look.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import msgspec
import numpy as np
import psutil
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.events import RunEnded
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.window.main_window import MainWindow

TICK_MS = 10
SETTLE_MS = 500
PATIENCE = 60  # times that long
SHORT = TrainConfig(
    architecture="mobilenet_v2", epochs=1, train_per_class=1, test_per_class=1, batch_size=50
)
COUNTED = ("threads", "system_threads", "processes", "files")


@dataclass(frozen=True)
class Look:
    """What there is after so many runs; memory in MiB, the timer's lateness in ms.

    `objects` are the QObjects below the window, `tracked` those of Python's garbage collector.
    """

    runs: int
    threads: int
    system_threads: int
    processes: int
    files: int
    memory_mib: float
    objects: int
    tracked: int
    seconds_a_run: float
    late_p99_ms: float
    late_worst_ms: float


def look(window: MainWindow, runs: int, seconds_a_run: float, lateness_ms: list[float]) -> Look:
    """Count everything now."""
    gc.collect()
    process = psutil.Process()
    late = np.array(lateness_ms or [0.0])
    return Look(
        runs=runs,
        threads=threading.active_count(),
        system_threads=process.num_threads(),
        processes=len(process.children(recursive=True)),
        files=process.num_fds() if hasattr(process, "num_fds") else process.num_handles(),
        memory_mib=anonymous_mib(process),
        objects=len(window.findChildren(QObject)),
        tracked=len(gc.get_objects()),
        seconds_a_run=seconds_a_run,
        late_p99_ms=float(np.percentile(late, 99)),
        late_worst_ms=float(late.max()),
    )


def anonymous_mib(process: psutil.Process) -> float:
    """Memory of the process that no file stands behind."""
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024
    except (OSError, StopIteration):  # no Linux
        return float(process.memory_info().rss / 2**20)


class Soak:
    """Queues runs in a window and looks at it after each `every` of them.

    Call `begin`, then let the event loop turn until `is_done`; `done` is called then.
    """

    def __init__(
        self,
        window: MainWindow,
        runs: int,
        every: int,
        *,
        done: Callable[[], None] = lambda: None,
        report: Callable[[Look], None] = lambda look: None,
    ) -> None:
        self.looks: list[Look] = []
        self.unfinished: list[RunEnded] = []
        self.is_done = False
        self._window = window
        self._runs, self._every = runs, every
        self._done, self._report = done, report
        self._ended = 0
        self._lateness_ms: list[float] = []
        self._expected: float | None = None
        self._timer = QTimer(interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_tick)
        window.parts.controller.event_received.connect(self._on_event)

    def begin(self) -> None:
        # The cost of what the form holds is known after the first run: else the window would
        # have it measured, by a second worker, whenever the queue is empty.
        self._window.parts.setup.show_config(SHORT, "quick-look")
        self._timer.start()
        self._queue()

    def _queue(self) -> None:
        self._lateness_ms, self._expected = [], None
        self._since = time.perf_counter()
        self._first = self._ended
        self._wanted = min(self._ended + self._every, self._runs)
        for seed in range(self._ended, self._wanted):
            config = msgspec.structs.replace(SHORT, seed=seed)
            self._window.parts.controller.start(PlannedRun(config, "demo"))

    def _on_event(self, event: object) -> None:
        if not isinstance(event, RunEnded):
            return
        self._ended += 1
        if event.state != "finished":
            self.unfinished.append(event)
        if self._ended == self._wanted:
            seconds = time.perf_counter() - self._since
            self._seconds_a_run = seconds / (self._wanted - self._first)
            self._patience = PATIENCE
            QTimer.singleShot(SETTLE_MS, self._on_ended)

    def _on_ended(self) -> None:
        """Look when nothing but one warm worker is left, or when patience is."""
        self._patience -= 1
        if self._patience and len(psutil.Process().children(recursive=True)) != 1:
            QTimer.singleShot(SETTLE_MS, self._on_ended)
            return
        seen = look(self._window, self._ended, self._seconds_a_run, self._lateness_ms)
        self.looks.append(seen)
        self._report(seen)
        if self._ended < self._runs:
            self._queue()
            return
        self._timer.stop()
        self._window.parts.controller.event_received.disconnect(self._on_event)
        self.is_done = True
        self._done()

    def _on_tick(self) -> None:
        now = time.perf_counter()
        if self._expected is not None:
            self._lateness_ms.append(max(0.0, 1000 * (now - self._expected)))
        self._expected = now + TICK_MS / 1000


def faults(soak: Soak, growth_mib: float) -> list[str]:
    """What the runs left behind, in words; nothing where all is well."""
    last = soak.looks[-1]
    warm = next(seen for seen in soak.looks if 10 * seen.runs >= last.runs)
    found = [f"a run {event.state}: {event.message}" for event in soak.unfinished]
    for name in COUNTED:
        before, after = getattr(warm, name), getattr(last, name)
        if after > before:
            found.append(f"{name.replace('_', ' ')} grew from {before} to {after}")
    growth = last.memory_mib - warm.memory_mib
    if growth > growth_mib:
        found.append(f"memory grew by {growth:.1f} MiB, more than {growth_mib:g}")
    return found


def heading() -> str:
    """The names over the figures of `line`."""
    return " ".join(f"{field.name:>14}" for field in fields(Look))


def line(seen: Look) -> str:
    """The figures of a look in one line."""
    figures = (getattr(seen, field.name) for field in fields(Look))
    return " ".join(
        f"{figure:14.2f}" if isinstance(figure, float) else f"{figure:14,d}" for figure in figures
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--every", type=int, default=25)
    parser.add_argument("--growth-mib", type=float, default=64.0)
    arguments = parser.parse_args()
    print(platform.platform(), f"{os.cpu_count()} processors", platform.python_version())
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(HOME=home, USERPROFILE=home, CIFAR_STUDIO_RUNS=f"{home}/runs")
        for name in ("CACHE", "CONFIG", "DATA", "STATE"):
            os.environ[f"XDG_{name}_HOME"] = f"{home}/{name.lower()}"
        application = QApplication([])
        window = MainWindow()
        window.show()
        soak = Soak(
            window,
            arguments.runs,
            arguments.every,
            done=window.leave,
            report=lambda seen: print(line(seen), flush=True),
        )
        print(heading())
        QTimer.singleShot(0, soak.begin)
        application.exec()
    print("\n".join([heading(), *map(line, soak.looks)]))
    found = faults(soak, arguments.growth_mib)
    print("\n".join(found) or f"{arguments.runs} runs left nothing behind")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
