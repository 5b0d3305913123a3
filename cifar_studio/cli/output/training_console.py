"""Trainings and downloads followed in a terminal: progress on standard error."""

from __future__ import annotations

import contextlib
import shlex
from pathlib import Path

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from cifar_studio.cli.output.progress_bar import stderr_console
from cifar_studio.cli.output.signals import SignalControl, ended_by_signals
from cifar_studio.cli.output.training_display import TrainingDisplay
from cifar_studio.errors import StudioError
from cifar_studio.plain_text import printable
from cifar_studio.runner.protocol import ResumeRequest, TrainRequest
from cifar_studio.runner.training.follow import follow
from cifar_studio.runner.training.prepare import prepare
from cifar_studio.runner.training.ready_training import ReadyTraining
from cifar_studio.runs.folder.events import RunEnded, RunPaused
from cifar_studio.runs.folder.library import load
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.runs.wording import best_top1, how_chosen, looks
from cifar_studio.terminal import as_json, print_result, tell


def train_in_console(request: TrainRequest | ResumeRequest, *, json: bool) -> int:
    """Train, show progress, print "run: FOLDER" (or JSON) last; returns the exit code.

    A training outlives its progress: where standard error breaks, it goes on unseen. A terminal
    that closes sends SIGHUP besides, and that stops it with its state kept.

    Raises
    ------
    BrokenPipeError
        Nobody reads the result; the run itself ended well.
    StudioError
        The training cannot begin, or the result cannot be written.
    """
    ended, ended_well = followed(request)
    if json:
        result = {
            "run": ended.folder,
            "state": ended.state,
            "message": ended.message,
            "epochs": RunFolder(Path(ended.folder)).read_epochs(),
        }
        print_result(as_json(result))
    else:
        print_result(f"run: {printable(ended.folder)}")
    return 0 if ended_well else 1


def followed(request: TrainRequest | ResumeRequest) -> tuple[RunEnded, bool]:
    """Train and show progress; how it ended, and whether that is what was wanted.

    Raises
    ------
    StudioError
        The training cannot begin.
    """
    with SignalControl() as control:
        training = prepare(request)
        ended, refusal = _follow(training, control)
    # The disk refused and no signal came: whoever started the run does not have what it was for.
    stopped_itself = ended.state == "stopped" and refusal is not None and not control.stop_requested
    for message, remedy in _closing_lines(ended, refusal if stopped_itself else None):
        tell(f"cifar-studio: {StudioError(message, remedy)}")
    if ended.state == "finished":
        _tell_best(Path(ended.folder))
    return ended, ended.state in ("finished", "stopped") and not stopped_itself


def _follow(training: ReadyTraining, control: SignalControl) -> tuple[RunEnded, RunPaused | None]:
    """Show the events of a training; how it ended, and the pause that it made by itself."""
    refusal = None
    # Closed whatever happens here: that saves the state and lets go of the folder.
    with contextlib.closing(follow(training, control)) as events, TrainingDisplay() as display:
        for event in events:
            display.show(event)
            if isinstance(event, RunPaused) and event.message:
                refusal = event
    assert isinstance(event, RunEnded)  # the last one
    return event, refusal


def _tell_best(folder: Path) -> None:
    """Say what the run came to, and how the epoch of that figure was chosen."""
    run = load(folder)
    if run.best is not None:
        figure = f"top-1 {best_top1(run.best)} at epoch {run.best.epoch}, {how_chosen(run)}"
        if run.config.test == "at_end":
            figure += f"; the test set was {looks(run.rows)}"
        elif run.config.test == "never":
            figure += "; the test set stays locked"
        tell(f"{figure}.")


def _closing_lines(ended: RunEnded, refusal: RunPaused | None) -> list[tuple[str, str]]:
    """What a person should know of a run that has ended: facts, each with its remedy."""
    words = [(refusal.message, refusal.remedy)] if refusal is not None else []
    remedy = ended.remedy
    resume = f"`cifar-studio train --resume {shlex.quote(ended.folder)}` goes on with it"
    if ended.state == "stopped":
        remedy = resume
    elif ended.reason == "disk" and ended.folder:
        remedy = f"{remedy.removesuffix(', then go on')}: {resume}"
    return [*words, (ended.message, remedy)] if ended.message else words


def fetch_in_console() -> None:
    """Download CIFAR-100 with a progress bar; raises StudioError where it cannot be had."""
    from cifar_studio.data.download.sources import fetch_and_prepare

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with ended_by_signals(), Progress(*columns, console=stderr_console()) as bar:
        task = bar.add_task("connecting", total=None)
        for progress in fetch_and_prepare():
            bar.update(
                task,
                description=progress.phase,
                completed=progress.done,
                total=progress.total or None,
            )
    tell("CIFAR-100 is ready.")
