"""`export` and `open`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cifar_studio.cli.options import (
    DataOption,
    JsonOption,
    RunsOption,
    experiment_folder,
    folder_of_runs,
    run_folder,
)
from cifar_studio.cli.usage import NAME
from cifar_studio.errors import BadInputError, StudioError
from cifar_studio.export.formats import (
    EVERYDAY,
    EXPERIMENT_FORMATS,
    FORMATS,
    checked_formats,
    inches_of,
)
from cifar_studio.plain_text import plain, printable
from cifar_studio.terminal import as_json, print_result, tell


def export(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN_FOLDER...|EXPERIMENT", show_default=False)
    ],
    to: Annotated[
        Path, typer.Option("--to", metavar="FOLDER", help="Where to; made if it is not there.")
    ],
    formats: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="FORMATS",
            help=f"Of {', '.join(FORMATS)}; of an experiment {', '.join(EXPERIMENT_FORMATS)}; "
            "with commas.",
        ),
    ] = ",".join(EVERYDAY),
    size: Annotated[
        str, typer.Option(metavar="WxH", help="Inches of each figure, such as 6x4.")
    ] = "",
    dpi: Annotated[int, typer.Option(help="Dots an inch of a PNG file.")] = 300,
    data: DataOption = "auto",
    json: JsonOption = False,
) -> None:
    """Write runs as tables, figures and networks into a folder, a folder of its name for each.

    An experiment, by its folder or its name, is written as tables, figures and one report.
    """
    from cifar_studio.cli.output.answers_console import export_in_console
    from cifar_studio.runner.protocol import ExportExperimentRequest, ExportRequest
    from cifar_studio.runner.worker_process import new_id

    width, height = inches_of(size) if size else (None, None)
    experiment = _only_experiment(runs)
    if experiment is not None:
        keys = checked_formats(formats.split(","), EXPERIMENT_FORMATS)
        asked = ExportExperimentRequest(
            id=new_id(),
            folder=str(experiment),
            to=str(to.absolute()),
            formats=list(keys),
            data=data,
            width_in=width,
            height_in=height,
            dpi=dpi,
        )
        raise typer.Exit(export_in_console(asked, json=json))
    request = ExportRequest(
        id=new_id(),
        folders=[str(run_folder(run)) for run in runs],
        to=str(to.absolute()),
        formats=list(checked_formats(formats.split(","))),
        data=data,
        width_in=width,
        height_in=height,
        dpi=dpi,
    )
    raise typer.Exit(export_in_console(request, json=json))


def _only_experiment(given: list[Path]) -> Path | None:
    """The experiment that is to leave; raises BadInputError for one among others."""
    found = [path for path in map(experiment_folder, given) if path is not None]
    if found and len(given) > 1:
        raise BadInputError(
            f"{found[0].name} is an experiment, and an experiment is exported by itself",
            "Export one after the other, each into a folder of its own",
        )
    return found[0] if found else None


def open_bundles(
    bundles: Annotated[list[Path], typer.Argument(metavar="BUNDLE...", show_default=False)],
    runs: RunsOption = None,
    json: JsonOption = False,
) -> None:
    """Put the runs of .cifarrun files into the folder of runs."""
    from cifar_studio.cli.output.signals import ended_by_signals
    from cifar_studio.runs.bundle.opening import open_bundle

    folder = folder_of_runs(runs)
    opened: list[dict[str, object]] = []
    exit_code = 0
    for bundle in bundles:
        try:
            with ended_by_signals():
                found = open_bundle(bundle, folder)
        except StudioError as error:
            exit_code = 2
            tell(f"{NAME}: {error}")
            continue
        run = str(found.path)
        opened.append(
            {"bundle": plain(str(bundle)), "run": plain(run), "was_there": found.was_there}
        )
        if found.was_there:
            tell(f"{bundle.name}: the same run was there already.")
        if not json:
            print_result(f"run: {printable(run)}")
    if json:
        print_result(as_json(opened))
    raise typer.Exit(exit_code)
