"""Time as the trainer counts it: only while it works, never while its consumer holds it."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TypeVar

_Event = TypeVar("_Event")
_Result = TypeVar("_Result")


class Stopwatch:
    """Seconds of work, counted on from so many; starts stopped."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._before = seconds
        self._since: float | None = None

    @property
    def seconds(self) -> float:
        """All time that it ran, up to now."""
        running = 0.0 if self._since is None else time.perf_counter() - self._since
        return self._before + running

    def start(self) -> None:
        self._since = time.perf_counter()

    def stop(self) -> None:
        self._before = self.seconds
        self._since = None


class Gate:
    """Opens once per interval: what should not happen at every batch asks it first."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._next = time.perf_counter() + interval_s

    def is_open(self) -> bool:
        return time.perf_counter() >= self._next

    def shut(self) -> None:
        """Begin the next interval."""
        self._next = time.perf_counter() + self._interval_s


def timed(
    events: Generator[_Event, None, _Result], watch: Stopwatch
) -> Generator[_Event, None, _Result]:
    """Pass on a generator's events and result; `watch` runs only while the generator works."""
    try:
        while True:
            watch.start()
            try:
                event = next(events)
            except StopIteration as stop:
                result: _Result = stop.value
                return result
            finally:
                watch.stop()
            yield event
    finally:
        events.close()
