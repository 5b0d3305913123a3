"""What `cifar-studio evaluate` prints: the figures of an evaluation, as text and as JSON."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from cifar_studio.data.names import names_of
from cifar_studio.runs.analysis.calibration import calibrate
from cifar_studio.runs.analysis.metrics import (
    class_scores,
    most_confused,
    share_inside_superclass,
    superclass_accuracy,
)
from cifar_studio.runs.answers import RunEvaluated
from cifar_studio.runs.folder.evaluation import TEST_PICTURES, TRAINING_PICTURES, load_evaluation
from cifar_studio.runs.folder.run_folder import RunFolder

MOST_CONFUSED = 20


def figures_of(ended: RunEvaluated) -> dict[str, Any]:
    """Figures of a run's evaluation, read from its folder, with each class and frequent mistakes.

    The loss is in nats; precision, recall and F1 are from 0 to 1, all other shares percent;
    None where a figure has no meaning.

    Raises
    ------
    RunFolderError
        The folder was changed meanwhile.
    """
    folder = RunFolder(Path(ended.folder))
    is_training = ended.split == "train"
    names = names_of(folder.read_environment().data.name)
    answers = load_evaluation(
        folder.evaluation_file(ended.moment, is_training),
        TRAINING_PICTURES if is_training else TEST_PICTURES,
    )
    confusion_KK = answers.confusion
    scores = class_scores(confusion_KK)
    calibration = calibrate(answers.true, answers.predicted, answers.probabilities)
    superclass_of = names.superclass_of
    return {
        "folder": ended.folder,
        "moment": ended.moment,
        "split": ended.split,
        "epoch": ended.epoch,
        "pictures": ended.pictures,
        "loss": ended.loss,
        "top1": ended.top1,
        "top5": ended.top5,
        "superclass_accuracy": _in_percent(superclass_accuracy(confusion_KK, superclass_of)),
        "mistakes_inside_superclass": _in_percent(
            share_inside_superclass(confusion_KK, superclass_of)
        ),
        "expected_calibration_error": _in_percent(calibration.expected_error),
        "classes": [
            {
                "name": name,
                "superclass": names.superclass_names[superclass_of[label]],
                "precision": _or_none(scores.precision[label]),
                "recall": _or_none(scores.recall[label]),
                "f1": _or_none(scores.f1[label]),
                "support": int(scores.support[label]),
            }
            for label, name in enumerate(names.class_names)
        ],
        "most_confused": [
            {
                "true": names.class_names[true],
                "answer": names.class_names[predicted],
                "count": count,
                "support": int(scores.support[true]),
            }
            for true, predicted, count in most_confused(confusion_KK, MOST_CONFUSED)
        ],
    }


def as_text(figures: dict[str, Any]) -> str:
    """The ones that matter most, as two lines for a person."""
    loss = "not finite" if figures["loss"] is None else f"{figures['loss']:.4f}"
    split = "training" if figures["split"] == "train" else "test"
    return (
        f"top-1 {figures['top1']:.2f} %  top-5 {figures['top5']:.2f} %  loss {loss}  "
        f"({figures['pictures']:,} {split} pictures, epoch {figures['epoch']})\n"
        f"superclass {_percent(figures['superclass_accuracy'])}  "
        f"mistakes inside the superclass {_percent(figures['mistakes_inside_superclass'])}  "
        f"expected calibration error {_percent(figures['expected_calibration_error'])}"
    )


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{share:.2f} %"


def _in_percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _or_none(figure: float) -> float | None:
    return None if math.isnan(figure) else float(figure)
