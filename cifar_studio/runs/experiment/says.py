"""What the trials of an experiment say together, by its kind, as plain values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.errors import StudioError
from cifar_studio.plain_text import plain
from cifar_studio.runs.analysis.folds import FoldsFigure, FoldsSummary, summarize_folds
from cifar_studio.runs.analysis.statistics import spread
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder, ExperimentState
from cifar_studio.runs.experiment.results import edges, figure_name
from cifar_studio.runs.experiment.trials import Trial
from cifar_studio.runs.experiment.words import setting_title, usable
from cifar_studio.runs.folder.library import Run, load


def said_together(state: ExperimentState, best: Trial | None) -> dict[str, object]:
    """The answer so far.

    Of a search the best trial, what matters and what lies at an edge; of seeds and folds number,
    mean and deviation. Of folds, which are few, the runs are read too.
    """
    experiment = state.experiment
    if experiment.kind == "search":
        kept = ExperimentFolder(state.path).read_importance()
        return {
            "best": {} if best is None else plain_value(best.parameters),
            "value": None if best is None else usable(best.value),
            "importance": kept.importance,
            "edges": [] if best is None else edge_words(best, experiment),
        }
    if experiment.kind not in ("seeds", "folds"):
        return {}
    ended = [trial.parts[0] for trial in state.trials if trial.state == "finished"]
    values = finished_values(state.trials)
    says: dict[str, object] = {
        **_spread_object(values),
        "figures": {
            figure_name(experiment): _spread_object(values),
            "best_epoch": _spread_object([part.best_epoch for part in ended]),
            "epochs": _spread_object([part.epochs for part in ended]),
            "seconds": _spread_object([usable(part.seconds) for part in ended]),
        },
    }
    folds = folds_summary(state) if experiment.kind == "folds" else None
    return says if folds is None else {**says, "folds": _folds_object(folds)}


def edge_words(best: Trial, experiment: Experiment) -> list[str]:
    """Sentences on the ranges at whose ends the best trial lies."""
    if not all(map(_is_usable, best.parameters.values())):
        return []
    return [edge.words(setting_title(edge.axis.key)) for edge in edges(best, experiment)]


def finished_values(trials: Sequence[Trial]) -> list[float | None]:
    """The figures of those that have finished."""
    return [usable(trial.value) for trial in trials if trial.state == "finished"]


def folds_summary(state: ExperimentState) -> FoldsSummary | None:
    """What the runs of the folds say; None where they cannot be read, or do not belong together."""
    runs = runs_of(state, [trial for trial in state.trials if trial.state == "finished"])
    try:
        return summarize_folds(runs)
    except StudioError:
        return None


def runs_of(state: ExperimentState, trials: Sequence[Trial]) -> list[Run]:
    """The runs of trials, of all their parts; without those that are gone or damaged."""
    found = []
    for part in (part for trial in trials for part in trial.parts):
        path = state.run_path(part)
        try:
            if path is not None:
                found.append(load(path))
        except (StudioError, OSError, ValueError):  # a name that is none for a file
            continue
    return found


def plain_value(value: Any) -> Any:
    """A value of a ledger as JSON can hold it, whatever it is."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {plain(str(key)): plain_value(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(one) for one in value]
    return value if _is_usable(value) else None


def _folds_object(folds: FoldsSummary) -> dict[str, object]:
    return {
        "k": folds.k,
        "n": folds.n,
        "mean_best_epoch": folds.mean_best_epoch,
        "figures": {name: _figure_object(figure) for name, figure in folds.figures.items()},
        "left_out": [plain(words) for words in folds.left_out],
    }


def _figure_object(figure: FoldsFigure) -> dict[str, object]:
    found = figure.spread
    return {
        "n": found.n,
        "mean": found.mean,
        "standard_deviation": found.standard_deviation,
        "standard_error": figure.standard_error,
        "low": figure.low,
        "high": figure.high,
    }


def _spread_object(values: Sequence[float | None]) -> dict[str, object]:
    found = spread(values)
    return {"n": found.n, "mean": found.mean, "standard_deviation": found.standard_deviation}


def _is_usable(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or abs(value) < 2**63
