"""What the studio asks of the desktop: to show a folder, to notify, and to stay awake."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

NOTIFIED_MS = 10_000


def open_folder(path: Path) -> None:
    """Show a folder in the system's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def notify(window: QWidget, title: str, text: str) -> None:
    """Tell that something is done, if the window is not in front."""
    if window.isActiveWindow():
        return
    QApplication.alert(window)
    if QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages():
        tray = QSystemTrayIcon(window.windowIcon(), window)
        tray.show()
        tray.showMessage(title, text, window.windowIcon(), NOTIFIED_MS)
        QTimer.singleShot(NOTIFIED_MS, tray.deleteLater)


class KeepAwake:
    """Holds off sleep between `hold` and `release`; does nothing where it cannot."""

    def __init__(self) -> None:
        self._helper: subprocess.Popen[bytes] | None = None

    def hold(self) -> None:
        if sys.platform == "win32":
            _windows_execution_state(0x80000001)  # ES_CONTINUOUS | ES_SYSTEM_REQUIRED
        elif self._helper is None and (command := _command()) is not None:
            with contextlib.suppress(OSError):
                self._helper = subprocess.Popen(
                    command,
                    # The helper ends with this pipe, so a killed window leaves none behind.
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )

    def release(self) -> None:
        if sys.platform == "win32":
            _windows_execution_state(0x80000000)  # ES_CONTINUOUS
        elif self._helper is not None:
            assert self._helper.stdin is not None
            self._helper.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._helper.wait(1)
            if self._helper.poll() is None:
                self._helper.terminate()
            self._helper = None


def _command() -> list[str] | None:
    if sys.platform == "darwin":
        return ["caffeinate", "-i", "-w", str(os.getpid())]
    if shutil.which("systemd-inhibit") is None:
        return None
    return [
        "systemd-inhibit",
        "--what=idle:sleep",
        "--who=CIFAR Studio",
        "--why=A network is being trained",
        "cat",
    ]


def _windows_execution_state(flags: int) -> None:
    import ctypes

    ctypes.windll.kernel32.SetThreadExecutionState(flags)  # type: ignore[attr-defined,unused-ignore]
