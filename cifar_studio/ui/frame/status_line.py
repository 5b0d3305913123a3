"""The bottom line: device and memory, speed, epoch and batch, time left, data."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QProgressBar, QWidget

from cifar_studio.ui.training.run_progress import Progress
from cifar_studio.ui.widgets import basics, theme
from cifar_studio.ui.widgets.layouts import NO_MARGINS, STRETCH, Placed, column, row

BAR_PX = 120


class StatusLine(QFrame):
    """Shows how the run goes on, or what was said last."""

    def __init__(self) -> None:
        super().__init__()
        self._device = basics.label("", "muted")
        self._speed = basics.label("", "muted")
        self._place = basics.label("", "muted")
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress of the run")
        self._left = basics.label("", "muted")
        self._data = basics.label("", "muted")
        for part in (self._device, self._speed, self._place, self._left, self._data):
            part.setFont(theme.tabular(part.font()))
        centred = (
            Placed(part, alignment=Qt.AlignmentFlag.AlignVCenter)
            for part in (self._device, self._speed, self._place, self._bar, self._left)
        )
        facts = QWidget()
        row(*centred, STRETCH, self._data, parent=facts, margins=(4, 1, 4, 1), spacing=4)
        column(basics.line(), facts, parent=self, margins=NO_MARGINS, spacing=0)
        theme.manager().changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.show_idle("")

    def show_idle(self, message: str) -> None:
        """No run goes on; `message` says what was last."""
        self._place.setText(message)
        for part in (self._speed, self._left):
            part.setText("")
        self._bar.hide()

    def show_word(self, message: str) -> None:
        """Say something small, which the progress of a run may write over."""
        self._place.setText(message)

    def show_waiting(self, message: str) -> None:
        """Something begins whose length is not known."""
        self.show_idle(message)
        self._bar.setRange(0, 0)
        self._bar.show()

    def show_progress(self, progress: Progress) -> None:
        """A run goes on."""
        self._device.setText(progress.device_text)
        self._speed.setText(progress.speed_text)
        self._place.setText(progress.place_text)
        self._bar.setRange(0, 1000)
        self._bar.setValue(round(1000 * progress.fraction))
        self._bar.show()
        self._left.setText(progress.left_text)

    def show_device(self, text: str) -> None:
        self._device.setText(text)

    def show_data(self, text: str) -> None:
        self._data.setText(text)

    def _on_theme_changed(self) -> None:
        self._bar.setFixedWidth(theme.px(BAR_PX))
