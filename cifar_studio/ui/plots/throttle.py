"""How often curves are drawn anew while they grow: seldom enough to leave a training its time.

A training on the processor waits at each step for its slowest thread, so whatever the window takes
from one core the training loses on all of them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QObject, QTimer

SOONEST_MS = 100
LATEST_MS = 1000
SHARE = 0.005
"""Of the time of all processors, for drawing; painting on the screen takes about as much again."""


class Throttle(QTimer):
    """A single-shot timer to the next drawing, which waits longer the more a drawing takes."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent, singleShot=True, interval=SOONEST_MS)

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Around a drawing: what it takes decides the next interval."""
        start_s = time.thread_time()
        yield
        self.take(time.thread_time() - start_s)

    def take(self, drawing_s: float) -> None:
        """Choose the interval for drawings of so many seconds of a processor."""
        interval_ms = 1000 * drawing_s / (SHARE * (os.cpu_count() or 1))
        self.setInterval(round(min(max(interval_ms, SOONEST_MS), LATEST_MS)))
