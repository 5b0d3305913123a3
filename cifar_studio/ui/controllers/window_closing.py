"""Leaving the studio: every worker saves what it has to save and ends before the window closes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from cifar_studio.ui.dialogs import messages
from cifar_studio.ui.frame.parts import Parts

HELPER_LIMIT_MS = 3_000
ANSWER_LIMIT_MS = 5_000
SAVE_LIMIT_MS = 60_000


class WindowClosing(QObject):
    """Asks, ends the workers, at last by force, and closes the window when they are gone.

    `remember` writes down how the window is left; it is called once, before anything ends.

    Signals
    -------
    settled()
        No worker is left.
    """

    settled = Signal()

    def __init__(self, parts: Parts, remember: Callable[[], object]) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self._controller = parts.controller
        self._helper = parts.helper
        self._remember = remember
        self._begun = False
        self._asks = False
        self._limits = (
            # A download goes on where it was cut off, and everything else can be asked for anew.
            self._limit(HELPER_LIMIT_MS, parts.helper.kill),
            self._limit(ANSWER_LIMIT_MS, self._on_answer_limit_reached),
            self._limit(SAVE_LIMIT_MS, self.force),
        )
        parts.controller.settled.connect(self._on_part_settled)
        parts.helper.settled.connect(self._on_part_settled)

    @property
    def is_settled(self) -> bool:
        """Whether no worker is left."""
        return self._controller.is_settled and self._helper.is_settled

    def may_close(self) -> bool:
        """Whether the window may close at once; else it is seen to that it closes later.

        While a run goes on the person is asked first; who asks once more while it is being saved
        may end it by force.
        """
        live = self._controller.live
        if self._begun:
            if not self.is_settled:
                self._ask_force(live.kept_by_force_text)
            return self.is_settled
        waiting = len(self._controller.queue.runs)
        answer: messages.Leaving = "leave"
        if self._controller.is_busy:
            answer = messages.confirm_quit(
                self._parts.window, live.kept_text, waiting, self._controller.experiment
            )
        if answer != "stay":
            self.leave(let_go=answer == "let go")
        return False

    def leave(self, *, let_go: bool = False) -> None:
        """Tell every worker to save and end; the window closes when they have.

        With `let_go` an experiment goes on without the window.
        """
        if self._begun:
            return
        self._remember()
        self._parts.window.setEnabled(False)
        if self._controller.is_busy and not let_go:
            self._parts.status.show_waiting("Saving the run…")
        self._begun = True
        for limit in self._limits:
            limit.start()
        self._controller.shut_down(let_go=let_go)
        self._helper.shut_down()

    def _ask_force(self, kept: str) -> None:
        if not self._asks:
            self._asks = True
            box = messages.ask_force(self._parts.window, kept, self.force)
            box.finished.connect(self._on_answered)
            self.settled.connect(box.close)

    def force(self) -> None:
        """End the workers without waiting for what they save."""
        self._controller.kill()
        self._helper.kill()

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
            self._parts.window.close()

    def _on_answer_limit_reached(self) -> None:
        pid = self._controller.worker_pid
        process = f" (process {pid})" if pid is not None else ""
        left = (SAVE_LIMIT_MS - ANSWER_LIMIT_MS) // 1000
        self._parts.status.show_waiting(
            f"Waiting for the training{process} to save, {left} s at most; "
            "close the window again to end it by force"
        )
