"""Opens the window and runs it."""

from __future__ import annotations

import sys

import pyqtgraph
from PySide6.QtWidgets import QApplication

from cifar_studio.ui.system.signals import SystemSignals
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
    pyqtgraph.setConfigOptions(antialias=True)
    window = MainWindow()
    SystemSignals(application).leave_requested.connect(window.leave)
    return window
