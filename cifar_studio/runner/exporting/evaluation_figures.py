"""Figures of evaluated runs, from their folders to a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cifar_studio.errors import BadInputError
from cifar_studio.export.figures import calibration_figure, confusion_figure
from cifar_studio.export.figures.calibration_figure import save_calibration
from cifar_studio.export.figures.confusion_figure import save_confusion
from cifar_studio.export.figures.curves_figure import DEFAULT_IN, save_curves
from cifar_studio.export.figures.page import Caption
from cifar_studio.runner.exporting.curve_figures import caption_of, curves_of, size_of
from cifar_studio.runner.exporting.evaluated_run import (
    EvaluatedRun,
    RunFigure,
    data_title,
    load_evaluated,
    test_pictures,
    top1_words,
)
from cifar_studio.runner.protocol import ExportRequest, SaveFigureRequest
from cifar_studio.runs.analysis.calibration import calibrate
from cifar_studio.runs.analysis.comparability import comparability
from cifar_studio.runs.analysis.comparison import compare
from cifar_studio.runs.analysis.confusion_cells import cells_of
from cifar_studio.runs.answers import FigureSaved
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.wording import MINUS


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
    a = load_evaluated(Path(request.folder), request.moment)
    b = load_evaluated(Path(request.beside), "best") if request.beside else None
    if b is not None:
        _check_same_data(a, b)
    shown, other = (b, a) if request.side == "b" and b is not None else (a, b)
    if request.figure == "calibration":
        _save_calibration(request, shown)
    elif request.side == "difference" and b is not None:
        _save_difference(request, a, b)
    else:
        _save_matrix(request, shown, other)
    return FigureSaved(path=request.path)


def _save_calibration(request: SaveFigureRequest, shown: EvaluatedRun) -> None:
    if request.side == "difference":
        raise BadInputError("there is no difference of two calibrations", "Choose side a or side b")
    answers = shown.evaluation
    calibration = calibrate(answers.true, answers.predicted, answers.probabilities)
    caption = shown.caption
    if calibration.left_out:
        left_out = f"{calibration.left_out:,} answers without a finite probability are left out"
        caption = Caption(caption.title, (*caption.details, left_out))
    size = size_of(request, calibration_figure.DEFAULT_IN)
    save_calibration(Path(request.path), calibration, caption, size)


def _save_matrix(
    request: SaveFigureRequest, shown: EvaluatedRun, other: EvaluatedRun | None
) -> None:
    """Two runs beside each other share their colours, as they do in the window."""
    cells = cells_of(shown.evaluation.confusion, shown.names, request.level)
    scaled_with = None
    if other is not None:
        scaled_with = cells_of(other.evaluation.confusion, other.names, request.level)
    save_confusion(
        Path(request.path),
        cells,
        shown.caption,
        size_of(request, confusion_figure.DEFAULT_IN),
        percent=request.percent,
        logarithmic=request.logarithmic,
        scaled_with=scaled_with,
    )


def _save_difference(request: SaveFigureRequest, a: EvaluatedRun, b: EvaluatedRun) -> None:
    """Over the pictures that both runs were tested on."""
    comparison = compare(a.evaluation, b.evaluation)
    if not comparison.pictures:
        raise BadInputError(
            "the two runs were tested on different pictures",
            "Choose a run that shares test pictures",
        )
    details = (
        f"A: {a.title} · {a.epoch} · {top1_words(comparison.a)}",
        f"B: {b.title} · {b.epoch} · {top1_words(comparison.b)}",
        f"{data_title(a.data)} · {test_pictures(comparison.pictures)} that both were tested on",
    )
    save_confusion(
        Path(request.path),
        cells_of(comparison.a, a.names, request.level, comparison.b),
        Caption(f"Difference of two runs, A {MINUS} B", details),
        size_of(request, confusion_figure.DEFAULT_IN),
        percent=request.percent,
        logarithmic=request.logarithmic,
    )


def _check_same_data(a: EvaluatedRun, b: EvaluatedRun) -> None:
    """Where a digest is missing, `compare` still looks at each picture's class."""
    digests = {a.data.digest, b.data.digest} - {""}
    if a.data.is_demo != b.data.is_demo or len(digests) > 1:
        raise BadInputError(
            "the two runs were tested on different data", "Choose a run on the same data"
        )


def save_run_figure(
    path: Path, runs: Sequence[Run], figure: RunFigure, request: ExportRequest
) -> None:
    """Write the curves of runs, or the confusion or calibration of the first one.

    Raises
    ------
    StudioError
        The run was not evaluated, the size is out of range, or the file cannot be written.
    """
    if figure == "curves":
        report = comparability(runs[0]).result if len(runs) == 1 else None
        size = size_of(request, DEFAULT_IN["both"])
        save_curves(path, [curves_of(run) for run in runs], caption_of(runs), size, report=report)
        return
    save_figure(
        SaveFigureRequest(
            id=request.id,
            folder=str(runs[0].path),
            path=str(path),
            figure=figure,
            width_in=request.width_in,
            height_in=request.height_in,
            dpi=request.dpi,
        )
    )
