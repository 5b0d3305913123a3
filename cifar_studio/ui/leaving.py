"""Leaving the studio: every worker saves what it has to save and ends before the window closes."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from cifar_studio.ui.run_controller import RunController
from cifar_studio.ui.short_work import ShortWork

SAVE_LIMIT_MS = 60_000


class Leaving(QObject):
    """Ends the workers, at last by force.

    Signals
    -------
    settled()
        No worker is left; the window may close.
    """

    settled = Signal()

    def __init__(self, controller: RunController, short_work: ShortWork, parent: QObject) -> None:
        super().__init__(parent)
        self._controller = controller
        self._short_work = short_work
        self._begun = False
        self._limit = QTimer(self, singleShot=True, interval=SAVE_LIMIT_MS)
        self._limit.timeout.connect(self._on_limit_reached)
        controller.settled.connect(self._on_part_settled)
        short_work.settled.connect(self._on_part_settled)

    @property
    def has_begun(self) -> bool:
        return self._begun

    @property
    def is_settled(self) -> bool:
        """Whether no worker is left."""
        return self._controller.is_settled and self._short_work.is_settled

    def begin(self) -> None:
        """Tell every worker to save and end; `settled` follows, at once where there is none."""
        self._begun = True
        self._limit.start()
        self._controller.shut_down()
        self._short_work.shut_down()

    def _on_part_settled(self) -> None:
        if self._begun and self.is_settled:
            self._limit.stop()
            self.settled.emit()

    def _on_limit_reached(self) -> None:
        self._controller.kill()
        self._short_work.kill()
