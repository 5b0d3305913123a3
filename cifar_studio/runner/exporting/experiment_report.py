"""Gathers what the HTML report tells of an experiment, and of its best trial."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from cifar_studio import __version__
from cifar_studio.config.experiment.experiment import KIND_TITLES, METHOD_TITLES, PRUNING_TITLES
from cifar_studio.data.dataset import Dataset
from cifar_studio.errors import StudioError
from cifar_studio.export.report.experiment_methods import method_of_experiment, question_of
from cifar_studio.export.report.html_report import (
    Chapter,
    ExperimentChapter,
    Figure,
    Report,
)
from cifar_studio.export.report.references import references_of_experiment
from cifar_studio.export.tables.experiment_table import (
    best_table,
    fold_table,
    folds_table,
    importance_table,
    spread_table,
    trial_table,
)
from cifar_studio.export.tables.report_table import report_table
from cifar_studio.export.tables.sheet import Sheet
from cifar_studio.runner.exporting.experiment_figures import figures_of, write_figure
from cifar_studio.runner.exporting.html_material import chapter_of
from cifar_studio.runner.protocol import (
    ExperimentFigure,
    ExportExperimentRequest,
    ExportRequest,
)
from cifar_studio.runs.analysis.folds import FoldsSummary
from cifar_studio.runs.analysis.statistics import spread
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder, ExperimentState
from cifar_studio.runs.experiment.importance import Importance
from cifar_studio.runs.experiment.results import best_trial
from cifar_studio.runs.experiment.says import edge_words, finished_values, folds_summary, runs_of
from cifar_studio.runs.experiment.show import headline, progress_state
from cifar_studio.runs.experiment.words import (
    axis_words,
    figure_title,
    figure_words,
    number_of,
    parameter_words,
    setting_title,
    varied_keys,
)
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.wording import duration

_CAPTIONS: dict[ExperimentFigure, str] = {
    "history": "The figure of each trial in their order, and the best one so far.",
    "curves": "The learning curves of all trials. Those that were pruned are pale.",
    "parallel": (
        "Each line is a trial, each upright axis a setting; darker lines are better trials."
    ),
    "slices": "Each setting that was varied against the figure; a point is a trial.",
    "importance": "How much each setting decides. Shares add up to 100 %.",
    "band": "Loss and accuracy by epoch: the mean, and a band of one standard deviation.",
}


def report_of_experiment(state: ExperimentState, request: ExportExperimentRequest) -> Report:
    """The report of an experiment, with a chapter on the best trial of a search.

    Raises
    ------
    StudioError
        A figure's size is out of range, or there is no place for temporary files.
    """
    kind = state.experiment.kind
    importance = ExperimentFolder(state.path).read_importance()
    best = best_trial(state.trials, state.experiment)
    folds = folds_summary(state) if kind == "folds" else None
    runs = [] if best is None or kind == "queue" else runs_of(state, [best])[:1]
    if kind == "report":
        runs = runs_of(state, state.trials)
    chapters = tuple(_chapters(runs, request)) if kind == "search" else ()
    return Report(
        title=f"{KIND_TITLES[kind]}: {state.name}",
        subtitle=headline(state, sets=False),
        table=report_table(runs).sheet() if kind == "report" else None,
        figures=(),
        chapters=chapters,
        references=references_of_experiment(
            state.experiment, runs, has_importance=bool(importance.importance)
        ),
        studio=__version__,
        experiment=_experiment_chapter(state, request, importance, folds),
    )


def _experiment_chapter(
    state: ExperimentState,
    request: ExportExperimentRequest,
    importance: Importance,
    folds: FoldsSummary | None,
) -> ExperimentChapter:
    figures: list[Figure] = []
    gaps = list(_gaps(state))
    for figure in figures_of(state):
        try:
            figures.append(_drawn(state, figure, request))
        except StudioError as error:
            gaps.append(f"Without the figure {figure}: {error}")
    best = best_trial(state.trials, state.experiment)
    said = () if best is None else tuple(f"{x}." for x in edge_words(best, state.experiment))
    if folds is not None:
        said += tuple(f"{words}." for words in folds.left_out)
    return ExperimentChapter(
        title="The experiment",
        question=question_of(state.experiment),
        headline=tuple(_headline(state)),
        said=said,
        varied=tuple(_varied(state)),
        method=method_of_experiment(state, importance, folds),
        figures=tuple(figures),
        sheets=tuple(_sheets(state, importance, folds)),
        long_sheets=tuple(_long_sheets(state)),
        gaps=tuple(gaps),
    )


def _headline(state: ExperimentState) -> Iterator[tuple[str, str]]:
    experiment = state.experiment
    best = best_trial(state.trials, experiment)
    title = figure_title(experiment).partition(",")[0]
    if best is not None and experiment.kind == "search":
        yield f"Best {title}", figure_words(experiment, best.value)
        yield "Trial", str(best.number)
        for key in varied_keys(experiment, state.trials):
            if key in best.parameters:
                yield setting_title(key), parameter_words(best.parameters[key])
    elif experiment.kind in ("seeds", "folds"):
        found = spread(finished_values(state.trials))
        yield f"Mean {title}", figure_words(experiment, found.mean)
        if found.standard_deviation is not None:
            yield "Standard deviation", figure_words(experiment, found.standard_deviation)
        yield "n", str(found.n)
    seconds = sum(trial.seconds for trial in state.trials)
    if seconds:
        yield "Trained for", duration(seconds)


def _varied(state: ExperimentState) -> Iterator[tuple[str, str]]:
    experiment = state.experiment
    for axis in experiment.axes:
        yield setting_title(axis.key), axis_words(axis)
    if experiment.kind != "search":
        return
    yield "trials", METHOD_TITLES[experiment.method]
    if experiment.pruning != "none":
        yield "pruning", PRUNING_TITLES[experiment.pruning]
    if experiment.trials is not None:
        yield "at most", number_of(experiment.trials, "trial")
    if experiment.hours is not None:
        yield "no new trial after", f"{experiment.hours:g} h of training"


def _sheets(
    state: ExperimentState, importance: Importance, folds: FoldsSummary | None
) -> Iterator[Sheet]:
    kind = state.experiment.kind
    if kind == "search":
        yield best_table(state).sheet()
        if importance.importance:
            yield importance_table(importance.ranked(), importance.trials).sheet()
    elif folds is not None:
        yield folds_table(folds).sheet()
    elif kind in ("seeds", "folds"):
        yield spread_table(state).sheet()


def _long_sheets(state: ExperimentState) -> Iterator[Sheet]:
    yield trial_table(state).sheet()
    if len(state.experiment.parts) > 1:
        yield fold_table(state).sheet()


def _gaps(state: ExperimentState) -> Iterator[str]:
    if progress_state(state) != "finished":
        yield (
            "The experiment has not come to its end, and what it says may change. "
            "`cifar-studio experiment run` goes on with it."
        )
    failed = [trial for trial in state.trials if trial.state == "failed"]
    if failed:
        words = failed[0].message or "without a word"
        yield f"{number_of(len(failed), 'trial')} failed; trial {failed[0].number}: {words}"


def _chapters(runs: list[Run], request: ExportExperimentRequest) -> Iterator[Chapter]:
    found: dict[str, Dataset] = {}
    asked = ExportRequest(
        id=request.id,
        folders=[str(run.path) for run in runs],
        to=request.to,
        formats=["html"],
        data=request.data,
        width_in=request.width_in,
        height_in=request.height_in,
        dpi=request.dpi,
    )
    for run in runs:
        yield chapter_of(run, asked, found)


def _drawn(
    state: ExperimentState, figure: ExperimentFigure, request: ExportExperimentRequest
) -> Figure:
    with tempfile.TemporaryDirectory(prefix="cifar-studio-") as folder:
        path = Path(folder) / f"{figure}.svg"
        write_figure(path, state, figure, request)
        return Figure(path.read_bytes(), _CAPTIONS[figure])
