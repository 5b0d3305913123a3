"""Ends that come from outside, as one Qt signal: of the system's signals and of its session."""

from __future__ import annotations

import contextlib
import signal
import socket
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier, Signal
from PySide6.QtGui import QGuiApplication

NAMES = ("SIGTERM", "SIGINT", "SIGHUP")  # Windows has no SIGHUP


class SystemSignals(QObject):
    """Listens for the end that the system, a terminal, another program or a logout asks for.

    Python runs its handlers between two of its own instructions, and Qt waits for events outside
    of them for as long as nothing happens. So the interpreter writes each signal to a socket, and
    Qt wakes up at that.

    Signals
    -------
    leave_requested()
    """

    leave_requested = Signal()

    def __init__(self, application: QGuiApplication) -> None:
        super().__init__(application)
        # What leaves within this call is kept: the system may end the process right after it.
        application.commitDataRequest.connect(self._on_session_ending)
        self._reading, self._writing = socket.socketpair()
        self._reading.setblocking(False)
        self._writing.setblocking(False)
        self._notifier = QSocketNotifier(self._reading.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_activated)
        self._wakeup_before = signal.set_wakeup_fd(
            self._writing.fileno(), warn_on_full_buffer=False
        )
        # Without a handler of Python's nothing is written, and the signal ends the program.
        self._before = {
            number: signal.signal(number, _do_nothing)
            for name in NAMES
            if (number := getattr(signal, name, None)) is not None
            # Whoever started the program with nohup wants that it outlives the terminal.
            and signal.getsignal(number) is not signal.SIG_IGN
        }

    def close(self) -> None:
        """Leave the signals as they were before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        self._notifier.setEnabled(False)
        self._reading.close()
        self._writing.close()

    def _on_session_ending(self) -> None:
        self.leave_requested.emit()

    def _on_activated(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._reading.recv(64):
                pass
        self.leave_requested.emit()


def _do_nothing(number: int, frame: FrameType | None) -> None:
    """The socket tells of it."""
