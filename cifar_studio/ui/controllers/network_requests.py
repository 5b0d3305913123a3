"""What is asked of the second worker about a run's network and about single pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runner.protocol import (
    AnyRequest,
    AugmentRequest,
    EvaluateRequest,
    ExplainRequest,
)
from cifar_studio.runner.worker_process import new_id
from cifar_studio.runs import wording
from cifar_studio.runs.answers import (
    Augmented,
    Cancelled,
    Explained,
    RequestFailed,
    RunEvaluated,
)
from cifar_studio.runs.folder.events import EvaluationProgressed
from cifar_studio.ui.workers.helper_worker import HelperWorker


class NetworkRequests(QObject):
    """Asks, and tells what comes back. Of explanations and versions only the latest one counts.

    Signals
    -------
    evaluating(str)
        How far an evaluation is, in words.
    evaluated(RunEvaluated)
    not_evaluated(str)
        Why, for a person.
    explained(int, Explained)
        Reference of the picture asked about.
    not_explained(int, str)
    augmented(int, Augmented)
        Reference of the picture asked about.
    """

    evaluating = Signal(str)
    evaluated = Signal(object)
    not_evaluated = Signal(str)
    explained = Signal(int, object)
    not_explained = Signal(int, str)
    augmented = Signal(int, object)

    def __init__(self, helper: HelperWorker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._helper = helper
        self._evaluating = 0
        self._folder = ""
        self._explaining = 0
        self._augmenting = 0

    @property
    def is_evaluating(self) -> bool:
        return self._evaluating != 0

    def is_evaluating_run(self, folder: str) -> bool:
        """Whether it is this run that is evaluated."""
        return self.is_evaluating and folder == self._folder

    def forget(self) -> None:
        """Another run is looked at: what is still to come of single pictures is not its."""
        for asked in (self._explaining, self._augmenting):
            if asked:
                self._helper.cancel(asked)
        self._explaining = self._augmenting = 0

    def evaluate(self, folder: str, of_training: bool) -> None:
        """Let a run's best network answer all its pictures of a split; one evaluation at a time."""
        if self.is_evaluating:
            return
        split = "training" if of_training else "test"
        request = EvaluateRequest(
            id=new_id(), folder=folder, split="train" if of_training else "test"
        )
        self._evaluating, self._folder = request.id, folder
        self.evaluating.emit(f"Evaluating the {split} pictures…")
        self._helper.ask(request, lambda event: self._on_evaluation(split, event))

    def cancel_evaluation(self) -> None:
        if self.is_evaluating:
            self._helper.cancel(self._evaluating)

    def explain(
        self, reference: int, folder: str, pixels_HWC: NDArray[np.uint8], label: int | None
    ) -> None:
        """Ask where the run's network finds a class in a picture; None means its likeliest one."""
        request = ExplainRequest(
            id=new_id(), folder=folder, pixels=pixels_HWC.tobytes(), label=label
        )
        self._explaining = self._replace(self._explaining, request)
        self._helper.ask(request, lambda event: self._on_explanation(request.id, reference, event))

    def augment(
        self, reference: int, config: TrainConfig, data: str, is_test: bool, position: int
    ) -> None:
        """Ask for the versions of a picture that a training of `config` shows its network."""
        request = AugmentRequest(
            id=new_id(),
            config=config,
            data=data,
            split="test" if is_test else "train",
            position=position,
        )
        self._augmenting = self._replace(self._augmenting, request)
        self._helper.ask(request, lambda event: self._on_versions(request.id, reference, event))

    def _replace(self, before: int, request: AnyRequest) -> int:
        """Give the question before up: who asks again no longer wants it."""
        if before:
            self._helper.cancel(before)
        return request.id

    def _on_evaluation(self, split: str, event: object) -> None:
        if isinstance(event, EvaluationProgressed):
            self.evaluating.emit(
                f"Evaluating the {split} pictures: {event.done:,} of {event.total:,}"
            )
            return
        self._evaluating = 0
        if isinstance(event, RunEvaluated):
            self.evaluated.emit(event)
        elif isinstance(event, Cancelled):
            self.not_evaluated.emit("")
        elif isinstance(event, RequestFailed):
            self.not_evaluated.emit(wording.failure(event))

    def _on_explanation(self, asked: int, reference: int, event: object) -> None:
        if asked != self._explaining:
            return
        self._explaining = 0
        if isinstance(event, Explained):
            self.explained.emit(reference, event)
        elif isinstance(event, RequestFailed):
            self.not_explained.emit(reference, wording.failure(event))

    def _on_versions(self, asked: int, reference: int, event: object) -> None:
        if asked == self._augmenting:
            self._augmenting = 0
            if isinstance(event, Augmented):
                self.augmented.emit(reference, event)
