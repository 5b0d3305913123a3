"""How far a command is, as a bar on standard error."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import IO, cast

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cifar_studio.cli.output.signals import ended_by_signals
from cifar_studio.terminal import LastingStderr


def stderr_console(stream: LastingStderr | None = None) -> Console:
    """Where progress is drawn, also after nobody can read it any more."""
    return Console(file=cast("IO[str]", stream or LastingStderr()))


@contextlib.contextmanager
def progress_bar(description: str) -> Iterator[Callable[..., None]]:
    """A bar for work that a signal ends; it is taken away when the work is done.

    Yields `rich.progress.Progress.update` of the bar: it takes `completed`, `total` and
    `description`.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with ended_by_signals(), Progress(*columns, console=stderr_console(), transient=True) as bar:
        yield functools.partial(bar.update, bar.add_task(description, total=None))
