"""Leaving the studio: every worker saves what it has to save and ends before the window closes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from cifar_studio.ui.dialogs import messages
from cifar_studio.ui.training.run_controller import RunController
from cifar_studio.ui.workers.helper_worker import ShortWork

SHORT_WORK_LIMIT_MS = 3_000
ANSWER_LIMIT_MS = 5_000
SAVE_LIMIT_MS = 60_000


class Leaving(QObject):
    """Ends the workers, at last by force.

    Signals
    -------
    waited_long(str)
        Somebody who looks at the window should know what it waits for; carries it in words.
    settled()
        No worker is left; the window may close.
    """

    waited_long = Signal(str)
    settled = Signal()

    def __init__(self, controller: RunController, short_work: ShortWork, parent: QObject) -> None:
        super().__init__(parent)
        self._controller = controller
        self._short_work = short_work
        self._begun = False
        self._asks = False
        self._limits = (
            # A download goes on where it was cut off, and everything else can be asked for anew.
            self._limit(SHORT_WORK_LIMIT_MS, short_work.kill),
            self._limit(ANSWER_LIMIT_MS, self._on_answer_limit_reached),
            self._limit(SAVE_LIMIT_MS, self.force),
        )
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
        for limit in self._limits:
            limit.start()
        self._controller.shut_down()
        self._short_work.shut_down()

    def ask_force(self, window: QWidget, kept: str) -> None:
        """The person closes the window once more: ask whether to wait no longer."""
        if not self._asks:
            self._asks = True
            box = messages.ask_force(window, kept, self.force)
            box.finished.connect(self._on_answered)
            self.settled.connect(box.close)

    def force(self) -> None:
        """End the workers without waiting for what they save."""
        self._controller.kill()
        self._short_work.kill()

    def _limit(self, limit_ms: int, slot: Callable[[], object]) -> QTimer:
        timer = QTimer(self, singleShot=True, interval=limit_ms)
        timer.timeout.connect(slot)
        return timer

    def _on_answered(self) -> None:
        self._asks = False

    def _on_part_settled(self) -> None:
        if self._begun and self.is_settled:
            for limit in self._limits:
                limit.stop()
            self.settled.emit()

    def _on_answer_limit_reached(self) -> None:
        pid = self._controller.worker_pid
        process = f" (process {pid})" if pid is not None else ""
        left = (SAVE_LIMIT_MS - ANSWER_LIMIT_MS) // 1000
        self.waited_long.emit(
            f"Waiting for the training{process} to save, {left} s at most; "
            "close the window again to end it by force"
        )
