"""The same work without a window: `cifar-studio train`, `data`, `runs`, …

Results go to standard output, everything else to standard error. Exit 0 done, 2 bad input with
one line that names the fault and the remedy, 1 any other failure.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cifar_studio import __version__, paths
from cifar_studio.config.presets import PRESETS, preset
from cifar_studio.config.serialization import from_words, read_config
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import BadInputError, StudioError
from cifar_studio.runs.folder import is_run_folder

app = typer.Typer(
    name="cifar-studio",
    help="Train and understand convolutional networks on CIFAR-100. Without a command it opens "
    "the window.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data_app = typer.Typer(help="Where the pictures are, whether they are whole, and fetching them.")
app.add_typer(data_app, name="data", no_args_is_help=True)

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
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def run_command_line() -> None:
    """Parse the arguments, work, and exit with the documented code."""
    try:
        app(standalone_mode=True)
    except BadInputError as error:
        _fail(error, 2)
    except StudioError as error:
        _fail(error, 1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(1)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(__version__)
        raise typer.Exit


@app.command()
def train(
    preset_name: Annotated[
        str | None,
        typer.Option("--preset", metavar="NAME", help=f"One of: {', '.join(PRESETS)}."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="A config.json.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change one setting; repeatable."),
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
    from cifar_studio.runner.launch import new_id
    from cifar_studio.runner.protocol import ResumeRequest, TrainRequest

    command = ["cifar-studio", *sys.argv[1:]]
    if resume is not None:
        if preset_name or config or settings:
            raise BadInputError(
                "--resume goes on with a run's own settings",
                "Leave --preset, --config and --set out",
            )
        if not is_run_folder(resume):
            raise BadInputError(
                f"{resume} is no run folder (it has no config.json)",
                "Give a folder that a training made; `cifar-studio runs` lists them",
            )
        request: TrainRequest | ResumeRequest = ResumeRequest(
            id=new_id(), folder=str(resume), data=data, command=command
        )
    else:
        request = TrainRequest(
            id=new_id(),
            config=_config(preset_name, config, settings or []),
            data=data,
            runs=str(runs or paths.runs_folder()),
            command=command,
        )
    # Only now: it imports torch, and a typing error should be told at once.
    from cifar_studio.runner.console import train_in_console

    sys.exit(train_in_console(request, as_json=json))


@app.command()
def runs(runs: RunsOption = None, json: JsonOption = False) -> None:
    """List the library, one run a line, newest first."""
    from cifar_studio.runner.listing import list_as_json, list_as_text

    folder = runs or paths.runs_folder()
    print(list_as_json(folder) if json else list_as_text(folder))


@data_app.command()
def where(json: JsonOption = False) -> None:
    """Say which places are looked at for CIFAR-100, and which one is taken."""
    from cifar_studio.runner.data_report import places_as_json, places_as_text

    print(places_as_json() if json else places_as_text())


@data_app.command()
def check(
    place: Annotated[
        str | None, typer.Argument(metavar="[FOLDER or ARCHIVE]", show_default=False)
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check the sums of CIFAR-100's files; exit code 2 where they are not the published ones."""
    from cifar_studio.runner.data_report import check_place

    text, whole = check_place(place, as_json=json)
    print(text)
    if not whole:
        raise typer.Exit(2)


@data_app.command()
def fetch() -> None:
    """Download CIFAR-100 (169 MB), check it, and keep it. Called again, it resumes."""
    from cifar_studio.runner.console import fetch_in_console

    fetch_in_console()


def _config(name: str | None, file: Path | None, words: list[str]) -> TrainConfig:
    if name and file:
        raise BadInputError("both --preset and --config are given", "Give one of them")
    if not name and not file:
        raise BadInputError(
            "neither --preset nor --config is given",
            f"Give --preset with one of {', '.join(PRESETS)}",
        )
    base = preset(name).config if name else read_config(file) if file else TrainConfig()
    return from_words(words, base)


def _fail(error: StudioError, code: int) -> None:
    print(f"cifar-studio: {error}", file=sys.stderr)
    sys.exit(code)
