"""`train` and `reproduce`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cifar_studio.cli.options import (
    ConfigOption,
    DataOption,
    JsonOption,
    PresetOption,
    RunsOption,
    config_of,
    folder_of_runs,
    run_folder,
)
from cifar_studio.cli.usage import NAME
from cifar_studio.config.serialization import from_words
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import BadInputError

if TYPE_CHECKING:
    from cifar_studio.runner.protocol import ResumeRequest, TrainRequest

_CHANGEABLE = ("epochs", "schedule_epochs", "device")


def train(
    preset_name: PresetOption = None,
    config: ConfigOption = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change one setting; repeatable. With --resume: epochs, device, schedule_epochs.",
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option("--resume", metavar="RUN_FOLDER", help="Go on with a stopped run."),
    ] = None,
    data: DataOption = "auto",
    runs: RunsOption = None,
    json: JsonOption = False,
) -> None:
    """Train a network. The last line of standard output is "run: FOLDER"."""
    if resume is not None:
        if preset_name or config:
            raise BadInputError(
                "--resume goes on with a run's own settings", "Leave --preset and --config out"
            )
        request: TrainRequest | ResumeRequest = _resume_request(resume, data, settings or [])
    else:
        chosen = config_of(preset_name, config, settings or [])
        request = _train_request(chosen, data, folder_of_runs(runs))
    # Only now: it imports torch, and a typing error should be told at once.
    from cifar_studio.cli.output.training_console import train_in_console

    raise typer.Exit(train_in_console(request, json=json))


def reproduce(
    run: Annotated[Path, typer.Argument(metavar="RUN_FOLDER or BUNDLE", show_default=False)],
    epochs: Annotated[
        int | None, typer.Option(help="Only the first ones; as many as it has by default.")
    ] = None,
    data: DataOption = "auto",
    runs: RunsOption = None,
    json: JsonOption = False,
) -> None:
    """Train a run again and say, figure by figure, what differs; exit 3 where anything does."""
    from cifar_studio.runs.analysis.reproduction import config_to_repeat
    from cifar_studio.runs.bundle.manifest import SUFFIX
    from cifar_studio.runs.bundle.opening import open_bundle
    from cifar_studio.runs.folder.library import load

    folder = folder_of_runs(runs)
    is_bundle = run.suffix.lower() == SUFFIX and not run.is_dir()
    original = load(open_bundle(run, folder).path if is_bundle else run_folder(run))
    config = config_to_repeat(original, epochs)
    request = _train_request(config, data, folder, repeats=str(original.path))
    from cifar_studio.cli.output.reproduce_console import reproduce_in_console

    raise typer.Exit(reproduce_in_console(request, json=json))


def _train_request(config: TrainConfig, data: str, folder: Path, repeats: str = "") -> TrainRequest:
    from cifar_studio.runner.protocol import TrainRequest
    from cifar_studio.runner.worker_process import new_id

    return TrainRequest(
        id=new_id(),
        config=config,
        data=data,
        runs=str(folder),
        command=[NAME, *sys.argv[1:]],
        repeats=repeats,
    )


def _resume_request(folder: Path, data: str, words: Sequence[str]) -> ResumeRequest:
    from cifar_studio.runner.protocol import ResumeRequest
    from cifar_studio.runner.worker_process import new_id

    keys = [word.partition("=")[0].strip() for word in words]
    others = [key for key in dict.fromkeys(keys) if key not in _CHANGEABLE]
    if others:
        raise BadInputError(
            f"a run that goes on keeps its {', '.join(others)}",
            f"With --resume only {', '.join(_CHANGEABLE[:-1])} and {_CHANGEABLE[-1]} can be set; "
            "start a new run instead",
        )
    config = from_words(words)
    return ResumeRequest(
        id=new_id(),
        folder=str(run_folder(folder)),
        data=data,
        epochs=config.epochs if "epochs" in keys else None,
        device=config.device if "device" in keys else None,
        schedule_epochs=(config.schedule_epochs or 0) if "schedule_epochs" in keys else None,
        command=[NAME, *sys.argv[1:]],
    )
