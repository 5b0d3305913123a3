"""Opens the window and runs it."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from cifar_studio.ui.window.main_window import MainWindow


def run_window(arguments: list[str]) -> int:
    """Show the window until it is closed; returns the exit code."""
    application = QApplication([sys.argv[0], *arguments])
    window = open_window(application)
    window.show()
    return application.exec()


def open_window(application: QApplication) -> MainWindow:
    """The window of an application, wired to what ends it from outside."""
    application.setApplicationName("CIFAR Studio")
    application.setDesktopFileName("cifar-studio")
    with _quick_start():
        from cifar_studio.ui.system.signals import SystemSignals
        from cifar_studio.ui.window.main_window import MainWindow

        window = MainWindow()
    SystemSignals(application).leave_requested.connect(window.leave)
    return window


@contextlib.contextmanager
def _quick_start() -> Iterator[None]:
    """Nothing that is imported or built is garbage: until the event loop turns, none is sought."""
    gc.disable()
    try:
        yield
    finally:
        QTimer.singleShot(0, gc.enable)
