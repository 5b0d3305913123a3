"""Measures how the window feels, in a real window on the screen at hand. No test: run it.

    .venv/bin/python tests/measure_window.py [--seconds 60] [--starts 5]

Prints, with the machine and the number of samples:
  the time from the start of the process until the window is on the screen, and until the curves
  are in it;
  the first opening of each tab, in the moment after the window is painted;
  from Start, with a warm worker, to the first batch and to the first point on a curve;
  the lateness of a 10 ms timer in the window's event loop while a ResNet18 trains.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time

import numpy as np
from PySide6.QtCore import QElapsedTimer, Qt, QTimer
from PySide6.QtWidgets import QApplication

from cifar_studio.config.presets import QUICK_LOOK
from cifar_studio.runs.folder.events import BatchesEnded, RunEnded
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.frame.central_tabs import COMPARE, CONFUSION, EXPERIMENT, PICTURES, TITLES
from cifar_studio.ui.window.main_window import MainWindow

LOOK_MS = 8000
OPEN_ONCE = """
import sys, time
from PySide6.QtWidgets import QApplication
from PySide6.QtCore import QEvent, QObject, QTimer
from cifar_studio.ui.app import open_window
class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Expose and watched.isExposed():
            self.exposed = time.time()
            watched.removeEventFilter(self)
            window.parts.curves_view.when_built(lambda _: QTimer.singleShot(0, self.tell))
        return False
    def tell(self):
        print(self.exposed, time.time(), flush=True)
        window.leave()
application = QApplication([])
window = open_window(application)
watch = Watch()
window.winId()
window.windowHandle().installEventFilter(watch)
window.show()
application.exec()
"""
TAB_ONCE = """
import time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from cifar_studio.ui.app import open_window
application = QApplication([])
window = open_window(application)
window.show()
application.processEvents()
times = []
for tab in {tabs}:
    began = time.perf_counter()
    window.commands.show_tab(tab)
    window.grab()
    times.append(time.perf_counter() - began)
print(*times, flush=True)
QTimer.singleShot(0, window.leave)
application.exec()
"""


def measure_opening(starts: int) -> list[tuple[float, float]]:
    """Seconds from before the process to the exposed window, and to its curves.

    The first start warms up: it also leaves the modules compiled, as a person's first one does.
    """
    seconds = []
    for _ in range(starts + 1):
        began = time.time()
        exposed, drawn = map(float, _in_a_process(OPEN_ONCE).split())
        seconds.append((exposed - began, drawn - began))
    return seconds[1:]


def measure_tabs(starts: int) -> dict[str, list[float]]:
    """Seconds of a tab's first opening with its first painting, before anything built it."""
    return {
        TITLES[tab]: [float(_in_a_process(TAB_ONCE.format(tabs=(tab,)))) for _ in range(starts)]
        for tab in (PICTURES, CONFUSION, COMPARE, EXPERIMENT)
    }


def _in_a_process(code: str) -> str:
    environment = {**os.environ}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    return result.stdout


class Measurement:
    """Trains Quick look in a window and listens to its event loop."""

    def __init__(self, seconds: int) -> None:
        self.first_batch_s = float("nan")
        self.lateness_ms: list[float] = []
        self._seconds = seconds
        self._window = MainWindow()
        self._clock = QElapsedTimer()
        self._expected_ms = 0
        self._timer = QTimer(interval=10, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_tick)
        self._window.parts.controller.devices_found.connect(self._on_warm)
        self._window.parts.controller.event_received.connect(self._on_event)
        self._window.show()

    def _on_warm(self) -> None:
        # The worker has the pictures at hand a few seconds later, as when a person looks first.
        self._window.parts.controller.devices_found.disconnect(self._on_warm)
        QTimer.singleShot(LOOK_MS, self._start)

    def _start(self) -> None:
        self._started = time.perf_counter()
        self._window.parts.controller.start(PlannedRun(QUICK_LOOK.config, "demo"))

    def _on_event(self, event: object) -> None:
        if isinstance(event, BatchesEnded) and not self._clock.isValid():
            self.first_batch_s = time.perf_counter() - self._started
            self._clock.start()
            self._timer.start()
            QTimer.singleShot(1000 * self._seconds, self._window.parts.controller.stop_now)
        elif isinstance(event, RunEnded):
            self._timer.stop()
            self._window.leave()

    def _on_tick(self) -> None:
        now = self._clock.nsecsElapsed() / 1e6
        if self._expected_ms:
            self.lateness_ms.append(max(0.0, now - self._expected_ms))
        self._expected_ms = now + self._timer.interval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--starts", type=int, default=9)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(HOME=home, XDG_CACHE_HOME=home, XDG_DATA_HOME=home, XDG_CONFIG_HOME=home)
        print(platform.platform(), f"{os.cpu_count()} processors", platform.python_version())
        opening = measure_opening(arguments.starts)
        titles = ("window on the screen", "with its curves")
        for title, times in zip(titles, zip(*opening, strict=True), strict=True):
            print(
                f"{title}: median {np.median(times):.2f} s, "
                f"worst {max(times):.2f} s (n = {len(times)})"
            )
        for title, seconds in measure_tabs(arguments.starts).items():
            print(
                f"first opening of {title}: median {1000 * np.median(seconds):.0f} ms, "
                f"worst {1000 * max(seconds):.0f} ms (n = {len(seconds)})"
            )
        if not arguments.seconds:
            return
        application = QApplication([])
        measurement = Measurement(arguments.seconds)
        application.exec()
        late = np.array(measurement.lateness_ms)
        print(f"Start to first batch, warm worker: {measurement.first_batch_s:.2f} s (n = 1)")
        print(
            f"lateness of a 10 ms timer while training: median {np.median(late):.1f} ms, "
            f"p99 {np.percentile(late, 99):.1f} ms, worst {late.max():.1f} ms (n = {len(late):,})"
        )


if __name__ == "__main__":
    main()
