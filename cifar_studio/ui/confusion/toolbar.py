"""The switches over the matrix: level, figures, colours, epoch, run B, and the search."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QToolButton, QWidget
from typing_extensions import override

from cifar_studio.ui.widgets import theme
from cifar_studio.ui.widgets.flow_layout import FlowLayout
from cifar_studio.ui.widgets.segments import HEIGHT_PX, Segments

SAVED = {
    "confusion": "Matrix as a figure…",
    "matrix": "Matrix as a table…",
    "classes": "Classes as a table…",
    "confused": "Most confused as a table…",
    "calibration": "Calibration as a figure…",
    "bins": "Calibration as a table…",
}
"""What can be kept as a file, by key."""


class FindField(QLineEdit):
    """Words to find; Esc empties and leaves it.

    Signals
    -------
    left()
    """

    left = Signal()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.left.emit()
            event.accept()
            return
        super().keyPressEvent(event)


class ConfusionToolbar(QWidget):
    """Switches in reading order, on as many rows as the width needs.

    Signals
    -------
    beside_chosen(object)
        The key of a run that is to stand beside; None for none.
    save_chosen(str)
        A key of `SAVED`.
    """

    beside_chosen = Signal(object)
    save_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.level = Segments(
            "Rows and columns",
            [
                ("superclasses", "20", "The 20 superclasses"),
                ("classes", "100", "The 100 classes, by superclass"),
            ],
        )
        self.unit = Segments(
            "Figures",
            [
                ("count", "Count", "Pictures"),
                ("percent", "%", "Per cent of the true class's pictures"),
            ],
        )
        self.scale = Segments(
            "Colours",
            [
                ("log", "Log", "Logarithmic colours: rare mistakes show beside the diagonal"),
                ("linear", "Lin", "Linear colours"),
            ],
        )
        self.epoch = Segments(
            "Epoch",
            [
                ("best", "Best epoch", "The best epoch's network"),
                ("last", "Latest epoch", "The network of the latest epoch evaluated"),
            ],
        )
        self.side = Segments(
            "Run",
            [
                ("a", "A", "Run A: the run that is selected"),
                ("b", "B", "Run B: the run beside it"),
                ("difference", "A − B", "Run A's counts less run B's, over the same pictures"),
            ],
        )
        self.beside = QToolButton()
        self.beside.setProperty("role", "segment")
        self.beside.setProperty("at", "only")
        self.beside.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.beside.setToolTip("Another run to hold this one against")
        self.save = QToolButton()
        self.save.setText("Save  ▾")
        self.save.setProperty("role", "segment")
        self.save.setProperty("at", "only")
        self.save.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.save.setToolTip("Keep the matrix, the tables or the calibration as files")
        menu = QMenu(self.save)
        for key, text in SAVED.items():
            menu.addAction(text, functools.partial(self.save_chosen.emit, key))
        self.save.setMenu(menu)
        self.find_field = FindField()
        self.find_field.setPlaceholderText("Find a class ( / )")
        self.find_field.setAccessibleName("Find a class")
        self.find_field.setToolTip("Part of a name; Enter goes to the next class found")
        self.find_field.setClearButtonEnabled(True)
        self._runs: list[tuple[str, object]] = []
        self._chosen: object = None
        self._flow = FlowLayout(self, theme.px(12))
        for part in (
            self.level,
            self.unit,
            self.scale,
            self.epoch,
            self.beside,
            self.side,
            self.find_field,
            self.save,
        ):
            self._flow.addWidget(part)
        self.offer_runs([])
        self.set_beside("")
        self.restyle()

    def offer_runs(self, runs: Sequence[tuple[str, object]]) -> None:
        """Runs that can stand beside, as (title, key)."""
        self._runs = list(runs)
        menu = QMenu(self.beside)
        for title, key in [("None", None), *self._runs]:
            action = menu.addAction(title.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(key == self._chosen)
            action.triggered.connect(lambda _=False, key=key: self._on_run_triggered(key))
        if not self._runs:
            menu.addAction("No other evaluated run").setEnabled(False)
        before = self.beside.menu()
        self.beside.setMenu(menu)
        if before is not None:
            before.deleteLater()

    def set_beside(self, title: str) -> None:
        """Name run B; empty for none."""
        short = title if len(title) <= 28 else title[:27] + "…"
        self.beside.setText(f"Run B: {short or 'none'}  ▾".replace("&", "&&"))
        self.beside.setAccessibleName(f"Run B: {title or 'none'}")
        self.side.setVisible(bool(title))
        if not title:
            self._chosen = None
            self.offer_runs(self._runs)

    def restyle(self) -> None:
        self._flow.set_gap(theme.px(12), theme.px(8))
        for switch in (self.level, self.unit, self.scale, self.epoch, self.side):
            switch.restyle()
        self.beside.setFixedHeight(theme.px(HEIGHT_PX))
        self.save.setFixedHeight(theme.px(HEIGHT_PX))
        self.find_field.setFixedSize(theme.px(168), theme.px(HEIGHT_PX))

    def _on_run_triggered(self, key: object) -> None:
        self._chosen = key
        self.offer_runs(self._runs)
        self.beside_chosen.emit(key)
