"""Answers what a person asks about one picture: why this class, and what training makes of it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.names import names_of
from cifar_studio.runs.answers import Augmented, Explained
from cifar_studio.runs.folder.library import Run
from cifar_studio.ui.controllers.network_requests import NetworkRequests
from cifar_studio.ui.controllers.picture_loading import pictures_of
from cifar_studio.ui.pictures.data.picture_set import SIDE_PX, TEST_START, index_of
from cifar_studio.ui.pictures.view import PicturesView

VERSIONS = 8
NOT_TRAINED_ON = "As training would show it; this picture is not trained on"
PLANNED = "As a training with the settings under Set up would show it"


class PictureDetailRequests(QObject):
    """Between the detail of the Pictures tab and the second worker."""

    def __init__(
        self, view: PicturesView, questions: NetworkRequests, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._questions = questions
        self._run: Run | None = None
        self._planned: TrainConfig | None = None
        view.detail.explain_requested.connect(self._on_explain_requested)
        view.detail.augmented_requested.connect(self._on_augmented_requested)
        questions.explained.connect(self._on_explained)
        questions.not_explained.connect(self._on_not_explained)
        questions.augmented.connect(self._on_augmented)

    def show_run(self, run: Run | None) -> None:
        """The run whose network is asked."""
        self._run = run

    def plan(self, config: TrainConfig | None) -> None:
        """What would be trained next: where no run is selected, versions are made for it."""
        self._planned = config

    def _on_explain_requested(self, reference: int, label: object) -> None:
        if self._run is None or self._view.shown is None:
            return
        pixels_HWC = self._view.shown.pixels(reference)
        wished = label if isinstance(label, int) else None
        self._questions.explain(reference, str(self._run.path), pixels_HWC, wished)

    def _on_explained(self, reference: int, event: Explained) -> None:
        heat_HW = np.frombuffer(event.heat, dtype=np.float32).reshape(SIDE_PX, SIDE_PX)
        self._view.detail.show_explanation(heat_HW, self._explanation(event), reference)
        if reference == self._view.detail.reference:
            self._view.detail.answer.bars.mark(event.label)

    def _explanation(self, event: Explained) -> str:
        facts = self._run.environment.data if self._run and self._run.environment else None
        title = names_of(facts.name if facts else "").class_titles[event.label]
        return (
            f"Bright places speak for “{title}”. Grad-CAM at {event.layer}: a coarse map of "
            f"{event.map_height}×{event.map_width}, best epoch."
        )

    def _on_not_explained(self, reference: int, text: str) -> None:
        self._view.detail.show_explanation(None, text, reference)

    def _on_augmented_requested(self, reference: int) -> None:
        config = self._run.config if self._run is not None else self._planned
        if config is not None and self._view.pictures is not None:
            is_test = reference >= TEST_START
            data = pictures_of(self._run)
            if self._run is None and self._view.pictures.is_demo:
                data = "demo"
            self._questions.augment(reference, config, data, is_test, index_of(reference))

    def _on_augmented(self, reference: int, event: Augmented) -> None:
        versions = [
            np.frombuffer(version, dtype=np.uint8).reshape(SIDE_PX, SIDE_PX, 3)
            for version in event.versions
        ]
        caption = self._trained_on() if event.is_trained_on else NOT_TRAINED_ON
        self._view.detail.show_augmented(
            versions, caption if self._run is not None else PLANNED, reference
        )

    def _trained_on(self) -> str:
        epochs = self._run.config.epochs if self._run is not None else VERSIONS
        if epochs >= VERSIONS:
            return f"As training shows it in epochs 1 to {VERSIONS}"
        planned = f"epochs 1 to {epochs}" if epochs > 1 else "epoch 1"
        return f"As training shows it in {planned}, and as it would go on"
