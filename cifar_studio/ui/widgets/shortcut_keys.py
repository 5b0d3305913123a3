"""Every shortcut of the window in one place, and the sheet that shows them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QWidget

from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.layouts import Placed, column

START = "Ctrl+R"
PAUSE = "Ctrl+P"
STOP = "Ctrl+."
SET_UP = "Ctrl+N"
RUNS = "Ctrl+L"
SEARCH = "Ctrl+F"
FOLD = "Ctrl+B"
TABS = ("Ctrl+1", "Ctrl+2", "Ctrl+3", "Ctrl+4", "Ctrl+5")
OPEN_PICTURES = "Ctrl+I"
LIVE = "Ctrl+G"
EXPORT = "Ctrl+E"
LARGER, SMALLER, NORMAL = "Ctrl+=", "Ctrl+-", "Ctrl+0"
SHEET = "F1"
QUIT = "Ctrl+Q"
STAR, RENAME, DELETE = "Ctrl+D", "F2", "Del"

SHEET_ROWS = (
    (START, "Start, or add to the queue"),
    (PAUSE, "Pause or resume"),
    (STOP, "Stop…"),
    (SET_UP, "Set up"),
    (RUNS, "Runs"),
    (SEARCH, "Search the runs"),
    ("→  ←  Space", "Unfold, fold, show the chosen experiment (Runs)"),
    (FOLD, "Fold the left side"),
    ("Ctrl+1 … 5", "Curves, Pictures, Confusion, Compare, Experiment"),
    (OPEN_PICTURES, "Open pictures of your own"),
    ("Ctrl+V", "Paste a picture (Pictures)"),
    ("Enter  +  Esc", "Pictures of a cell, its classes, back (Confusion)"),
    ("/", "Find a class (Confusion)"),
    (LIVE, "Show the run that trains"),
    (EXPORT, "Export the run shown, or the rows of Compare"),
    ("F5", "Look at the runs again"),
    ("← → Home End", "Walk along the curves"),
    ("Ctrl+C", "Copy the table, plot or picture in focus"),
    ("Ctrl+S", "Keep it as a file"),
    (STAR, "Star the chosen run"),
    (RENAME, "Rename the chosen run"),
    (DELETE, "Move the chosen run to the bin"),
    (f"{LARGER}  {SMALLER}  {NORMAL}", "Larger, smaller, normal type"),
    (f"{SHEET} or ?", "This sheet"),
    (QUIT, "Quit"),
)


class ShortcutSheet(QDialog):
    """The list of shortcuts."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Shortcuts")
        grid = QGridLayout()
        grid.setHorizontalSpacing(6 * theme.GRID)
        grid.setVerticalSpacing(2 * theme.GRID)
        for row, (keys, text) in enumerate(SHEET_ROWS):
            shown = "  ".join(
                QKeySequence(word).toString(QKeySequence.SequenceFormat.NativeText) or word
                for word in keys.split("  ")
            )
            grid.addWidget(basics.label(shown if "…" not in keys else keys, "heading"), row, 0)
            grid.addWidget(basics.label(text), row, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        close = Placed(buttons, alignment=Qt.AlignmentFlag.AlignRight)
        column(grid, close, parent=self, margins=(6, 6, 6, 6), spacing=4)
