"""Opens the window and runs it."""

from __future__ import annotations

import sys

import pyqtgraph
from PySide6.QtWidgets import QApplication

from cifar_studio.ui.main_window import MainWindow


def run_window(arguments: list[str]) -> int:
    """Show the window until it is closed; returns the exit code."""
    application = QApplication([sys.argv[0], *arguments])
    application.setApplicationName("CIFAR Studio")
    application.setDesktopFileName("cifar-studio")
    pyqtgraph.setConfigOptions(antialias=True)
    window = MainWindow()
    window.show()
    return application.exec()
