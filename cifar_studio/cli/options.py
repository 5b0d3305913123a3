"""Options that several commands share, and what is made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cifar_studio import paths
from cifar_studio.cli.usage import NAME
from cifar_studio.errors import BadInputError

RunsOption = Annotated[
    Path | None,
    typer.Option("--runs", metavar="FOLDER", help="Folder of runs; default: your data folder."),
]
DataOption = Annotated[
    str,
    typer.Option(
        "--data",
        metavar="demo|FOLDER",
        help="'demo', or the folder cifar-100-python, one that holds it, or its archive.",
    ),
]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN_FOLDER", show_default=False)]
LastOption = Annotated[
    bool, typer.Option("--last", help="The latest epoch's network in place of the best one's.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def folder_of_runs(given: Path | None) -> Path:
    """The folder that was given, or the person's own; raises BadInputError for a hopeless name."""
    folder = given or paths.runs_folder()
    if any(character < " " for character in str(folder)):
        raise BadInputError(
            f"the name of the folder {folder} has a line end or another control character",
            "Rename it, or choose another place with --runs",
        )
    return folder


def experiment_folder(path: Path) -> Path | None:
    """The experiment that a person named, by its folder or its name; None where it is none."""
    if (path / "experiment.json").is_file():
        return path
    named = paths.experiments_folder() / path
    is_name = len(path.parts) == 1 and not path.exists()
    return named if is_name and (named / "experiment.json").is_file() else None


def run_folder(path: Path) -> Path:
    """The run folder that a person named, by itself or by a file in it."""
    from cifar_studio.runs.folder.run_folder import is_run_folder, run_of

    folder = run_of(path)
    if not is_run_folder(folder):
        raise BadInputError(
            f"{folder} is no run folder (it has neither a config.json nor a checkpoint)",
            f"Give a folder that a training made; `{NAME} runs` lists them",
        )
    return folder
