"""A training's progress in a terminal: a bar for the epoch that goes on, a line for each done."""

from __future__ import annotations

import logging
from typing import Any

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from cifar_studio.cli.output.progress_bar import stderr_console
from cifar_studio.config.check import hints
from cifar_studio.plain_text import printable
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.events import (
    BatchesEnded,
    EpochEnded,
    EvaluationProgressed,
    RunNoticed,
    RunStarted,
)
from cifar_studio.runs.wording import judged_on, network, test_locked
from cifar_studio.terminal import LastingStderr

_log = logging.getLogger("cifar_studio")


class TrainingDisplay:
    """A bar for the epoch that goes on, a line for each that is done."""

    def __init__(self) -> None:
        self._stderr = LastingStderr()
        self._is_gone_logged = False
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
        self._console = console

    def __enter__(self) -> TrainingDisplay:
        self._bar.__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        self._bar.__exit__(*exc)

    def show(self, event: object) -> None:
        """Show an event."""
        if isinstance(event, RunStarted):
            self._start(event)
        elif isinstance(event, BatchesEnded) and self._task is not None:
            self._bar.update(
                self._task,
                description=f"epoch {event.epoch}/{self._epochs}",
                completed=event.batch,
                total=event.batches,
                facts=f"loss {_loss(event.epoch_loss)} · top-1 {event.epoch_top1:.2f} % · "
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
        if self._stderr.is_gone and not self._is_gone_logged:
            self._is_gone_logged = True
            _log.warning("standard error cannot be written: progress is shown no more")

    def _print(self, line: str) -> None:
        self._console.print(printable(line), highlight=False, markup=False, soft_wrap=True)

    def _start(self, event: RunStarted) -> None:
        self._epochs = event.config.epochs
        data, machine = event.environment.data, event.environment
        self._print(
            f"{network(event.config)} on {data.name} "
            f"({data.train_pictures:,} training, {judged_on(event.config, data)} pictures), "
            f"{machine.device_name}, {machine.resolved.precision}, seed {event.config.seed}"
        )
        if event.config.locks_test_set:
            self._print(f"{test_locked(event.config)}.")
        if (event.first_epoch > 1 or event.first_batch > 0) and event.first_epoch <= self._epochs:
            place = f", batch {event.first_batch + 1}/{event.batches}" if event.first_batch else ""
            if event.first_batch == event.batches:
                place = ", with its evaluation"
            self._print(f"goes on at epoch {event.first_epoch}/{self._epochs}{place}")
        for hint in hints(event.config):
            self._print(f"cifar-studio: {hint}.")
        self._task = self._bar.add_task("", total=event.batches, facts="")


def _loss(value: float | None) -> str:
    return "—" if value is None else f"{value:.4f}"


def _line(row: EpochRow, epochs: int) -> str:
    parts = [
        f"epoch {row.epoch}/{epochs}",
        f"loss {_loss(row.train_loss)}",
        f"train {row.train_top1:.2f} %",
    ]
    if row.test_top1 is not None:
        parts += [f"test loss {_loss(row.test_loss)}", f"top-1 {row.test_top1:.2f} %"]
    elif row.val_top1 is not None:  # of a locked test set there is nothing to be said
        parts.append(f"validation loss {_loss(row.val_loss)}")
    if row.test_top5 is not None:
        parts.append(f"top-5 {row.test_top5:.2f} %")
    parts.append(f"{row.train_seconds + row.eval_seconds:.1f} s")
    parts.append(f"{row.images_per_second:,.0f} pictures/s")
    if row.val_top1 is not None:
        parts.append(f"validation {row.val_top1:.2f} %")
    return "  ".join(parts)
