"""Writes what an experiment says into a folder, in the formats asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from cifar_studio.export.formats import EXPERIMENT_FORMATS, checked_formats
from cifar_studio.export.tables.experiment_table import (
    fold_table,
    folds_table,
    importance_table,
    report_rows,
    spread_table,
    trial_table,
)
from cifar_studio.export.tables.report_table import report_table
from cifar_studio.export.tables.write_tables import Table, write_table_file
from cifar_studio.export.writing import write_export
from cifar_studio.runner.exporting.jobs import Job, write_jobs
from cifar_studio.runner.protocol import ExperimentFigure, ExportExperimentRequest
from cifar_studio.runs.answers import AnyEvent
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder, ExperimentState
from cifar_studio.runs.experiment.says import folds_summary, runs_of
from cifar_studio.runs.experiment.show import experiment_object
from cifar_studio.terminal import as_json


def export_experiment(request: ExportExperimentRequest) -> Iterator[AnyEvent]:
    """Write each file, as `write_jobs` does.

    Raises
    ------
    StudioError
        An unknown format, or a folder that is no experiment.
    """
    formats = checked_formats(request.formats, EXPERIMENT_FORMATS)
    state = ExperimentFolder(Path(request.folder)).read()
    to = Path(request.to)
    yield from write_jobs(list(_jobs(request, state, to, formats)), to)


def _jobs(
    request: ExportExperimentRequest, state: ExperimentState, to: Path, formats: Sequence[str]
) -> Iterator[Job]:
    figures = _figures(state) if any(map(_is_figure, formats)) else ()
    for key in formats:
        if key == "json":
            yield Job(to / "experiment.json", partial(_write_json, state))
        elif key == "html":
            yield _report(request, state, to / "report.html")
        elif _is_figure(key):
            for figure in figures:
                yield _figure(request, state, to / f"{figure}.{key}", figure)
        else:
            for name, table in _tables(state).items():
                yield Job(to / f"{name}.{key}", partial(write_table_file, table=table))


def _is_figure(key: str) -> bool:
    return EXPERIMENT_FORMATS[key].group == "Figures"


def _figures(state: ExperimentState) -> tuple[ExperimentFigure, ...]:
    from cifar_studio.runner.exporting.experiment_figures import figures_of

    return figures_of(state)


def _tables(state: ExperimentState) -> dict[str, Table]:
    """By the names of their files."""
    experiment = state.experiment
    tables: dict[str, Table] = {"trials": trial_table(state)}
    folds = folds_summary(state) if experiment.kind == "folds" else None
    if folds is not None:
        tables["folds"] = folds_table(folds)
    elif experiment.kind in ("seeds", "folds"):
        tables[experiment.kind] = spread_table(state)
    if len(experiment.parts) > 1:
        tables["folds"] = fold_table(state)
    if experiment.kind == "search":
        kept = ExperimentFolder(state.path).read_importance()
        if kept.importance:
            tables["importance"] = importance_table(kept.ranked(), kept.trials)
    if experiment.kind == "report":
        tables["table-2"] = report_table(runs_of(state, state.trials))
    return tables


def _figure(
    request: ExportExperimentRequest, state: ExperimentState, path: Path, figure: ExperimentFigure
) -> Job:
    def write(path: Path) -> None:
        from cifar_studio.runner.exporting.experiment_figures import write_figure

        write_figure(path, state, figure, request)

    return Job(path, write)


def _report(request: ExportExperimentRequest, state: ExperimentState, path: Path) -> Job:
    def write(path: Path) -> None:
        from cifar_studio.export.report.html_report import write_html_report
        from cifar_studio.runner.exporting.experiment_report import report_of_experiment

        write_html_report(path, report_of_experiment(state, request))

    return Job(path, write)


def _write_json(state: ExperimentState, path: Path) -> None:
    says = {"rows": report_rows(state)} if state.experiment.kind == "report" else None
    text = as_json(experiment_object(state, says), indent=2) + "\n"
    write_export(path, lambda file: file.write(text.encode()))
