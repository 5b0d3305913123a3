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
        import pyqtgraph

        from cifar_studio.ui.system.signals import SystemSignals
        from cifar_studio.ui.window.main_window import MainWindow

        pyqtgraph.setConfigOptions(antialias=True)
        window = MainWindow()
    SystemSignals(application).leave_requested.connect(window.leave)
    return window


@contextlib.contextmanager
def _quick_start() -> Iterator[None]:
    """What the window does without until it stands: a fifth of the time until then.

    Nothing that is imported or built is garbage, so nobody looks for any until the event loop
    turns. And pyqtgraph's video widget, which nothing here uses, would load the CUDA bindings.
    """
    gc.disable()
    sys.modules["cuda.bindings"] = None  # type: ignore[assignment]  # makes it an ImportError
    try:
        yield
    finally:
        del sys.modules["cuda.bindings"]
        QTimer.singleShot(0, gc.enable)
