"""While other programs want the processor, OpenMP's threads sleep where they would spin.

torch cuts each operation into parallel regions, and a thread that has done its part of one waits
for the others by spinning, in GNU's OpenMP for about three milliseconds. On a quiet machine that
is quickest. Beside one other busy program on two cores it is ruinous: the thread that is waited for
is not running, and the one that waits for it keeps its processor.

How long to spin is fixed when the library is loaded, with one exception (libgomp, `wait.h` and
`team.c`): with more threads in its teams than there are processors it spins a hundred times only.
So a spare team, which does nothing, makes it give way, and its end makes it spin again. What is
computed, and in how many threads, stays as it is: so does every bit of the result.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator

import psutil
import torch

LOOK_S = 0.5
BUSY_PROCESSORS = 0.35  # of others' work, from which on it pays to give way
QUIET_PROCESSORS = 0.15  # below which it does no longer
_PARALLEL = 1 << 17  # numbers, of which torch lets several threads add one


@contextlib.contextmanager
def giving_way(device: str) -> Iterator[None]:
    """Watch for other programs during a training on the processor, and give way to them.

    Does nothing on another device, with one thread, or where torch's OpenMP is not GNU's.
    """
    if device != "cpu" or sys.platform != "linux" or torch.get_num_threads() < 2:
        yield
        return
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(done,), name="neighbours", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _watch(done: threading.Event) -> None:
    spare: SpareTeam | None = None
    others = OtherPrograms()
    while not done.wait(LOOK_S):
        busy = others.processors()
        if spare is None and busy > BUSY_PROCESSORS:
            spare = SpareTeam()
        elif spare is not None and busy < QUIET_PROCESSORS:
            spare.end()
            spare = None
    if spare is not None:
        spare.end()


class OtherPrograms:
    """How many processors other programs kept busy since the look before."""

    def __init__(self) -> None:
        self._own = psutil.Process()
        self._before = self._now()

    def processors(self) -> float:
        """From 0 to the number of processors; a mean over the time since the last call."""
        before, self._before = self._before, self._now()
        wall_s, all_s, own_s = (new - old for new, old in zip(self._before, before, strict=True))
        return max(0.0, all_s - own_s) / wall_s if wall_s > 0 else 0.0

    def _now(self) -> tuple[float, float, float]:
        """Seconds: of the clock, of work of all programs, of this process's own."""
        times = psutil.cpu_times()
        working = times.user + times.nice + times.system  # what is stolen or waits is no work
        own = self._own.cpu_times()
        return time.perf_counter(), working, own.user + own.system


class SpareTeam:
    """A team of OpenMP threads of its own, asleep until `end`."""

    def __init__(self) -> None:
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spare OpenMP team", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        torch.zeros(_PARALLEL).add_(1)  # the first parallel region of a thread makes its team
        self._end.wait()

    def end(self) -> None:
        """Let the threads end, as the team does with the thread that made it."""
        self._end.set()
        self._thread.join()
