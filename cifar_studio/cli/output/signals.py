"""Signals of the operating system as commands to a training in the same process."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from typing import Any

from cifar_studio.runner.protocol import Command
from cifar_studio.terminal import tell_at_once

# Windows has SIGBREAK where others have SIGHUP: its console is closed.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
# A terminal that closes is told of by the shell and by the system, within milliseconds.
_NEVER_IMPATIENT = ("SIGHUP", "SIGBREAK")
# A program in between, such as make or timeout, passes on what the terminal sent to both.
_ECHO_S = 0.3


class SignalControl:
    """Ctrl-C, SIGTERM and SIGHUP stop a run at the next batch; its state is kept.

    A second Ctrl-C or SIGTERM ends the process at once, with 128 and the signal's number: files
    are whole as after a crash, and the run is shown as interrupted. A signal that was ignored
    before, as by nohup, stays ignored.

    Python runs its handlers between two of its own instructions. A batch may take seconds and a
    write to a disk that hangs for ever, so a thread listens too, to which the interpreter passes
    each signal at once.
    """

    def __init__(self) -> None:
        self._asked = False
        self._before: dict[signal.Signals, Any] = {}

    @property
    def asked(self) -> bool:
        """Whether a signal has come."""
        return self._asked

    def poll(self) -> Command | None:
        return Command.STOP_NOW if self._asked else None

    def wait(self) -> Command:
        """A run that pauses by itself has nobody here who would tell it to go on."""
        return Command.STOP_NOW

    def __enter__(self) -> SignalControl:
        self._reading, self._writing = os.pipe()
        # On Windows a pipe cannot be told so before Python 3.12, and need not.
        with contextlib.suppress(OSError, AttributeError):
            os.set_blocking(self._writing, False)
        self._wakeup_before = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        self._thread = threading.Thread(target=self._listen, name="signals", daemon=True)
        self._thread.start()
        for name in _NAMES:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        os.close(self._writing)
        self._thread.join()
        os.close(self._reading)

    def _on_signal(self, *_: object) -> None:
        self._asked = True

    def _listen(self) -> None:
        """Read the number of each signal, a byte each, until the other end closes."""
        first = None
        while number := os.read(self._reading, 1):
            if number[0] not in self._before:
                continue
            if first is None:
                first = time.monotonic()
                tell_at_once("Stopping after this batch, keeping the state. Again ends at once.")
            elif (
                signal.Signals(number[0]).name not in _NEVER_IMPATIENT
                and time.monotonic() - first > _ECHO_S
            ):
                os._exit(128 + number[0])
