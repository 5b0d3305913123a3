"""Trainings and downloads followed in a terminal: progress on standard error."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any

import msgspec
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

from cifar_studio.runner.prepare import prepare
from cifar_studio.runner.protocol import Command, ResumeRequest, TrainRequest
from cifar_studio.runner.session import follow
from cifar_studio.runs.epochs import EpochRow
from cifar_studio.runs.events import (
    BatchesEnded,
    EpochEnded,
    EvaluationProgressed,
    RunEnded,
    RunStarted,
)

EXIT_CODES = {"finished": 0, "stopped": 0}


class SignalControl:
    """Ctrl-C and SIGTERM stop the run at the next batch, keeping its state; twice ends at once."""

    def __init__(self) -> None:
        self._stop = False
        self._old: dict[signal.Signals, Any] = {}

    def poll(self) -> Command | None:
        return Command.STOP_NOW if self._stop else None

    def wait(self) -> Command:
        return Command.STOP_NOW

    def __enter__(self) -> SignalControl:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._old[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._old.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._stop:
            signal.default_int_handler(number, frame)
        self._stop = True
        print("\nStopping at the end of this batch; the state is kept.", file=sys.stderr)


def train_in_console(request: TrainRequest | ResumeRequest, *, as_json: bool) -> int:
    """Train, show progress, print "run: FOLDER" (or JSON) last; returns the exit code.

    Raises
    ------
    StudioError
        The training cannot begin.
    """
    with SignalControl() as control:
        training = prepare(request)
        display = _Display()
        ended = None
        with display:
            for event in follow(training, control):
                display.show(event)
                if isinstance(event, RunEnded):
                    ended = event
    assert ended is not None
    if ended.message:
        remedy = f" {ended.remedy}." if ended.remedy else ""
        print(f"cifar-studio: {ended.message}.{remedy}", file=sys.stderr)
    if as_json:
        rows = training.folder.read_epochs()
        result = {"run": ended.folder, "state": ended.state, "epochs": rows}
        print(msgspec.json.encode(result).decode())
    else:
        print(f"run: {ended.folder}")
    return EXIT_CODES.get(ended.state, 1)


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
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("connecting", total=None)
        for progress in fetch_and_prepare():
            bar.update(
                task,
                description=progress.phase,
                completed=progress.done,
                total=progress.total or None,
            )
    print("CIFAR-100 is ready.", file=sys.stderr)


class _Display:
    """A bar for the epoch that goes on, a line for each that is done."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._live = console.is_terminal
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
            TextColumn("{task.fields[facts]}"),
        )
        self._bar = Progress(*columns, console=console, transient=True, disable=not self._live)
        self._task: TaskID | None = None
        self._epochs = 0
        self._batches = 0
        self._print = console.print

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
            self._print(_line(event.row, self._epochs), highlight=False, soft_wrap=True)

    def _start(self, event: RunStarted) -> None:
        self._epochs = event.config.epochs
        data, machine = event.environment.data, event.environment
        self._print(
            f"{event.config.architecture} on {data.name} "
            f"({data.train_pictures:,} training, {data.test_pictures:,} test pictures), "
            f"{machine.device_name}, {machine.resolved.precision}, seed {event.config.seed}",
            highlight=False,
            soft_wrap=True,
        )
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
