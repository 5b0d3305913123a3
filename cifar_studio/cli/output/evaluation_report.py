"""What `cifar-studio evaluate` prints: the figures of an evaluation, as text and as JSON."""

from __future__ import annotations

import math
from pathlib import Path

from cifar_studio.data.names import ClassNames, names_of
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


class EvaluationReport:
    """Figures of a run's evaluation, read from its folder.

    Parameters
    ----------
    ended : RunEvaluated
        What was evaluated.

    Raises
    ------
    RunFolderError
        The folder was changed meanwhile.
    """

    def __init__(self, ended: RunEvaluated) -> None:
        folder = RunFolder(Path(ended.folder))
        is_training = ended.split == "train"
        self._ended = ended
        self._names = names_of(folder.read_environment().data.name)
        self._evaluation = load_evaluation(
            folder.evaluation_file(ended.moment, is_training),
            TRAINING_PICTURES if is_training else TEST_PICTURES,
        )
        self._confusion_KK = self._evaluation.confusion
        answers = self._evaluation
        self._error = calibrate(
            answers.true, answers.predicted, answers.probabilities
        ).expected_error
        self._superclass_top1 = superclass_accuracy(self._confusion_KK, self._names.superclass_of)
        self._inside = share_inside_superclass(self._confusion_KK, self._names.superclass_of)

    def as_text(self) -> str:
        """Two lines for a person."""
        ended = self._ended
        loss = "not finite" if ended.loss is None else f"{ended.loss:.4f}"
        split = "training" if ended.split == "train" else "test"
        return (
            f"top-1 {ended.top1:.2f} %  top-5 {ended.top5:.2f} %  loss {loss}  "
            f"({ended.pictures:,} {split} pictures, epoch {ended.epoch})\n"
            f"superclass {_percent(self._superclass_top1)}  "
            f"mistakes inside the superclass {_percent(self._inside)}  "
            f"expected calibration error {_percent(self._error)}"
        )

    def as_object(self) -> dict[str, object]:
        """The same for a script, with each class and the most frequent mistakes.

        The loss is in nats; precision, recall and F1 are from 0 to 1, all other shares percent;
        null where a figure has no meaning.
        """
        names: ClassNames = self._names
        scores = class_scores(self._confusion_KK)
        classes = [
            {
                "name": name,
                "superclass": names.superclass_names[names.superclass_of[label]],
                "precision": _or_none(scores.precision[label]),
                "recall": _or_none(scores.recall[label]),
                "f1": _or_none(scores.f1[label]),
                "support": int(scores.support[label]),
            }
            for label, name in enumerate(names.class_names)
        ]
        return {
            "folder": self._ended.folder,
            "moment": self._ended.moment,
            "split": self._ended.split,
            "epoch": self._ended.epoch,
            "pictures": self._ended.pictures,
            "loss": self._ended.loss,
            "top1": self._ended.top1,
            "top5": self._ended.top5,
            "superclass_accuracy": _in_percent(self._superclass_top1),
            "mistakes_inside_superclass": _in_percent(self._inside),
            "expected_calibration_error": _in_percent(self._error),
            "classes": classes,
            "most_confused": [
                {
                    "true": names.class_names[true],
                    "answer": names.class_names[said],
                    "count": count,
                    "support": int(scores.support[true]),
                }
                for true, said, count in most_confused(self._confusion_KK, MOST_CONFUSED)
            ],
        }


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{100 * share:.2f} %"


def _in_percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _or_none(figure: float) -> float | None:
    return None if math.isnan(figure) else float(figure)
