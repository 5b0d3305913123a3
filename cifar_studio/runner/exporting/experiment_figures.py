"""Figures of an experiment, from its folder and those of its runs to a file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cifar_studio.errors import BadInputError
from cifar_studio.export.figures import curves_figure
from cifar_studio.export.figures.curves_figure import Curves, save_curves
from cifar_studio.export.figures.experiment import (
    history_figure,
    importance_figure,
    parallel_figure,
    slices_figure,
    trial_curves_figure,
)
from cifar_studio.export.figures.experiment.trial_curves_figure import TrialCurve
from cifar_studio.export.figures.page import Caption
from cifar_studio.runner.exporting.curve_figures import size_of
from cifar_studio.runner.protocol import (
    ExperimentFigure,
    FiguresRequest,
    SaveExperimentFigureRequest,
)
from cifar_studio.runs.analysis.seeds import is_complete, mean_curves
from cifar_studio.runs.answers import FigureSaved
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder, ExperimentState
from cifar_studio.runs.experiment.results import best_trial, figure_name
from cifar_studio.runs.experiment.says import runs_of
from cifar_studio.runs.experiment.show import headline
from cifar_studio.runs.experiment.trials import Trial
from cifar_studio.runs.experiment.words import (
    axis_words,
    figure_title,
    number_of,
    parameters_words,
    setting_title,
    usable,
    varied_keys,
)
from cifar_studio.runs.folder.epochs import read_rows
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.runs.wording import training_caption


def figures_of(state: ExperimentState) -> tuple[ExperimentFigure, ...]:
    """The figures that tell something of an experiment of its kind."""
    match state.experiment.kind:
        case "search":
            has_importance = ExperimentFolder(state.path).read_importance().importance
            importance: tuple[ExperimentFigure, ...] = ("importance",) if has_importance else ()
            return ("history", "curves", "parallel", "slices", *importance)
        case "seeds" | "folds":
            return ("band", "curves")
    return ("curves",)


def save_experiment_figure(request: SaveExperimentFigureRequest) -> FigureSaved:
    """Draw what is asked for and write it.

    Raises
    ------
    StudioError
        The experiment cannot be read or has no such figure, the size is out of range, or the file
        cannot be written.
    """
    state = ExperimentFolder(Path(request.folder)).read()
    write_figure(Path(request.path), state, request.figure, request)
    return FigureSaved(path=request.path)


def write_figure(
    path: Path, state: ExperimentState, figure: ExperimentFigure, request: FiguresRequest
) -> None:
    """Write one figure; raises as `save_experiment_figure`."""
    kind, caption = state.experiment.kind, caption_of(state)
    if (figure == "band") != (kind in ("seeds", "folds")) and figure != "curves":
        raise BadInputError(
            f"an experiment of kind {kind} has no figure {figure}",
            f"Choose from {', '.join(figures_of(state))}",
        )
    match figure:
        case "history":
            size = size_of(request, history_figure.DEFAULT_IN)
            history_figure.save_history(path, state, caption, size)
        case "curves":
            size = size_of(request, trial_curves_figure.DEFAULT_IN)
            title = figure_title(state.experiment)
            trial_curves_figure.save_trial_curves(path, trial_curves(state), title, caption, size)
        case "parallel":
            size = size_of(request, parallel_figure.DEFAULT_IN)
            parallel_figure.save_parallel(path, state, caption, size)
        case "slices":
            size = size_of(request, slices_figure.default_in(state))
            slices_figure.save_slices(path, state, caption, size)
        case "importance":
            importance = ExperimentFolder(state.path).read_importance()
            size = size_of(request, importance_figure.default_in(importance))
            importance_figure.save_importance(path, importance, caption, size)
        case "band":
            _save_band(path, state, request)


def caption_of(state: ExperimentState) -> Caption:
    """What stands above its figures: where it stands, and what the best trial sets."""
    details = [headline(state, sets=False)]
    best = best_trial(state.trials, state.experiment)
    if state.experiment.kind == "search":
        keys = varied_keys(state.experiment, state.trials)
        if best is not None:
            details.append(f"Best: {parameters_words(best.parameters, keys)}")
        else:
            axes = (f"{setting_title(one.key)} {axis_words(one)}" for one in state.experiment.axes)
            details.append("; ".join(axes))
    return Caption(state.name, tuple(details))


def trial_curves(state: ExperimentState) -> list[TrialCurve]:
    """The figure of each trial by epoch, of those with a run that can be read."""
    best = best_trial(state.trials, state.experiment)
    is_search = state.experiment.kind == "search"
    curves = []
    for trial in state.trials:
        by_epoch = _by_epoch(state, trial)
        if by_epoch:
            epochs = sorted(by_epoch)
            curves.append(
                TrialCurve(
                    number=trial.number,
                    epochs=np.array(epochs, dtype=float),
                    values=np.array([by_epoch[epoch] for epoch in epochs], dtype=float),
                    is_pruned=trial.state == "pruned",
                    is_best=is_search and trial is best,
                )
            )
    return curves


def _by_epoch(state: ExperimentState, trial: Trial) -> dict[int, float]:
    """The figure by epoch; of a trial of several folds their mean, where all have the epoch."""
    name = figure_name(state.experiment)
    found: list[dict[int, float]] = []
    for part in trial.parts:
        path = state.run_path(part)
        try:
            rows = [] if path is None else read_rows(RunFolder(path).epochs_file)
        except (OSError, ValueError):  # a name that is none for a file
            rows = []
        values = ((row.epoch, usable(getattr(row, name))) for row in rows)
        found.append({epoch: math.nan if value is None else value for epoch, value in values})
    shared = set.intersection(*map(set, found))
    return {epoch: sum(values[epoch] for values in found) / len(found) for epoch in shared}


def _save_band(path: Path, state: ExperimentState, request: FiguresRequest) -> None:
    runs = [run for run in runs_of(state, state.trials) if is_complete(run)]
    size = size_of(request, curves_figure.DEFAULT_IN["both"])
    if not runs:
        raise BadInputError("no training has come to its end", "Wait for one")
    caption = caption_of(state)
    what = "fold" if state.experiment.kind == "folds" else "seed"
    words = f"Mean over {number_of(len(runs), what)}"
    words += "; the band is one standard deviation." if len(runs) > 1 else "."
    caption = Caption(caption.title, (*caption.details, words))
    save_curves(path, [mean_of(runs)], caption, size)


def mean_of(runs: Sequence[Run]) -> Curves:
    """Mean and deviation of whole runs, as curves with a band."""
    mean, config = mean_curves(runs), runs[0].config
    return Curves(
        title="mean",
        rows=mean.rows,
        epochs=config.epochs,
        training=training_caption(config),
        deviations=mean.deviations if mean.n > 1 else {},
        locks_test_set=config.locks_test_set,
    )
