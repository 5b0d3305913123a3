"""Has a run's best network answer all its pictures, and says how far it is."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from cifar_studio.runner.protocol import EvaluateRequest
from cifar_studio.runner.worker_process import new_id
from cifar_studio.runs import wording
from cifar_studio.runs.answers import Cancelled, RequestFailed, RunEvaluated
from cifar_studio.runs.folder.events import EvaluationProgressed
from cifar_studio.ui.frame.parts import Parts


class RunEvaluating(QObject):
    """One evaluation at a time, by the second worker.

    Signals
    -------
    progressed(str, str)
        The run's folder, and how far its evaluation is, in words.
    ended()
        There may be other answers on the disk now.
    """

    progressed = Signal(str, str)
    ended = Signal()

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.window)
        self._parts = parts
        self._folder = ""

    def evaluate(self, folder: str, split: str) -> None:
        """Evaluate the run's "training" or "test" pictures, unless another evaluation goes on."""
        if self._folder:
            self._fail("Another evaluation is under way. Ask again when it has ended.")
            return
        self._folder = folder
        self._show_progress(f"Evaluating the {split} pictures…")
        request = EvaluateRequest(
            id=new_id(), folder=folder, split="train" if split == "training" else "test"
        )
        self._parts.helper.ask(request, lambda event: self._on_event(split, event))

    def _show_progress(self, text: str) -> None:
        self.progressed.emit(self._folder, text)
        self._parts.status.show_word(text)

    def _fail(self, text: str) -> None:
        self._parts.status.show_word("")
        if text:
            self._parts.message.show_message(text)
        self.ended.emit()

    def _on_event(self, split: str, event: object) -> None:
        if isinstance(event, EvaluationProgressed):
            done = f"{event.done:,} of {event.total:,}"
            self._show_progress(f"Evaluating the {split} pictures: {done}")
            return
        self._folder = ""
        if isinstance(event, RunEvaluated):
            self._parts.status.show_word(
                f"{Path(event.folder).name}: {event.pictures:,} {split} pictures evaluated, "
                f"top-1 {event.top1:.2f} %"
            )
            self.ended.emit()
        elif isinstance(event, Cancelled):
            self._fail("")
        elif isinstance(event, RequestFailed):
            self._fail(wording.failure(event))
