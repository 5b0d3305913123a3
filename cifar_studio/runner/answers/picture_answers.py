"""Answers about single pictures; window and command line ask here.

What is in one, where a class is seen, and what a training makes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.names import names_of
from cifar_studio.data.picture_file import read_picture
from cifar_studio.data.subset import choose_for, normalization
from cifar_studio.engine.answers.augmented_versions import augmented
from cifar_studio.engine.answers.grad_cam import explain
from cifar_studio.engine.answers.trained_network import load_network
from cifar_studio.errors import BadInputError
from cifar_studio.runner.protocol import AugmentRequest, ExplainRequest, PredictRequest
from cifar_studio.runs.answers import (
    AnyEvent,
    Augmented,
    Explained,
    MixedClasses,
    PictureRefused,
    Predicted,
    PredictionEnded,
)
from cifar_studio.runs.folder.run_folder import RunFolder, run_of

LIKELIEST = 5
_SHAPE = (32, 32, 3)


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


def explain_picture(request: ExplainRequest) -> Explained:
    """Grad-CAM of a picture for a class, or for the likeliest one.

    Raises
    ------
    StudioError
        No such class, no picture of 32x32, or the run has no network that can be read.
    """
    if len(request.pixels) != np.prod(_SHAPE):
        raise BadInputError("the picture is not 32x32", "Give 32 x 32 x 3 bytes")
    trained = load_network(RunFolder(run_of(Path(request.folder))), request.moment)
    image_HWC = np.frombuffer(request.pixels, dtype=np.uint8).reshape(_SHAPE)
    probabilities_K = trained.probabilities(image_HWC)
    label = int(probabilities_K.argmax()) if request.label is None else request.label
    if not 0 <= label < len(probabilities_K):
        raise BadInputError(f"there is no class {label}", "Give one from 0 to 99")
    explanation = explain(trained, image_HWC, label)
    return Explained(
        heat=explanation.heat_HW.tobytes(),
        layer=explanation.layer,
        map_height=explanation.map_size[0],
        map_width=explanation.map_size[1],
        label=label,
        probability=explanation.probability,
    )


def show_augmented(request: AugmentRequest) -> Augmented:
    """The first epochs' versions of one picture.

    Raises
    ------
    StudioError
        No such picture, or the data set cannot be read.
    """
    dataset = load_dataset(request.data)
    is_training = request.split == "train"
    split = dataset.train if is_training else dataset.test
    if not 0 <= request.position < len(split):
        raise BadInputError(
            f"there is no picture {request.position}", f"Give one from 0 to {len(split) - 1}"
        )
    trained_on = choose_for(request.config, dataset).train if is_training else np.empty(0, np.int64)
    made = augmented(
        request.config,
        split,
        request.position,
        trained_on,
        mean=_mean(request.config, request.data),
    )
    names = names_of(dataset.name).class_titles
    return Augmented(
        versions=tuple(version.tobytes() for version in made.images_VHWC),
        mixed=tuple(
            MixedClasses(names[mixed.label], mixed.share, names[mixed.partner]) if mixed else None
            for mixed in made.mixed_V
        ),
        is_trained_on=made.is_trained_on,
    )


@lru_cache(maxsize=1)
def _mean(config: TrainConfig, data: str) -> tuple[float, ...]:
    """What is left where a picture is blanked out: all training pictures have to be counted."""
    if not config.cutout and not config.random_erasing:
        return (0.5,) * 3
    dataset = load_dataset(data)
    mean, _ = normalization(config, dataset, choose_for(config, dataset))
    return tuple(mean)
