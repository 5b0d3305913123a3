"""Answers what a person asks about one picture: why this class, and what training makes of it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.names import names_of
from cifar_studio.runner.protocol import AugmentRequest, ExplainRequest
from cifar_studio.runner.worker_process import new_id
from cifar_studio.runs import wording
from cifar_studio.runs.answers import Augmented, Explained, RequestFailed
from cifar_studio.runs.folder.library import Run
from cifar_studio.ui.controllers.latest_request import LatestRequest
from cifar_studio.ui.controllers.picture_loading import pictures_of
from cifar_studio.ui.pictures.data.picture_set import SIDE_PX, TEST_START, index_of
from cifar_studio.ui.pictures.view import PicturesView
from cifar_studio.ui.workers.helper_worker import HelperWorker

VERSIONS = 8
NOT_TRAINED_ON = "As training would show it; this picture is not trained on"
PLANNED = "As a training with the settings under Set up would show it"


class PictureDetailRequests(QObject):
    """Between the detail of the Pictures tab and the second worker."""

    def __init__(self, view: PicturesView, helper: HelperWorker, parent: QObject) -> None:
        super().__init__(parent)
        self._view = view
        self._explanation = LatestRequest(helper)
        self._versions = LatestRequest(helper)
        self._run: Run | None = None
        self._planned: TrainConfig | None = None
        view.detail.explain_requested.connect(self._on_explain_requested)
        view.detail.augmented_requested.connect(self._on_augmented_requested)

    def show_run(self, run: Run | None, *, is_other: bool) -> None:
        """The run whose network is asked, and whether it is another one than before."""
        self._run = run
        if is_other:  # its training shows other versions, and its network sees other things
            self._explanation.cancel()
            self._versions.cancel()
            self._view.detail.show_picture(self._view.detail.reference)

    def plan(self, config: TrainConfig | None) -> None:
        """What would be trained next: where no run is selected, versions are made for it."""
        self._planned = config

    def _on_explain_requested(self, reference: int, label: int | None) -> None:
        """Ask where the network finds a class in a picture; None means its likeliest one."""
        if self._run is None or self._view.shown is None:
            return
        pixels_HWC = self._view.shown.pixels(reference)
        request = ExplainRequest(
            id=new_id(), folder=str(self._run.path), pixels=pixels_HWC.tobytes(), label=label
        )
        self._explanation.ask(request, lambda event: self._on_explanation(reference, event))

    def _on_explanation(self, reference: int, event: object) -> None:
        detail = self._view.detail
        if isinstance(event, Explained):
            heat_HW = np.frombuffer(event.heat, dtype=np.float32).reshape(SIDE_PX, SIDE_PX)
            detail.show_explanation(heat_HW, self._explained(event), reference)
            if reference == detail.reference:
                detail.answer.bars.mark(event.label)
        elif isinstance(event, RequestFailed):
            detail.show_explanation(None, wording.failure(event), reference)

    def _explained(self, event: Explained) -> str:
        facts = self._run.environment.data if self._run and self._run.environment else None
        title = names_of(facts.name if facts else "").class_titles[event.label]
        return (
            f"Bright places speak for “{title}”. Grad-CAM at {event.layer}: a coarse map of "
            f"{event.map_height}×{event.map_width}, best epoch."
        )

    def _on_augmented_requested(self, reference: int) -> None:
        """Ask for the versions of a picture that training shows its network."""
        config = self._run.config if self._run is not None else self._planned
        if config is None or self._view.pictures is None:
            return
        data = pictures_of(self._run)
        if self._run is None and self._view.pictures.is_demo:
            data = "demo"
        request = AugmentRequest(
            id=new_id(),
            config=config,
            data=data,
            split="test" if reference >= TEST_START else "train",
            position=index_of(reference),
        )
        self._versions.ask(request, lambda event: self._on_versions(reference, event))

    def _on_versions(self, reference: int, event: object) -> None:
        if isinstance(event, Augmented):
            versions = [
                np.frombuffer(version, dtype=np.uint8).reshape(SIDE_PX, SIDE_PX, 3)
                for version in event.versions
            ]
            self._view.detail.show_augmented(versions, self._caption(event), reference, event.mixed)

    def _caption(self, event: Augmented) -> str:
        if self._run is None:
            return PLANNED
        if not event.is_trained_on:
            return NOT_TRAINED_ON
        epochs = self._run.config.epochs
        if epochs >= VERSIONS:
            return f"As training shows it in epochs 1 to {VERSIONS}"
        trained = f"epochs 1 to {epochs}" if epochs > 1 else "epoch 1"
        return f"As training shows it in {trained}, and as it would go on"
