"""Writes runs into a folder, in the formats asked for, one file after another."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import get_args

from cifar_studio.data.names import ClassNames
from cifar_studio.errors import BadInputError
from cifar_studio.export.formats import FORMATS, checked_formats
from cifar_studio.export.networks.script import write_network_code, write_script
from cifar_studio.export.tables.evaluation_tables import (
    class_table,
    confusion_table,
    prediction_table,
)
from cifar_studio.export.tables.report_table import report_table
from cifar_studio.export.tables.sheet import PlainTable
from cifar_studio.export.tables.write_tables import write_table_file
from cifar_studio.export.writing import write_export
from cifar_studio.reading import open_file
from cifar_studio.runner.exporting.evaluated_run import EvaluatedRun, RunFigure, load_evaluated
from cifar_studio.runner.exporting.jobs import Job, write_jobs
from cifar_studio.runner.protocol import ExportRequest
from cifar_studio.runs.answers import AnyEvent
from cifar_studio.runs.bundle.manifest import SUFFIX
from cifar_studio.runs.bundle.writing import write_bundle
from cifar_studio.runs.folder.evaluation import Evaluation
from cifar_studio.runs.folder.library import Run, load
from cifar_studio.runs.folder.run_folder import RunFolder, run_of

_TABLES, _FIGURES = ("csv", "md", "tex"), ("png", "svg", "pdf")
_RUN_FIGURES: tuple[RunFigure, ...] = get_args(RunFigure)


def export_runs(request: ExportRequest) -> Iterator[AnyEvent]:
    """Write each file, as `write_jobs` does.

    Raises
    ------
    StudioError
        An unknown format, a folder that is no run, or a place that cannot be written.
    """
    formats = checked_formats(request.formats)
    to = Path(request.to)
    runs = [load(run_of(Path(folder))) for folder in request.folders]
    if not runs:
        raise BadInputError("no run is given", "Name one run folder, or several")
    yield from write_jobs(list(_jobs(request, runs, to, formats)), to)


def _jobs(
    request: ExportRequest, runs: Sequence[Run], to: Path, formats: Sequence[str]
) -> Iterator[Job]:
    for key in formats:
        if key in _TABLES:
            table = report_table(runs, request.rule)
            yield Job(to / f"table-2.{key}", partial(write_table_file, table=table))
        elif key in _FIGURES and len(runs) > 1:
            yield _figure(request, runs, to / f"curves.{key}", "curves")
        elif key == "html":
            yield _report(request, runs, to / "report.html")
    for run in runs:
        folder = to / run.path.name
        # Read when the first file needs it, and once.
        evaluated = cache(partial(load_evaluated, run.path, "best"))
        networks = [key for key in formats if FORMATS[key].group == "Networks"]
        for key in formats:
            if key in _TABLES:
                yield from _tables(run, folder, key, evaluated)
            elif key in _FIGURES:
                for figure in _RUN_FIGURES:
                    yield _figure(request, [run], folder / f"{figure}.{key}", figure)
        if networks:
            yield from _networks(request, run, folder, networks)
        if "script" in formats:
            yield Job(folder / "train.py", partial(write_script, run=run))
        if "bundle" in formats:
            bundle = to / f"{run.path.name}{SUFFIX}"
            yield Job(bundle, partial(write_bundle, run=run.path))


def _tables(
    run: Run, folder: Path, key: str, evaluated: Callable[[], EvaluatedRun]
) -> Iterator[Job]:
    if key == "csv":
        yield Job(folder / "epochs.csv", partial(_copy, RunFolder(run.path).epochs_file))
    tables: dict[str, Callable[[Evaluation, ClassNames], PlainTable]] = {
        "classes": partial(class_table, level="classes"),
        "superclasses": partial(class_table, level="superclasses"),
        "confusion-superclasses": partial(confusion_table, level="superclasses"),
        "answers": prediction_table,
    }
    if key == "csv":  # a hundred columns fit no page
        tables["confusion-classes"] = partial(confusion_table, level="classes")

    def write(table_of: Callable[[Evaluation, ClassNames], PlainTable], path: Path) -> None:
        one = evaluated()
        write_table_file(path, table_of(one.evaluation, one.names))

    for name, table_of in tables.items():
        yield Job(folder / f"{name}.{key}", partial(write, table_of))


def _figure(request: ExportRequest, runs: Sequence[Run], path: Path, figure: RunFigure) -> Job:
    def write(path: Path) -> None:
        from cifar_studio.runner.exporting.evaluation_figures import save_run_figure

        save_run_figure(path, runs, figure, request)

    return Job(path, write)


def _report(request: ExportRequest, runs: Sequence[Run], path: Path) -> Job:
    def write(path: Path) -> None:
        from cifar_studio.export.report.html_report import write_html_report
        from cifar_studio.runner.exporting.html_material import report_of

        write_html_report(path, report_of(runs, request))

    return Job(path, write)


def _networks(
    request: ExportRequest, run: Run, folder: Path, formats: Sequence[str]
) -> Iterator[Job]:
    from cifar_studio.runner.exporting.network_export import NetworkExport

    network = NetworkExport(run, request.data)
    names = {"weights": "weights.safetensors", "program": "network.pt2", "onnx": "network.onnx"}
    for key in formats:
        yield Job(folder / names[key], partial(network.write, key))
    if "weights" in formats:
        yield Job(folder / "network.py", partial(write_network_code, run=run))


def _copy(source: Path, target: Path) -> None:
    """A file as it is. Raises BadInputError."""
    try:
        with open_file(source) as file:
            write_export(target, partial(shutil.copyfileobj, file))
    except FileNotFoundError as error:
        raise BadInputError("no epoch of it has ended", "Train it to the end of one") from error
    except OSError as error:
        raise BadInputError(
            f"{source} cannot be read ({error.strerror or error})", "Mend the run folder"
        ) from error
