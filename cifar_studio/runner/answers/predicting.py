"""Lets a run's network name what is in picture files; window and command line ask here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cifar_studio.data.names import names_of
from cifar_studio.data.picture_file import read_picture
from cifar_studio.engine.answers.trained_network import load_network
from cifar_studio.errors import BadInputError
from cifar_studio.runner.protocol import PredictRequest
from cifar_studio.runs.answers import AnyEvent, PictureRefused, Predicted, PredictionEnded
from cifar_studio.runs.folder.run_folder import RunFolder, run_of

LIKELIEST = 5


def predict(request: PredictRequest) -> Iterator[AnyEvent]:
    """Answer picture by picture, in their order.

    Yields
    ------
    Predicted or PictureRefused for each, and PredictionEnded last.

    Raises
    ------
    StudioError
        The run has no network that can be read.
    """
    trained = load_network(RunFolder(run_of(Path(request.folder))), request.moment)
    names = names_of(trained.environment.data.name).class_names
    for picture in request.pictures:
        try:
            image_HWC = read_picture(Path(picture))
        except BadInputError as error:
            yield PictureRefused(picture=picture, message=error.fault, remedy=error.remedy)
            continue
        probabilities_K = trained.probabilities(image_HWC)
        # A stable sort ranks equals by class number, as evaluations do.
        likeliest = np.argsort(-probabilities_K, kind="stable")[:LIKELIEST].tolist()
        yield Predicted(
            picture=picture,
            pixels=image_HWC.tobytes(),
            classes=tuple(likeliest),
            names=tuple(names[label] for label in likeliest),
            probabilities=tuple(float(probabilities_K[label]) for label in likeliest),
        )
    yield PredictionEnded(epoch=trained.epoch)
