"""Options that several commands share, and what is made of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cifar_studio import paths
from cifar_studio.cli.usage import NAME
from cifar_studio.config.check import check
from cifar_studio.config.presets import PRESETS, preset
from cifar_studio.config.serialization import Judge, from_words, read_config
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import BadInputError

if TYPE_CHECKING:
    from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder

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
PresetOption = Annotated[
    str | None,
    typer.Option("--preset", metavar="NAME", help=f"One of: {', '.join(PRESETS)}."),
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="A config.json.")
]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN_FOLDER", show_default=False)]
LastOption = Annotated[
    bool, typer.Option("--last", help="The latest epoch's network in place of the best one's.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def config_of(
    name: str | None, file: Path | None, words: Sequence[str], judge: Judge = check
) -> TrainConfig:
    """The settings of a preset or file with changes. Raises BadInputError, ConfigError."""
    if name and file:
        raise BadInputError("both --preset and --config are given", "Give one of them")
    if not name and not file:
        raise BadInputError(
            "neither --preset nor --config is given",
            f"Give --preset with one of {', '.join(PRESETS)}",
        )
    base = preset(name).config if name else read_config(file) if file else TrainConfig()
    return from_words(words, base, judge)


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


def experiment_path(name: str) -> Path:
    """Where an experiment stands: a name alone is one below the person's own folder."""
    if not name.strip():
        raise BadInputError("the experiment has no name", "Give one, such as rates")
    path = Path(name)
    is_name = len(path.parts) == 1 and not path.is_absolute() and name != ".."
    return paths.experiments_folder() / name if is_name else path.absolute()


def named_experiment(name: str) -> ExperimentFolder:
    """The folder of an experiment that is there; raises BadInputError."""
    from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder

    for path in (experiment_path(name), Path(name).absolute()):
        # Unlike Path.is_file this takes every name.
        if os.path.isfile(path / "experiment.json"):  # noqa: PTH113
            return ExperimentFolder(path)
    raise BadInputError(
        f"there is no experiment {name}", f"`{NAME} experiment list` names those that are there"
    )
