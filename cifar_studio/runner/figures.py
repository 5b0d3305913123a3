"""Figures of evaluated runs, from their folders to a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cifar_studio.data.names import ClassNames, names_of
from cifar_studio.errors import BadInputError
from cifar_studio.export import calibration_figure, confusion_figure
from cifar_studio.export.calibration_figure import save_calibration
from cifar_studio.export.confusion_figure import save_confusion
from cifar_studio.export.page import Caption, Size
from cifar_studio.runner.protocol import SaveFigureRequest
from cifar_studio.runs import library
from cifar_studio.runs.answers import FigureSaved
from cifar_studio.runs.calibration import calibrate
from cifar_studio.runs.comparison import compare
from cifar_studio.runs.confusion_cells import MINUS, cells_of
from cifar_studio.runs.environment import DataFacts
from cifar_studio.runs.evaluation import Evaluation, load_evaluation
from cifar_studio.runs.events import Moment
from cifar_studio.runs.folder import RunFolder, run_of
from cifar_studio.runs.metrics import accuracy
from cifar_studio.runs.titles import dated_title


@dataclass(frozen=True, eq=False)
class _Evaluated:
    """A run and one of its evaluations."""

    title: str
    data: DataFacts
    names: ClassNames
    evaluation: Evaluation
    epoch: str


def save_figure(request: SaveFigureRequest) -> FigureSaved:
    """Draw what is asked for and write it.

    Raises
    ------
    StudioError
        A run was not evaluated or is of other data than the one beside it, the size is out of
        range, or the file cannot be written.
    """
    if request.side != "a" and not request.beside:
        raise BadInputError(
            f"side {request.side} needs a second run", "Name one with beside, or choose side a"
        )
    path = Path(request.path)
    a = _load(request.folder, request.moment)
    b = _load(request.beside, "best") if request.beside else None
    if b is not None:
        _check_same_data(a, b)
    if request.figure == "calibration":
        _save_calibration(request, path, a, b)
    elif request.side == "difference" and b is not None:
        _save_difference(request, path, a, b)
    else:
        _save_matrix(request, path, a, b)
    return FigureSaved(path=request.path)


def _save_calibration(
    request: SaveFigureRequest, path: Path, a: _Evaluated, b: _Evaluated | None
) -> None:
    if request.side == "difference":
        raise BadInputError("there is no difference of two calibrations", "Choose side a or side b")
    shown = b if request.side == "b" and b is not None else a
    answers = shown.evaluation
    calibration = calibrate(answers.true, answers.predicted, answers.probabilities)
    caption = _caption(shown)
    if calibration.left_out:
        left_out = f"{calibration.left_out:,} answers without a finite probability are left out"
        caption = Caption(caption.title, (*caption.details, left_out))
    size = _size(request, calibration_figure.DEFAULT_IN)
    save_calibration(path, calibration, caption, size)


def _save_matrix(
    request: SaveFigureRequest, path: Path, a: _Evaluated, b: _Evaluated | None
) -> None:
    """Two runs beside each other share their colours, as they do in the window."""
    shown, other = (b, a) if request.side == "b" and b is not None else (a, b)
    cells = cells_of(shown.evaluation.confusion, shown.names, request.level)
    scaled_with = None
    if other is not None:
        scaled_with = cells_of(other.evaluation.confusion, other.names, request.level)
    save_confusion(
        path,
        cells,
        _caption(shown),
        _size(request, confusion_figure.DEFAULT_IN),
        percent=request.percent,
        logarithmic=request.logarithmic,
        scaled_with=scaled_with,
    )


def _save_difference(request: SaveFigureRequest, path: Path, a: _Evaluated, b: _Evaluated) -> None:
    """Over the pictures that both runs were tested on."""
    comparison = compare(a.evaluation, b.evaluation)
    if not comparison.pictures:
        raise BadInputError(
            "the two runs were tested on different pictures",
            "Choose a run that shares test pictures",
        )
    details = (
        f"A: {a.title} · {a.epoch} · {_top1(comparison.a)}",
        f"B: {b.title} · {b.epoch} · {_top1(comparison.b)}",
        f"{_data_title(a.data)} · {_test_pictures(comparison.pictures)} that both were tested on",
    )
    save_confusion(
        path,
        cells_of(comparison.a, a.names, request.level, comparison.b),
        Caption(f"Difference of two runs, A {MINUS} B", details),
        _size(request, confusion_figure.DEFAULT_IN),
        percent=request.percent,
        logarithmic=request.logarithmic,
    )


def _load(folder: str, moment: Moment) -> _Evaluated:
    """Raises StudioError where the run, its data's name or the evaluation cannot be read."""
    run = library.load(run_of(Path(folder)))
    files = RunFolder(run.path)
    data = files.read_environment().data
    evaluation = load_evaluation(files.evaluation_file(moment))
    validated = bool(run.rows) and all(row.val_top1 is not None for row in run.rows)
    chosen = "best on validation" if validated else "best on test (selected)"
    epoch = f"epoch {evaluation.epoch}, {chosen if moment == 'best' else 'latest'}"
    return _Evaluated(dated_title(run), data, names_of(data.name), evaluation, epoch)


def _check_same_data(a: _Evaluated, b: _Evaluated) -> None:
    """Where a digest is missing, `compare` still looks at each picture's class."""
    digests = {a.data.digest, b.data.digest} - {""}
    if a.data.is_demo != b.data.is_demo or len(digests) > 1:
        raise BadInputError(
            "the two runs were tested on different data", "Choose a run on the same data"
        )


def _caption(shown: _Evaluated) -> Caption:
    evaluation = shown.evaluation
    parts = (
        _data_title(shown.data),
        shown.epoch,
        _test_pictures(len(evaluation.true)),
        _top1(evaluation.confusion),
    )
    return Caption(shown.title, (" · ".join(parts),))


def _data_title(data: DataFacts) -> str:
    return "demo set" if data.is_demo else data.name


def _test_pictures(count: int) -> str:
    return f"{count:,} test {'picture' if count == 1 else 'pictures'}"


def _top1(confusion: NDArray[np.int64]) -> str:
    share = accuracy(confusion)
    return "no top-1" if share is None else f"top-1 {100 * share:.2f} %"


def _size(request: SaveFigureRequest, otherwise: tuple[float, float]) -> Size:
    """Raises BadInputError where it is out of range."""
    width, height = request.width_in, request.height_in
    return Size(
        otherwise[0] if width is None else width,
        otherwise[1] if height is None else height,
        request.dpi,
    )
