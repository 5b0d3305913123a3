"""A window in a process of its own, for tests that end it from outside."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil

SCRIPT = Path(__file__).parent / "ui" / "window_in_a_process.py"
END_S = 60


class WindowProcess:
    """A window that trains tiny epochs on the demo set; ended with the `with` block.

    Parameters
    ----------
    epochs : int or None
        Of a new run; None goes on with the run that the window offers.
    """

    def __init__(self, epochs: int | None = 500) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT), "resume" if epochs is None else str(epochs)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        )
        self._family: dict[int, psutil.Process] = {}

    def __enter__(self) -> WindowProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.note_family()
        self.process.kill()
        self.process.communicate()
        psutil.wait_procs(list(self._family.values()), END_S)

    @property
    def pid(self) -> int:
        return self.process.pid

    def read(self, word: str) -> str:
        """The rest of the next line that begins with a word."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            first, _, rest = line.strip().partition(" ")
            if first == word:
                return rest
        raise AssertionError(f"no {word!r}: {self.process.communicate()}")

    def note_family(self) -> None:
        """Remember the processes that the window has started, whatever becomes of it."""
        try:
            children = psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return
        self._family |= {child.pid: child for child in children}

    def orphans(self) -> list[psutil.Process]:
        """What is left of them once they had the time to end."""
        _, alive = psutil.wait_procs(list(self._family.values()), END_S)
        return alive

    def wait(self) -> int:
        """The exit code."""
        return self.process.wait(END_S)
