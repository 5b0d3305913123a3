"""The system's notification at the end of a run, where nobody looks at the window."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

SHOWN_MS = 10_000


def notify(window: QWidget, title: str, text: str) -> None:
    """Tell that something is done, if the window is not in front."""
    if window.isActiveWindow():
        return
    QApplication.alert(window)
    if QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages():
        tray = QSystemTrayIcon(window.windowIcon(), window)
        tray.show()
        tray.showMessage(title, text, window.windowIcon(), SHOWN_MS)
        QTimer.singleShot(SHOWN_MS, tray.deleteLater)
