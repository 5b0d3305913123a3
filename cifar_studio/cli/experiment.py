"""`experiment`: many trainings that answer one question."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cifar_studio import paths, terminal
from cifar_studio.cli.making import (
    KINDS,
    METHODS,
    METRICS,
    PRUNINGS,
    NewWords,
    experiment_of,
)
from cifar_studio.cli.options import (
    ConfigOption,
    DataOption,
    JsonOption,
    PresetOption,
    RunsOption,
    experiment_path,
    folder_of_runs,
    named_experiment,
)
from cifar_studio.cli.usage import NAME
from cifar_studio.config.check import value_fault
from cifar_studio.config.experiment.budget import budget_words, with_more
from cifar_studio.config.settings import SETTINGS
from cifar_studio.errors import BadInputError, ConfigError, RunFolderError

if TYPE_CHECKING:
    from cifar_studio.experiments.local_pool import Slot
    from cifar_studio.experiments.protocol import ExperimentCommand
    from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder

experiment = typer.Typer(help="Many trainings that answer one question.")

_NameArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="A name among your experiments, or a folder.", show_default=False
    ),
]
_SlotsOption = Annotated[
    int | None,
    typer.Option(
        "--slots", min=1, max=64, help="Trainings at once; default: one for each GPU, else one."
    ),
]
_DevicesOption = Annotated[
    str,
    typer.Option("--devices", metavar="DEVICES", help="One training on each, as cuda:0,cuda:1."),
]


@experiment.command()
def new(
    name: _NameArgument,
    kind: Annotated[str, typer.Option(metavar="KIND", help=f"One of {', '.join(KINDS)}.")],
    preset: PresetOption = None,
    config: ConfigOption = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of all trials; repeatable."),
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=...",
            help="Of a search: momentum=0.8,0.9 or learning_rate=0.001..0.1:log, with :5 for five "
            "values of a range; repeatable.",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(METHODS),
            help="Every combination, at random, or learning from what went before. Default: grid "
            "where all have values and --trials is not given, else random.",
        ),
    ] = None,
    trials: Annotated[int | None, typer.Option(help="A search ends after so many.")] = None,
    hours: Annotated[
        float | None, typer.Option(help="A search begins no trial after so many hours of training.")
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(metavar="|".join(METRICS), help="What trials are judged by. [val_top1]"),
    ] = None,
    prune: Annotated[
        str | None,
        typer.Option(metavar="|".join(PRUNINGS), help="End hopeless trials early. [none]"),
    ] = None,
    folds: Annotated[
        int | None, typer.Option(help="2 to 20; of a search: trainings of each trial.")
    ] = None,
    seeds: Annotated[int | None, typer.Option(help="Trainings, or reports, with one each.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of what a search draws at random.")] = None,
    short: Annotated[
        bool, typer.Option("--short", help="A report of 3 epochs with 100 pictures a class.")
    ] = False,
    data: DataOption = "auto",
    runs: RunsOption = None,
) -> None:
    """Make an experiment and say what it will do. `experiment run` then trains."""
    made, planned = experiment_of(
        NewWords(
            kind=kind,
            preset=preset,
            config=config,
            settings=settings or [],
            vary=vary or [],
            by=by,
            trials=trials,
            hours=hours,
            metric=metric,
            prune=prune,
            folds=folds,
            seeds=seeds,
            seed=seed,
            short=short,
            data=data,
            runs=folder_of_runs(runs) if runs is not None else None,
        )
    )
    from cifar_studio.cli.output.experiment_plan import tell_of_new
    from cifar_studio.runs.experiment.experiment_folder import create

    path = experiment_path(name)
    tell_of_new(create(path.parent, path.name, made, planned), settings or [])


@experiment.command()
def run(
    name: _NameArgument,
    slots: _SlotsOption = None,
    devices: _DevicesOption = "",
    json: JsonOption = False,
) -> None:
    """Train what is left of an experiment. The last line is "experiment: FOLDER"."""
    folder = named_experiment(name)
    raise typer.Exit(_run(folder, slots, devices, json=json))


@experiment.command(name="list")
def list_(json: JsonOption = False) -> None:
    """List the experiments, one a line."""
    from cifar_studio.cli.output.experiment_console import list_experiments

    list_experiments(paths.experiments_folder(), json=json)


@experiment.command()
def show(name: _NameArgument, json: JsonOption = False) -> None:
    """Say where an experiment stands and what its trials say together."""
    from cifar_studio.cli.output.experiment_console import show_experiment

    show_experiment(named_experiment(name).read(), json=json)


@experiment.command()
def stop(
    name: _NameArgument,
    now: Annotated[
        bool, typer.Option("--now", help="After this batch, and not after this epoch.")
    ] = False,
) -> None:
    """Have the process that runs an experiment end; every training is saved."""
    _ask(name, "stop_now" if now else "stop_after_epoch", "It stops, with everything saved")


@experiment.command()
def pause(name: _NameArgument) -> None:
    """Have the process that runs an experiment hold still."""
    _ask(name, "pause", f"It pauses; `{NAME} experiment go-on {name}` goes on")


@experiment.command(name="go-on")
def go_on(name: _NameArgument) -> None:
    """Have a paused experiment go on."""
    _ask(name, "continue", "It goes on")


@experiment.command()
def more(
    name: _NameArgument,
    trials: Annotated[int | None, typer.Option(help="So many more of a search.")] = None,
    hours: Annotated[float | None, typer.Option(help="So many more of a search.")] = None,
    seeds: Annotated[int | None, typer.Option(help="So many more trainings.")] = None,
) -> None:
    """Give an experiment more to do; where it is being run it goes on by itself."""
    folder = named_experiment(name)
    changed = with_more(folder.read_experiment(), trials=trials, hours=hours, seeds=seeds)
    try:
        folder.write_experiment(changed)
    except OSError as error:
        raise RunFolderError(
            f"{folder.path} cannot be written ({error.strerror or error})",
            "Free space or mend the folder",
        ) from error
    terminal.tell(f"{folder.name} now has {budget_words(changed)}.")
    if not folder.is_held():
        terminal.tell(f"Run it: {NAME} experiment run {name}")


@experiment.command()
def finish(
    name: _NameArgument,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Trainings of the winner.")],
    slots: _SlotsOption = None,
    devices: _DevicesOption = "",
    json: JsonOption = False,
) -> None:
    """Train the winner on all training pictures and look at the test set once for each seed."""
    from cifar_studio.cli.output.experiment_plan import tell_of_winner
    from cifar_studio.runs.experiment.follow_up import follow_up
    from cifar_studio.runs.experiment.same_question import found_or_created
    from cifar_studio.runs.experiment.standing import winner_name

    folder = named_experiment(name)
    state = folder.read()
    if state.is_held:
        raise BadInputError(
            f"{folder.name} is being run", f"Wait for its end, or stop it: {_command('stop', name)}"
        )
    followed = follow_up(state, seeds)
    winner = found_or_created(folder.path.parent, winner_name(state), followed)
    tell_of_winner(state, winner)
    raise typer.Exit(_run(winner, slots, devices, json=json))


def _run(folder: ExperimentFolder, slots: int | None, devices: str, *, json: bool) -> int:
    places = _devices(devices)
    if slots is not None and places:
        raise BadInputError("both --slots and --devices are given", "Give one of them")
    folder.read_experiment()  # what is wrong with it is told before torch is imported
    from cifar_studio.cli.output.experiment_console import run_in_console

    return run_in_console(folder, _slots(slots, places), command=[NAME, *sys.argv[1:]], json=json)


def _slots(count: int | None, devices: Sequence[str]) -> tuple[Slot, ...]:
    """Where trainings run: as it is asked for, else one for each GPU."""
    from cifar_studio.experiments.local_pool import slots_for

    if count is None and not devices:
        from cifar_studio.engine.machine.device import list_devices

        found = [one.name for one in list_devices() if one.name.startswith("cuda")]
        devices = found if len(found) > 1 else ()
    return slots_for(count, devices)


def _devices(words: str) -> list[str]:
    names = [word.strip() for word in words.split(",") if word.strip()]
    faults = [(name, value_fault(SETTINGS["device"], name)) for name in names]
    if bad := tuple(("devices", fault) for _, fault in faults if fault):
        raise ConfigError(bad)
    return names


def _ask(name: str, command: ExperimentCommand, words: str) -> None:
    from cifar_studio.experiments.control_file import leave_command

    folder = named_experiment(name)
    folder.read_experiment()
    if not folder.is_held():
        raise BadInputError(
            f"nobody runs the experiment {folder.name}", f"Run it: {_command('run', name)}"
        )
    leave_command(folder, command)
    terminal.tell(f"{words}.")


def _command(word: str, name: str) -> str:
    return f"`{NAME} experiment {word} {name}`"
