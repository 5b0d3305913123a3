"""The same work without a window: `cifar-studio train`, `data`, `runs`, …

Results go to standard output, everything else to standard error. Exit 0 done, 2 bad input with
one line that names the fault and the remedy, 1 any other failure.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cifar_studio import __version__, atomic, paths, terminal
from cifar_studio.config.presets import PRESETS, preset
from cifar_studio.config.serialization import from_words, read_config
from cifar_studio.config.study import FULL, SHORT, StudySize, study_runs
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import BadInputError, StudioError
from cifar_studio.export.formats import EVERYDAY, FORMATS, checked_formats, inches_of
from cifar_studio.usage import NAME, UsageError, explain

if TYPE_CHECKING:
    from cifar_studio.runner.protocol import ResumeRequest, TrainRequest

app = typer.Typer(
    name=NAME,
    help="Train and understand convolutional networks on CIFAR-100. Without a command it opens "
    "the window.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data_app = typer.Typer(help="Where the pictures are, whether they are whole, and fetching them.")
app.add_typer(data_app, name="data")
study_app = typer.Typer(help="Many runs, one after another.")
app.add_typer(study_app, name="study")

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
_CHANGEABLE = ("epochs", "device")
RunArgument = Annotated[Path, typer.Argument(metavar="RUN_FOLDER", show_default=False)]
LastOption = Annotated[
    bool, typer.Option("--last", help="The latest epoch's network in place of the best one's.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def run_command_line() -> None:
    """Parse the arguments, work, and exit with the documented code."""
    terminal.open_streams()
    try:
        code = _work()
    finally:
        terminal.close_streams()
    sys.exit(code)


def _work() -> int:
    """Carry out the command; the exit code, with every fault told in one line."""
    try:
        code = app(prog_name=NAME, standalone_mode=False)
        return code if isinstance(code, int) else 0
    except UsageError as error:
        return _fail(explain(error), 2)
    except BadInputError as error:
        return _fail(error, 2)
    except StudioError as error:
        return _fail(error, 1)
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:
        return 1
    except OSError as error:  # a place that nobody thought of; typer's help on a full disk
        where = f" ({error.filename})" if error.filename else ""
        return _fail(StudioError(f"{error.strerror or error}{where}"), 1)
    except Exception as error:
        return _fail(_unexpected(error), 1)


def _unexpected(error: Exception) -> StudioError:
    """A fault of the studio itself: one line too, with the rest in a file for its developers."""
    details = paths.cache_folder() / "last-error.txt"
    remedy = f"Nothing that was finished is lost; the details are in {details}"
    try:
        details.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(details, traceback.format_exc().encode(errors="backslashreplace"))
    except OSError:
        traceback.print_exc()
        remedy = "Nothing that was finished is lost; the details stand above"
    return StudioError(f"something unexpected ({type(error).__name__}: {error})", remedy)


def _fail(error: StudioError, code: int) -> int:
    terminal.tell(f"{NAME}: {error}")
    return code


@app.callback(invoke_without_command=True)
def _version(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        terminal.print_result(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        raise BadInputError(
            "no command is given", f"Give one, which `{NAME} --help` lists, or no words at all"
        )


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
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Change one setting; repeatable. With --resume: epochs or device.",
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
        request = _train_request(_config(preset_name, config, settings or []), data, runs)
    # Only now: it imports torch, and a typing error should be told at once.
    from cifar_studio.runner.console import train_in_console

    raise typer.Exit(train_in_console(request, json=json))


@app.command()
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
    from cifar_studio.runner.console_work import evaluate_in_console
    from cifar_studio.runner.launch import new_id
    from cifar_studio.runner.protocol import EvaluateRequest

    request = EvaluateRequest(
        id=new_id(),
        folder=str(_run_folder(run)),
        moment="last" if last else "best",
        split="train" if split == "train" else "test",
        data=data,
    )
    evaluate_in_console(request, json=json)


@app.command()
def predict(
    run: RunArgument,
    pictures: Annotated[list[Path], typer.Argument(metavar="PICTURE...", show_default=False)],
    last: LastOption = False,
    json: JsonOption = False,
) -> None:
    """Name the five likeliest classes of picture files of your own."""
    from cifar_studio.runner.console_work import predict_in_console
    from cifar_studio.runner.launch import new_id
    from cifar_studio.runner.protocol import PredictRequest

    request = PredictRequest(
        id=new_id(),
        folder=str(_run_folder(run)),
        pictures=[str(picture) for picture in pictures],
        moment="last" if last else "best",
    )
    raise typer.Exit(predict_in_console(request, json=json))


@app.command()
def export(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN_FOLDER...", show_default=False)],
    to: Annotated[
        Path, typer.Option("--to", metavar="FOLDER", help="Where to; made if it is not there.")
    ],
    formats: Annotated[
        str,
        typer.Option("--as", metavar="FORMATS", help=f"Of {', '.join(FORMATS)}; with commas."),
    ] = ",".join(EVERYDAY),
    size: Annotated[
        str, typer.Option(metavar="WxH", help="Inches of each figure, such as 6x4.")
    ] = "",
    dpi: Annotated[int, typer.Option(help="Dots an inch of a PNG file.")] = 300,
    data: DataOption = "auto",
    json: JsonOption = False,
) -> None:
    """Write runs as tables, figures and networks into a folder, a folder of its name for each."""
    from cifar_studio.runner.console_work import export_in_console
    from cifar_studio.runner.launch import new_id
    from cifar_studio.runner.protocol import ExportRequest

    width, height = inches_of(size) if size else (None, None)
    request = ExportRequest(
        id=new_id(),
        folders=[str(_run_folder(run)) for run in runs],
        to=str(to.absolute()),
        formats=list(checked_formats(formats.split(","))),
        data=data,
        width_in=width,
        height_in=height,
        dpi=dpi,
    )
    raise typer.Exit(export_in_console(request, json=json))


@app.command(name="open")
def open_bundles(
    bundles: Annotated[list[Path], typer.Argument(metavar="BUNDLE...", show_default=False)],
    runs: RunsOption = None,
    json: JsonOption = False,
) -> None:
    """Put the runs of .cifarrun files into the folder of runs."""
    from cifar_studio.runner.opening import open_in_console

    folder = runs or paths.runs_folder()
    _check_folder_name(folder)
    raise typer.Exit(open_in_console(bundles, folder, json=json))


@app.command()
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
    from cifar_studio.runner.launch import new_id
    from cifar_studio.runner.protocol import TrainRequest
    from cifar_studio.runs.bundle.manifest import SUFFIX
    from cifar_studio.runs.bundle.opening import open_bundle
    from cifar_studio.runs.library import load
    from cifar_studio.runs.reproduction import config_to_repeat

    folder = runs or paths.runs_folder()
    _check_folder_name(folder)
    is_bundle = run.suffix.lower() == SUFFIX and not run.is_dir()
    original = load(open_bundle(run, folder).path if is_bundle else _run_folder(run))
    request = TrainRequest(
        id=new_id(),
        config=config_to_repeat(original, epochs),
        data=data,
        runs=str(folder),
        command=[NAME, *sys.argv[1:]],
        repeats=str(original.path),
    )
    from cifar_studio.runner.reproducing import reproduce_in_console

    raise typer.Exit(reproduce_in_console(request, json=json))


@app.command()
def runs(runs: RunsOption = None, json: JsonOption = False) -> None:
    """List the library, one run a line, newest first."""
    from cifar_studio.runner.listing import list_folder

    folder = runs or paths.runs_folder()
    listing = list_folder(folder, must_exist=runs is not None)
    for notice in listing.notices:
        terminal.tell(f"{NAME}: {notice}")
    if json or listing.runs:
        terminal.print_result(listing.as_json() if json else listing.as_text())
    elif not listing.notices:
        terminal.tell(f"{NAME}: there are no runs in {folder}.")


@data_app.command()
def where(json: JsonOption = False) -> None:
    """Say which places are looked at for CIFAR-100, and which one is taken."""
    from cifar_studio.runner.data_report import places_as_json, places_as_text

    terminal.print_result(places_as_json() if json else places_as_text())


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
    terminal.print_result(text)
    if not whole:
        raise typer.Exit(2)


@data_app.command()
def fetch() -> None:
    """Download CIFAR-100 (169 MB), check it, and keep it. Called again, it resumes."""
    from cifar_studio.runner.console import fetch_in_console

    fetch_in_console()


@data_app.command()
def repeats(data: DataOption = "auto", json: JsonOption = False) -> None:
    """List pictures that occur more than once, exactly, mirrored or nearly; takes a minute."""
    from cifar_studio.runner.repeats_report import list_repeats

    list_repeats(data, json=json)


@study_app.command()
def report(
    short: Annotated[
        bool,
        typer.Option("--short", help="3 epochs with 100 training pictures a class; marked so."),
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
    from cifar_studio.runner.study_console import study_in_console

    base = SHORT if short else FULL
    size = StudySize(
        epochs=base.epochs if epochs is None else epochs,
        train_per_class=base.train_per_class if train_per_class is None else train_per_class,
        test_per_class=base.test_per_class if test_per_class is None else test_per_class,
        seeds=seeds,
    )
    folder = runs or paths.runs_folder()
    _check_folder_name(folder)
    code = study_in_console(
        study_runs(size, settings or []),
        data=data,
        folder=folder,
        command=[NAME, *sys.argv[1:]],
        estimate_only=estimate,
        table=table,
        json=json,
    )
    raise typer.Exit(code)


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


def _train_request(config: TrainConfig, data: str, runs: Path | None) -> TrainRequest:
    from cifar_studio.runner.launch import new_id
    from cifar_studio.runner.protocol import TrainRequest

    folder = runs or paths.runs_folder()
    _check_folder_name(folder)
    return TrainRequest(
        id=new_id(), config=config, data=data, runs=str(folder), command=[NAME, *sys.argv[1:]]
    )


def _check_folder_name(folder: Path) -> None:
    if any(character < " " for character in str(folder)):
        raise BadInputError(
            f"the name of the folder {folder} has a line end or another control character",
            "Rename it, or choose another place with --runs",
        )


def _resume_request(folder: Path, data: str, words: Sequence[str]) -> ResumeRequest:
    from cifar_studio.runner.launch import new_id
    from cifar_studio.runner.protocol import ResumeRequest

    keys = [word.partition("=")[0].strip() for word in words]
    others = [key for key in dict.fromkeys(keys) if key not in _CHANGEABLE]
    if others:
        raise BadInputError(
            f"a run that goes on keeps its {', '.join(others)}",
            f"With --resume only {' and '.join(_CHANGEABLE)} can be set; start a new run instead",
        )
    config = from_words(words)
    return ResumeRequest(
        id=new_id(),
        folder=str(_run_folder(folder)),
        data=data,
        epochs=config.epochs if "epochs" in keys else None,
        device=config.device if "device" in keys else None,
        command=[NAME, *sys.argv[1:]],
    )


def _run_folder(path: Path) -> Path:
    """The run folder that a person named, by itself or by a file in it."""
    from cifar_studio.runs.folder import is_run_folder, run_of

    folder = run_of(path)
    if not is_run_folder(folder):
        raise BadInputError(
            f"{folder} is no run folder (it has neither a config.json nor a checkpoint)",
            f"Give a folder that a training made; `{NAME} runs` lists them",
        )
    return folder
