"""The library of runs as lines and as JSON."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cifar_studio.errors import RunFolderError, StudioError
from cifar_studio.plain_text import plain, printable
from cifar_studio.runs.folder.library import Run, list_all
from cifar_studio.runs.wording import (
    best_top1,
    data_of,
    how_chosen,
    progress,
    run_title,
    state,
)
from cifar_studio.terminal import as_json


def list_folder(folder: Path, *, must_exist: bool) -> tuple[list[Run], list[str]]:
    """Read the library in `folder`; one that is missing holds no runs, where it may be missing.

    Returns
    -------
    runs : list of Run
        Newest first; those that can be read.
    notices : list of str
        For a person: a folder that is missing, runs that are damaged. One each, with its full stop.

    Raises
    ------
    RunFolderError
        The folder must be there and is not, or cannot be read.
    """
    try:
        with os.scandir(folder):
            pass
    except FileNotFoundError:
        if must_exist:
            raise RunFolderError(
                f"{folder} does not exist",
                "Give the folder that runs were kept in with --runs, or leave it out for your own",
            ) from None
        return [], [f"there are no runs yet: {folder} does not exist."]
    except OSError as error:
        raise RunFolderError(
            f"{folder} cannot be read ({error.strerror or error})",
            "Give a folder of runs that you may read with --runs",
        ) from error
    runs, damaged = list_all(folder)
    notices = [str(StudioError(run.fault, run.remedy)) for run in damaged]
    notices += [f"{run.path}: {'; '.join(run.damage)}." for run in runs if run.damage]
    return runs, notices


def runs_as_text(runs: Sequence[Run]) -> str:
    """One run a line, in columns."""
    rows = [_words(run) for run in runs]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def runs_as_json(runs: Sequence[Run]) -> str:
    """A list of objects: folder, name, star, config, data, state, epochs, best, trial."""
    return as_json(
        [
            {
                "folder": plain(str(run.path)),
                "name": run.notes.name,
                "star": run.notes.star,
                "config": run.config,
                "data": run.environment.data if run.environment else None,
                "state": run.status.state,
                "epochs": len(run.rows),
                "best": run.best,
                "trial": run.environment.trial if run.environment else None,
            }
            for run in runs
        ]
    )


def _place(run: Run) -> str:
    """Which trial of which experiment it is; empty for most."""
    trial = run.environment.trial if run.environment else None
    return f"trial {trial.trial} of {trial.experiment}" if trial is not None else ""


def _words(run: Run) -> list[str]:
    best = run.best
    figure = f"top-1 {best_top1(best)} at epoch {best.epoch}, {how_chosen(run)}" if best else "-"
    star = "*" if run.notes.star else " "
    words = [
        f"{star} {run.path.name}",
        run_title(run),
        data_of(run.config, run.data_name),
        progress(run),
        state(run),
        figure,
        _place(run),
    ]
    return [printable(word) for word in words]
