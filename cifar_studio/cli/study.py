"""`study`: many runs, one after another."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cifar_studio.cli.making import data_words
from cifar_studio.cli.options import DataOption, JsonOption, RunsOption, folder_of_runs
from cifar_studio.cli.usage import NAME
from cifar_studio.config.study import FULL, SHORT, StudySize, study_runs

study = typer.Typer(help="Many runs, one after another.")


@study.callback()
def _many() -> None:
    """Many runs, one after another."""


@study.command()
def report(
    short: Annotated[
        bool,
        typer.Option("--short", help="3 epochs with 100 training pictures a class; marked so."),
    ] = False,
    as_printed: Annotated[
        bool,
        typer.Option(
            "--as-printed",
            help="With the weight decay of 0.005 that the report prints, not the 0.0005 that "
            "repeats its figures.",
        ),
    ] = False,
    epochs: Annotated[int | None, typer.Option(help="Of every run.")] = None,
    train_per_class: Annotated[int | None, typer.Option(help="Training pictures.")] = None,
    test_per_class: Annotated[int | None, typer.Option(help="Test pictures.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each kind.")] = 1,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Another setting of all runs; repeatable."),
    ] = None,
    data: DataOption = "auto",
    runs: RunsOption = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only say how long it takes.")
    ] = False,
    table: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the table there too: .csv, .tsv, .md or .tex."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Repeat the report's six runs, then print its Table 2. Given again, it goes on."""
    from cifar_studio.cli.output.study_console import study_in_console
    from cifar_studio.runs.experiment.report import report_name

    base = SHORT if short else FULL
    size = StudySize(
        epochs=base.epochs if epochs is None else epochs,
        train_per_class=base.train_per_class if train_per_class is None else train_per_class,
        test_per_class=base.test_per_class if test_per_class is None else test_per_class,
        seeds=seeds,
    )
    folder = folder_of_runs(runs)
    code = study_in_console(
        study_runs(size, settings or [], as_printed=as_printed),
        report_name(size, as_printed=as_printed),
        data=data_words(data),
        folder=folder,
        command=[NAME, *sys.argv[1:]],
        estimate_only=estimate,
        table=table,
        json=json,
    )
    raise typer.Exit(code)
