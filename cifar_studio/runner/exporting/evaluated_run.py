"""A run with one of its evaluations, and what is said of it on what leaves the studio."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.names import ClassNames, names_of
from cifar_studio.errors import RunFolderError
from cifar_studio.export.figures.page import Caption
from cifar_studio.runs.analysis.metrics import accuracy
from cifar_studio.runs.folder import library
from cifar_studio.runs.folder.environment import DataFacts
from cifar_studio.runs.folder.evaluation import Evaluation, load_evaluation
from cifar_studio.runs.folder.events import Moment
from cifar_studio.runs.folder.run_folder import RunFolder, run_of
from cifar_studio.runs.wording import (
    data_of,
    dated_title,
    how_chosen,
    how_to_unlock,
    test_locked,
)

RunFigure = Literal["curves", "confusion", "calibration"]


@dataclass(frozen=True, eq=False)
class EvaluatedRun:
    """A run and one of its evaluations; `epoch` says which one, and what chose it."""

    title: str
    config: TrainConfig
    data: DataFacts
    names: ClassNames
    evaluation: Evaluation
    epoch: str

    @property
    def caption(self) -> Caption:
        """What stands above its figures."""
        parts = (
            data_of(self.config, data_title(self.data)),
            self.epoch,
            test_pictures(len(self.evaluation.true)),
            top1_words(self.evaluation.confusion),
        )
        return Caption(self.title, (" · ".join(parts),))


def load_evaluated(folder: Path, moment: Moment) -> EvaluatedRun:
    """Raises StudioError where the run, its data's name or the evaluation cannot be read."""
    run = library.load(run_of(folder))
    if run.is_test_locked:
        raise RunFolderError(
            f"{run.path.name} has no answers to test pictures: {test_locked(run.config).lower()}",
            how_to_unlock(run.config),
        )
    files = RunFolder(run.path)
    data = files.read_environment().data
    evaluation = load_evaluation(files.evaluation_file(moment))
    how = how_chosen(run) if moment == "best" else "latest"
    epoch = f"epoch {evaluation.epoch}, {how}"
    return EvaluatedRun(dated_title(run), run.config, data, names_of(data.name), evaluation, epoch)


def data_title(data: DataFacts) -> str:
    return "demo set" if data.is_demo else data.name


def test_pictures(count: int) -> str:
    return f"{count:,} test {'picture' if count == 1 else 'pictures'}"


def top1_words(confusion: NDArray[np.int64]) -> str:
    """ "top-1 27.99 %", or that there is none."""
    share = accuracy(confusion)
    return "no top-1" if share is None else f"top-1 {100 * share:.2f} %"
