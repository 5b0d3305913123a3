"""Ctrl-C, SIGTERM and a terminal that closes, while the command line works.

A training or a study is asked to stop with its state kept (`SignalControl`); all other work is
unwound and cleared away (`ended_by_signals`).
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator

from cifar_studio.runner.protocol import Command
from cifar_studio.terminal import tell, tell_at_once

# Windows has SIGBREAK where others have SIGHUP: its console is closed.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
# A terminal that closes is told of by the shell and by the system, within milliseconds.
_NEVER_IMPATIENT = ("SIGHUP", "SIGBREAK")
# A program in between, such as make or timeout, passes on what the terminal sent to both.
_ECHO_S = 0.3


@contextlib.contextmanager
def _handled_by(handler: Callable[[int, object], None]) -> Iterator[Collection[int]]:
    """Pass signals to `handler`; those that were ignored before, as by nohup, stay ignored.

    Yields the numbers of the signals that are passed.
    """
    known = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in known}
    handled = [number for number in known if before[number] is not signal.SIG_IGN]
    try:
        for number in handled:
            signal.signal(number, handler)
        yield handled
    finally:
        for number in handled:
            signal.signal(number, before[number])


@contextlib.contextmanager
def ended_by_signals(message: str = "") -> Iterator[None]:
    """Let a signal end the work within as an exception, so that half a file is taken away.

    Whatever else goes wrong while the work is unwound, such as a helper process that got the same
    signal, is a consequence and is not told.

    Parameters
    ----------
    message : str
        Told then.

    Raises
    ------
    SystemExit
        A signal has come; with 128 and its number.
    """
    first: int | None = None
    came_s = 0.0

    def on_signal(number: int, _frame: object) -> None:
        nonlocal first, came_s
        if first is not None and time.monotonic() - came_s < _ECHO_S:
            return
        first, came_s = first or number, time.monotonic()
        raise KeyboardInterrupt

    try:
        with _handled_by(on_signal):
            yield
    except BaseException:
        if first is None:
            raise
        if message:
            tell(message)
        raise SystemExit(128 + first) from None


class SignalControl:
    """Signals as commands: the first one stops a run at the next batch; its state is kept.

    A second Ctrl-C or SIGTERM ends the process at once, with 128 and the signal's number: files
    are whole as after a crash, and the run is shown as interrupted.

    Python runs its handlers between two of its own instructions. A batch may take seconds and a
    write to a disk that hangs for ever, so a thread listens too, to which the interpreter passes
    each signal at once.

    Parameters
    ----------
    stop, kill : callable, optional
        Called in that thread at the first signal, and before the second one ends the process: for
        work that goes on in another process.
    """

    def __init__(
        self, stop: Callable[[], None] | None = None, kill: Callable[[], None] | None = None
    ) -> None:
        self._stop = stop
        self._kill = kill
        self._stop_requested = False
        self._handled: Collection[int] = ()

    @property
    def stop_requested(self) -> bool:
        """Whether a signal has come."""
        return self._stop_requested

    def poll(self) -> Command | None:
        return Command.STOP_NOW if self._stop_requested else None

    def wait(self) -> Command:
        """A run that pauses by itself has nobody here who would tell it to go on."""
        return Command.STOP_NOW

    def __enter__(self) -> SignalControl:
        self._reading, self._writing = os.pipe()
        # On Windows a pipe cannot be told so before Python 3.12, and need not.
        with contextlib.suppress(OSError, AttributeError):
            os.set_blocking(self._writing, False)
        self._wakeup_before = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        self._handlers = _handled_by(self._on_signal)
        self._handled = self._handlers.__enter__()
        self._thread = threading.Thread(target=self._listen, name="signals", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._handlers.__exit__(None, None, None)
        signal.set_wakeup_fd(self._wakeup_before)
        os.close(self._writing)
        self._thread.join()
        os.close(self._reading)

    def _on_signal(self, *_: object) -> None:
        self._stop_requested = True

    def _listen(self) -> None:
        """Read the number of each signal, a byte each, until the other end closes."""
        first = None
        while number := os.read(self._reading, 1):
            if number[0] not in self._handled:
                continue
            if first is None:
                first = time.monotonic()
                tell_at_once("Stopping after this batch, keeping the state. Again ends at once.")
                if self._stop is not None:
                    self._stop()
            elif (
                signal.Signals(number[0]).name not in _NEVER_IMPATIENT
                and time.monotonic() - first > _ECHO_S
            ):
                if self._kill is not None:
                    self._kill()
                os._exit(128 + number[0])
