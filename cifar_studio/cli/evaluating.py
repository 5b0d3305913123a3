"""`evaluate`, `predict` and `runs`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cifar_studio import paths, terminal
from cifar_studio.cli.options import (
    DataOption,
    JsonOption,
    LastOption,
    RunArgument,
    RunsOption,
    run_folder,
)
from cifar_studio.cli.usage import NAME
from cifar_studio.errors import BadInputError


def evaluate(
    run: RunArgument,
    last: LastOption = False,
    split: Annotated[
        str,
        typer.Option(
            metavar="SPLIT", help="test, or train: the training pictures without augmentation."
        ),
    ] = "test",
    data: DataOption = "auto",
    json: JsonOption = False,
) -> None:
    """Evaluate a run's network and keep the arrays in its folder; prints top-1 and top-5."""
    if split not in ("test", "train"):
        raise BadInputError(f"there is no split {split}", "Use --split test or --split train")
    from cifar_studio.cli.output.answers_console import evaluate_in_console
    from cifar_studio.runner.protocol import EvaluateRequest
    from cifar_studio.runner.worker_process import new_id

    request = EvaluateRequest(
        id=new_id(),
        folder=str(run_folder(run)),
        moment="last" if last else "best",
        split="train" if split == "train" else "test",
        data=data,
    )
    evaluate_in_console(request, json=json)


def predict(
    run: RunArgument,
    pictures: Annotated[list[Path], typer.Argument(metavar="PICTURE...", show_default=False)],
    last: LastOption = False,
    json: JsonOption = False,
) -> None:
    """Name the five likeliest classes of picture files of your own."""
    from cifar_studio.cli.output.answers_console import predict_in_console
    from cifar_studio.runner.protocol import PredictRequest
    from cifar_studio.runner.worker_process import new_id

    request = PredictRequest(
        id=new_id(),
        folder=str(run_folder(run)),
        pictures=[str(picture) for picture in pictures],
        moment="last" if last else "best",
    )
    raise typer.Exit(predict_in_console(request, json=json))


def runs(runs: RunsOption = None, json: JsonOption = False) -> None:
    """List the library, one run a line, newest first."""
    from cifar_studio.cli.output.listing import list_folder, runs_as_json, runs_as_text

    folder = runs or paths.runs_folder()
    found, notices = list_folder(folder, must_exist=runs is not None)
    for notice in notices:
        terminal.tell(f"{NAME}: {notice}")
    if json or found:
        terminal.print_result(runs_as_json(found) if json else runs_as_text(found))
    elif not notices:
        terminal.tell(f"{NAME}: there are no runs in {folder}.")
