"""The report's study in a terminal: the estimate, the runs, and the table at the end."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from cifar_studio import paths
from cifar_studio.cli.output.experiment_console import train_experiment
from cifar_studio.cli.output.experiment_display import report_title
from cifar_studio.cli.output.progress_bar import stderr_console
from cifar_studio.config.study import StudyRun, is_as_printed
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.experiments.local_pool import slots_for
from cifar_studio.export.tables.markdown import to_markdown
from cifar_studio.export.tables.report_table import report_table
from cifar_studio.export.tables.write_tables import write_table_file
from cifar_studio.plain_text import plain
from cifar_studio.runner.training.speeds import SpeedBook
from cifar_studio.runner.training.time_needed import (
    Step,
    TimeNeeded,
    configs_to_measure,
    measure,
    time_needed,
)
from cifar_studio.runs import wording
from cifar_studio.runs.experiment.report import adopt_runs, find_run, report_experiment
from cifar_studio.runs.experiment.same_question import found_or_created
from cifar_studio.runs.experiment.says import runs_of
from cifar_studio.runs.folder.library import Run, list_runs
from cifar_studio.terminal import as_json, print_result, tell

_STATES = {"new": "", "resumable": "goes on", "finished": "done"}


def study_in_console(
    runs: Sequence[StudyRun],
    name: str,
    *,
    data: str,
    folder: Path,
    command: Sequence[str],
    estimate_only: bool,
    table: Path | None,
    json: bool,
) -> int:
    """Train what is not done of a study, and print its table; the exit code, 1 after a failure.

    Underneath it is an experiment called `name`, or so with a number where that one has other
    settings, pictures or runs.

    Raises
    ------
    StudioError
        There are no such pictures, no process can be started, or the table cannot be written.
    """
    load_dataset(data)  # before anything is measured
    printed = ", as printed" if is_as_printed(runs[0].config) else ""
    tell(f"The report's study{printed}, {runs[0].mark or 'with all its epochs and pictures'}.")
    present = list_runs(folder)
    steps = [Step(run.config, find_run(run.config, data, present)) for run in runs]
    book = SpeedBook(paths.speeds_file())
    if unknown := configs_to_measure(steps, book):
        tell(f"Measuring {len(unknown)} networks for a few seconds each…")
    for fault in measure(unknown, book):
        tell(f"cifar-studio: {fault}.")
    needed = time_needed(steps, book)
    titles = [report_title(run) for run in runs]
    _show_estimate(titles, steps, needed)
    if json or not estimate_only:  # else it is the result
        tell(_sum(needed))
    if estimate_only:
        print_result(as_json(_estimate_object(runs, steps, needed)) if json else _sum(needed))
        return 0
    experiment, trials = report_experiment(runs, data=data, folder=str(folder.absolute()))
    kept = found_or_created(paths.experiments_folder(), name, experiment, trials)
    adopt_runs(kept)
    for trial, title in zip(kept.read().trials, titles, strict=True):
        if trial.state == "finished":
            tell(f"{trial.number}/{len(titles)} {title}: done, {trial.run}")
    trained = train_experiment(kept, slots_for(1), command)
    ended = [trial for trial in trained.state.trials if trial.state in ("finished", "stopped")]
    _print_table(runs_of(trained.state, ended), table, json=json)
    return trained.exit_code


def _show_estimate(titles: Sequence[str], steps: Sequence[Step], needed: TimeNeeded) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("Run")
    for name in ("Epochs", "Time", "Memory"):
        table.add_column(name, justify="right")
    table.add_column("")
    for title, step, seconds, memory in zip(
        titles, steps, needed.seconds, needed.memory_mib, strict=True
    ):
        table.add_row(
            title,
            str(step.config.epochs),
            _time(step, seconds),
            "unknown" if memory is None else wording.memory(memory),
            _STATES[step.state],
        )
    stderr_console().print(table)


def _time(step: Step, seconds: float | None) -> str:
    if step.state == "finished":
        return ""
    return "unknown" if seconds is None else wording.duration(seconds)


def _sum(needed: TimeNeeded) -> str:
    total = needed.total_seconds
    if total is None:
        return "The whole takes an unknown time."
    end = datetime.datetime.now() + datetime.timedelta(seconds=total)
    when = f"{end:%H:%M}" if total < 86_400 else f"{end:%d %b %H:%M}"
    return f"In all about {wording.duration(total)}, to about {when}."


def _estimate_object(
    runs: Sequence[StudyRun], steps: Sequence[Step], needed: TimeNeeded
) -> dict[str, object]:
    return {
        "runs": [
            {
                "preset": run.preset.name,
                "seed": run.config.seed,
                "state": step.state,
                "seconds": seconds,
                "memory_mib": memory,
            }
            for run, step, seconds, memory in zip(
                runs, steps, needed.seconds, needed.memory_mib, strict=True
            )
        ],
        "seconds": needed.total_seconds,
    }


def _print_table(runs: Sequence[Run], path: Path | None, *, json: bool) -> None:
    table = report_table(runs)
    if path is not None:
        write_table_file(path, table)
    if json:
        rows = [dict(zip(table.header, row, strict=True)) for row in table.rows]
        print_result(as_json([{**row, "Folder": plain(str(row["Folder"]))} for row in rows]))
    elif runs:
        print_result(to_markdown(table.sheet()).rstrip("\n"))
        for column in table.columns:
            tell(f"{column.title}, seed {column.seed}: {column.verdict()}.")
    else:
        tell("No run has ended yet.")
