"""The same work without a window: `cifar-studio train`, `data`, `runs`, …

Results go to standard output, everything else to standard error. Exit 0 done, 2 bad input with
one line that names the fault and the remedy, 1 any other failure. What needs torch is imported
inside the commands: a typing error should be told at once.
"""

from __future__ import annotations

import sys
import traceback
from typing import Annotated

import typer

from cifar_studio import __version__, atomic, paths, terminal
from cifar_studio.cli.bench import bench
from cifar_studio.cli.bundles import export, open_bundles
from cifar_studio.cli.data import data
from cifar_studio.cli.evaluating import evaluate, predict, runs
from cifar_studio.cli.experiment import experiment
from cifar_studio.cli.settings import settings
from cifar_studio.cli.study import study
from cifar_studio.cli.training import reproduce, train
from cifar_studio.cli.usage import NAME, UsageError, explain
from cifar_studio.errors import BadInputError, StudioError

app = typer.Typer(
    name=NAME,
    help="Train and understand convolutional networks on CIFAR-100. Without a command it opens "
    "the window.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (train, evaluate, predict, export):
    app.command()(command)
app.command(name="open")(open_bundles)
app.command()(reproduce)
app.command()(runs)
app.command()(settings)
app.command()(bench)
app.add_typer(data, name="data")
app.add_typer(study, name="study")
app.add_typer(experiment, name="experiment")


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
