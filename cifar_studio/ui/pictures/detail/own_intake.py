"""The ways in which a person's own pictures come in: dialog, clipboard, files dropped."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QStandardPaths, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QWidget

FILES = "Pictures (*.png *.jpg *.jpeg *.webp *.gif *.bmp *.tif *.tiff *.ppm);;All files (*)"


class OwnIntake(QObject):
    """Takes pictures in for a view; others show them.

    Signals
    -------
    opened(list of str)
        Files that are to be shown.
    pasted(QImage)
    """

    opened = Signal(list)
    pasted = Signal(object)

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view = view
        paste = QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), view)
        paste.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        paste.activated.connect(self.paste)

    def open(self) -> None:
        """Let the person choose files."""
        places = QStandardPaths.standardLocations(QStandardPaths.StandardLocation.PicturesLocation)
        chosen, _ = QFileDialog.getOpenFileNames(self._view, "Open pictures", places[0], FILES)
        if chosen:
            self.opened.emit(chosen)

    def take(self, paths: Sequence[str]) -> None:
        """Show files of the person's own."""
        self.opened.emit(list(paths))

    def paste(self) -> None:
        """Show the picture, or the files, on the clipboard."""
        content = QGuiApplication.clipboard().mimeData()
        files = [url.toLocalFile() for url in content.urls() if url.isLocalFile()]
        if files:
            self.opened.emit(files)
        elif content.hasImage():
            self.pasted.emit(QGuiApplication.clipboard().image())
