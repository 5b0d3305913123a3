"""The switches over the matrix: level, figures, colours, epoch, run B, and the search."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QToolButton, QWidget
from typing_extensions import override

from cifar_studio.runs.analysis.confusion_cells import Level
from cifar_studio.ui.confusion.evaluations import Epoch, Side, Switches
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
    second_run_chosen(object)
        The key of the run that is to be run B; None for none.
    save_chosen(str)
        A key of `SAVED`.
    """

    second_run_chosen = Signal(object)
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
        self.second_run = _menu_button("Another run to hold this one against")
        self.save = _menu_button("Keep the matrix, the tables or the calibration as files")
        self.save.setText("Save  ▾")
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
            self.second_run,
            self.side,
            self.find_field,
            self.save,
        ):
            self._flow.addWidget(part)
        self.offer_runs([])
        self.set_second_run("")
        self.restyle()

    @property
    def switches(self) -> Switches:
        """As they are set now."""
        return Switches(
            epoch=cast("Epoch", self.epoch.key),
            side=cast("Side", self.side.key),
            level=cast("Level", self.level.key),
            percent=self.unit.key == "percent",
            logarithmic=self.scale.key == "log",
        )

    @property
    def kept_keys(self) -> list[str]:
        """Of the switches that are kept from one start to the next."""
        return [self.level.key, self.unit.key, self.scale.key]

    def restore_keys(self, keys: list[str]) -> None:
        """Set these switches; keys that are no such ones are passed over."""
        for switch, key in zip((self.level, self.unit, self.scale), keys, strict=False):
            if key in switch.buttons:
                switch.choose(key)
                switch.chosen.emit(key)

    def offer_runs(self, runs: Sequence[tuple[str, object]]) -> None:
        """Runs that can be run B, as (title, key)."""
        self._runs = list(runs)
        menu = QMenu(self.second_run)
        for title, key in [("None", None), *self._runs]:
            action = menu.addAction(title.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(key == self._chosen)
            action.triggered.connect(lambda _=False, key=key: self._on_run_triggered(key))
        if not self._runs:
            menu.addAction("No other evaluated run").setEnabled(False)
        before = self.second_run.menu()
        self.second_run.setMenu(menu)
        if before is not None:
            before.deleteLater()

    def set_second_run(self, title: str) -> None:
        """Name run B; empty for none."""
        short = title if len(title) <= 28 else title[:27] + "…"
        self.second_run.setText(f"Run B: {short or 'none'}  ▾".replace("&", "&&"))
        self.second_run.setAccessibleName(f"Run B: {title or 'none'}")
        self.side.setVisible(bool(title))
        if not title:
            self._chosen = None
            self.offer_runs(self._runs)

    def restyle(self) -> None:
        self._flow.set_gap(theme.px(12), theme.px(8))
        for switch in (self.level, self.unit, self.scale, self.epoch, self.side):
            switch.restyle()
        for button in (self.second_run, self.save):
            button.setFixedHeight(theme.px(HEIGHT_PX))
        self.find_field.setFixedSize(theme.px(168), theme.px(HEIGHT_PX))

    def _on_run_triggered(self, key: object) -> None:
        self._chosen = key
        self.offer_runs(self._runs)
        self.second_run_chosen.emit(key)


def _menu_button(tip: str) -> QToolButton:
    """A button that looks like a switch and opens a menu."""
    button = QToolButton()
    button.setProperty("role", "segment")
    button.setProperty("at", "only")
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setToolTip(tip)
    return button
