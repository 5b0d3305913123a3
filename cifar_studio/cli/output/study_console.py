"""The report's study in a terminal: the estimate, the runs, and the table at the end."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from cifar_studio import paths
from cifar_studio.cli.output.progress_bar import stderr_console
from cifar_studio.cli.output.signals import SignalControl
from cifar_studio.cli.output.training_display import TrainingDisplay
from cifar_studio.config.study import StudyRun, is_as_printed
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.errors import StudioError, WorkerError
from cifar_studio.export.tables.markdown import to_markdown
from cifar_studio.export.tables.report_table import report_table
from cifar_studio.export.tables.write_tables import write_table_file
from cifar_studio.plain_text import plain
from cifar_studio.runner.study import (
    StudyEstimate,
    StudyRunner,
    StudyStep,
    configs_to_measure,
    estimate_of,
    measure,
    plan,
)
from cifar_studio.runner.training.speeds import SpeedBook
from cifar_studio.runs import wording
from cifar_studio.runs.folder.events import RunEnded
from cifar_studio.runs.folder.library import Run, load
from cifar_studio.runs.queue_rules import MOST_FAILURES, FailureCount, is_failure
from cifar_studio.terminal import as_json, print_result, tell

_STATES = {"new": "", "resumable": "goes on", "finished": "done"}


def study_in_console(
    runs: Sequence[StudyRun],
    *,
    data: str,
    folder: Path,
    command: Sequence[str],
    estimate_only: bool,
    table: Path | None,
    json: bool,
) -> int:
    """Train what is not done of a study, and print its table; the exit code, 1 after a failure.

    Raises
    ------
    StudioError
        There are no such pictures, no process can be started, or the table cannot be written.
    """
    load_dataset(data)  # before anything is measured
    printed = ", as printed" if is_as_printed(runs[0].config) else ""
    tell(f"The report's study{printed}, {runs[0].mark or 'with all its epochs and pictures'}.")
    steps = plan(runs, folder, data)
    book = SpeedBook(paths.speeds_file())
    if unknown := configs_to_measure(steps, book):
        tell(f"Measuring {len(unknown)} networks for a few seconds each…")
    for fault in measure(unknown, book):
        tell(f"cifar-studio: {fault}.")
    estimate = estimate_of(steps, book)
    _show_estimate(steps, estimate)
    if json or not estimate_only:  # else it is the result
        tell(_sum(estimate))
    if estimate_only:
        print_result(as_json(_estimate_object(steps, estimate)) if json else _sum(estimate))
        return 0
    done, failed, stopped = _train_all(steps, StudyRunner(data, folder, command))
    if stopped:
        tell("Stopped. The same command goes on where it was.")
    _print_table(done, table, json=json)
    return 1 if failed else 0


def _train_all(steps: Sequence[StudyStep], runner: StudyRunner) -> tuple[list[Run], int, bool]:
    """The runs that are there in the end, how many failed, and whether somebody stopped it."""
    done: list[Run] = []
    failed = 0
    failures = FailureCount()
    with SignalControl(runner.stop, runner.kill):
        for number, step in enumerate(steps, 1):
            title = f"{number}/{len(steps)} {_title(step.run)}"
            if step.found is not None and step.state == "finished":
                tell(f"{title}: done, {step.found.path.name}")
                done.append(step.found)
                continue
            if runner.is_stopped:
                continue
            tell(title)
            ended = _train(step, runner)
            if is_failure(ended.state):
                failed += 1
                failures.add()
                tell(f"cifar-studio: {StudioError(ended.message, ended.remedy)}")
            else:
                failures.clear()
            if ended.folder and ended.state in ("finished", "stopped"):
                done.append(load(Path(ended.folder)))
            if failures.is_too_many:
                tell(f"cifar-studio: {MOST_FAILURES} runs in a row have failed; the others wait.")
                break
    return done, failed, runner.is_stopped


def _train(step: StudyStep, runner: StudyRunner) -> RunEnded:
    try:
        with contextlib.closing(runner.train(step)) as events, TrainingDisplay() as display:
            for event in events:
                display.show(event)
    except WorkerError as error:
        return RunEnded.of(error, "")
    assert isinstance(event, RunEnded)  # the last one
    return event


def _title(run: StudyRun) -> str:
    short = ", short" if run.mark else ""
    return f"{run.preset.title}, seed {run.config.seed}{short}"


def _show_estimate(steps: Sequence[StudyStep], estimate: StudyEstimate) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("Run")
    for name in ("Epochs", "Time", "Memory"):
        table.add_column(name, justify="right")
    table.add_column("")
    for step, seconds, memory in zip(steps, estimate.seconds, estimate.memory_mib, strict=True):
        table.add_row(
            _title(step.run),
            str(step.run.config.epochs),
            _time(step, seconds),
            "unknown" if memory is None else wording.memory(memory),
            _STATES[step.state],
        )
    stderr_console().print(table)


def _time(step: StudyStep, seconds: float | None) -> str:
    if step.state == "finished":
        return ""
    return "unknown" if seconds is None else wording.duration(seconds)


def _sum(estimate: StudyEstimate) -> str:
    total = estimate.total_seconds
    if total is None:
        return "The whole takes an unknown time."
    end = datetime.datetime.now() + datetime.timedelta(seconds=total)
    when = f"{end:%H:%M}" if total < 86_400 else f"{end:%d %b %H:%M}"
    return f"In all about {wording.duration(total)}, to about {when}."


def _estimate_object(steps: Sequence[StudyStep], estimate: StudyEstimate) -> dict[str, object]:
    return {
        "runs": [
            {
                "preset": step.run.preset.name,
                "seed": step.run.config.seed,
                "state": step.state,
                "seconds": seconds,
                "memory_mib": memory,
            }
            for step, seconds, memory in zip(
                steps, estimate.seconds, estimate.memory_mib, strict=True
            )
        ],
        "seconds": estimate.total_seconds,
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
