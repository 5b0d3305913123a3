"""Trainings and downloads followed in a terminal: progress on standard error."""

from __future__ import annotations

import contextlib
import logging
import shlex
import signal
from typing import IO, Any, cast

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from cifar_studio.plain_text import printable
from cifar_studio.runner.prepare import prepare
from cifar_studio.runner.protocol import ResumeRequest, TrainRequest
from cifar_studio.runner.session import follow
from cifar_studio.runner.signals import SignalControl
from cifar_studio.runner.training import Training
from cifar_studio.runs.epochs import EpochRow
from cifar_studio.runs.events import (
    BatchesEnded,
    EpochEnded,
    EvaluationProgressed,
    RunEnded,
    RunNoticed,
    RunPaused,
    RunStarted,
)
from cifar_studio.terminal import LastingStderr, as_json, print_result, tell


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
    with SignalControl() as control:
        training = prepare(request)
        ended, refusal = _follow(training, control)
    # The disk refused and no signal came: whoever started the run does not have what it was for.
    stopped_itself = ended.state == "stopped" and refusal is not None and not control.asked
    for message, remedy in _last_words(ended, refusal if stopped_itself else None):
        tell(f"cifar-studio: {message}." + (f" {remedy}." if remedy else ""))
    if json:
        result = {
            "run": ended.folder,
            "state": ended.state,
            "message": ended.message,
            "epochs": training.folder.read_epochs(),
        }
        print_result(as_json(result))
    else:
        print_result(f"run: {printable(ended.folder)}")
    return 0 if ended.state in ("finished", "stopped") and not stopped_itself else 1


def _follow(training: Training, control: SignalControl) -> tuple[RunEnded, RunPaused | None]:
    """Show the events of a training; how it ended, and the pause that it made by itself."""
    ended, refusal = None, None
    # Closed whatever happens here: that saves the state and lets go of the folder.
    with contextlib.closing(follow(training, control)) as events, _Display() as display:
        for event in events:
            display.show(event)
            if isinstance(event, RunPaused) and event.message:
                refusal = event
            elif isinstance(event, RunEnded):
                ended = event
    assert ended is not None
    return ended, refusal


def _last_words(ended: RunEnded, refusal: RunPaused | None) -> list[tuple[str, str]]:
    """What a person should know of a run that has ended: facts, each with its remedy."""
    words = [(refusal.message, refusal.remedy)] if refusal is not None else []
    remedy = ended.remedy
    resume = f"`cifar-studio train --resume {shlex.quote(ended.folder)}` goes on with it"
    if ended.state == "stopped":
        remedy = resume
    elif ended.reason == "disk":
        remedy = f"{remedy.removesuffix(', then go on')}: {resume}"
    return [*words, (ended.message, remedy)] if ended.message else words


def fetch_in_console() -> None:
    """Download CIFAR-100 with a progress bar; raises StudioError where it cannot be had."""
    from cifar_studio.data.download import fetch_and_prepare

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with unwound_on_ctrl_c(), Progress(*columns, console=stderr_console()) as bar:
        task = bar.add_task("connecting", total=None)
        for progress in fetch_and_prepare():
            bar.update(
                task,
                description=progress.phase,
                completed=progress.done,
                total=progress.total or None,
            )
    tell("CIFAR-100 is ready.")


@contextlib.contextmanager
def unwound_on_ctrl_c() -> Any:
    """Let Ctrl-C raise KeyboardInterrupt, so that half a file is taken away behind it."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def stderr_console(stream: LastingStderr | None = None) -> Console:
    """Where progress is drawn, also after nobody can read it any more."""
    return Console(file=cast("IO[str]", stream or LastingStderr()))


_log = logging.getLogger("cifar_studio")


class _Display:
    """A bar for the epoch that goes on, a line for each that is done."""

    def __init__(self) -> None:
        self._stderr = LastingStderr()
        self._told_gone = False
        console = stderr_console(self._stderr)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
            TextColumn("{task.fields[facts]}"),
        )
        self._bar = Progress(
            *columns, console=console, transient=True, disable=not console.is_terminal
        )
        self._task: TaskID | None = None
        self._epochs = 0
        self._batches = 0
        self._console = console

    def __enter__(self) -> _Display:
        self._bar.__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        self._bar.__exit__(*exc)

    def show(self, event: object) -> None:
        """Show an event."""
        if isinstance(event, RunStarted):
            self._start(event)
        elif isinstance(event, BatchesEnded) and self._task is not None:
            loss = "—" if event.epoch_loss is None else f"{event.epoch_loss:.4f}"
            self._bar.update(
                self._task,
                description=f"epoch {event.epoch}/{self._epochs}",
                completed=event.batch,
                total=event.batches,
                facts=f"loss {loss} · top-1 {event.epoch_top1:.2f} % · "
                f"{event.images_per_second:,.0f} pictures/s",
            )
        elif isinstance(event, EvaluationProgressed) and self._task is not None:
            self._bar.update(
                self._task,
                description=f"epoch {event.epoch}/{self._epochs} {event.split}",
                completed=event.done,
                total=event.total,
            )
        elif isinstance(event, EpochEnded):
            self._print(_line(event.row, self._epochs))
        elif isinstance(event, RunNoticed):
            self._print(f"cifar-studio: {event.message.rstrip('.')}.")
        if self._stderr.is_gone and not self._told_gone:
            self._told_gone = True
            _log.warning("standard error cannot be written: progress is shown no more")

    def _print(self, line: str) -> None:
        self._console.print(printable(line), highlight=False, markup=False, soft_wrap=True)

    def _start(self, event: RunStarted) -> None:
        self._epochs = event.config.epochs
        data, machine = event.environment.data, event.environment
        self._print(
            f"{event.config.architecture} on {data.name} "
            f"({data.train_pictures:,} training, {data.test_pictures:,} test pictures), "
            f"{machine.device_name}, {machine.resolved.precision}, seed {event.config.seed}"
        )
        if event.first_epoch > 1 or event.first_batch > 0:
            place = f", batch {event.first_batch + 1}/{event.batches}" if event.first_batch else ""
            self._print(f"goes on at epoch {event.first_epoch}/{self._epochs}{place}")
        self._task = self._bar.add_task("", total=event.batches, facts="")


def _line(row: EpochRow, epochs: int) -> str:
    def loss(value: float | None) -> str:
        return "—" if value is None else f"{value:.4f}"

    text = (
        f"epoch {row.epoch}/{epochs}  loss {loss(row.train_loss)}  train {row.train_top1:.2f} %  "
        f"test loss {loss(row.test_loss)}  top-1 {row.test_top1:.2f} %  "
        f"top-5 {row.test_top5:.2f} %  {row.train_seconds + row.eval_seconds:.1f} s  "
        f"{row.images_per_second:,.0f} pictures/s"
    )
    if row.val_top1 is not None:
        text += f"  validation {row.val_top1:.2f} %"
    return text
