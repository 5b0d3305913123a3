"""The library of runs as lines and as JSON."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cifar_studio.errors import RunFolderError, StudioError
from cifar_studio.plain_text import plain, printable
from cifar_studio.runs.folder.library import Run, list_all
from cifar_studio.runs.wording import data_of
from cifar_studio.terminal import as_json


@dataclass(frozen=True)
class Listing:
    """The runs of a folder, and what a person should know besides.

    Attributes
    ----------
    runs : tuple of Run
        Newest first; those that can be read.
    notices : tuple of str
        For a person: a folder that is missing, runs that are damaged. One each, with its full stop.
    """

    runs: tuple[Run, ...]
    notices: tuple[str, ...] = ()

    def as_text(self) -> str:
        """One run a line, in columns."""
        rows = [_words(run) for run in self.runs]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        )

    def as_json(self) -> str:
        """A list of objects: folder, name, config, data, state, epochs, best."""
        return as_json([_object(run) for run in self.runs])


def list_folder(folder: Path, *, must_exist: bool) -> Listing:
    """Read the library in `folder`; one that is missing holds no runs, where it may be missing.

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
        return Listing((), (f"there are no runs yet: {folder} does not exist.",))
    except OSError as error:
        raise RunFolderError(
            f"{folder} cannot be read ({error.strerror or error})",
            "Give a folder of runs that you may read with --runs",
        ) from error
    runs, damaged = list_all(folder)
    notices = [str(StudioError(run.fault, run.remedy)) for run in damaged]
    notices += [f"{run.path}: {'; '.join(run.damage)}." for run in runs if run.damage]
    return Listing(tuple(runs), tuple(notices))


def _words(run: Run) -> list[str]:
    best = run.best
    figure = f"top-1 {best.test_top1:.2f} % at epoch {best.epoch}" if best else "-"
    star = "*" if run.notes.star else " "
    words = [
        f"{star} {run.path.name}",
        run.notes.name or run.config.architecture,
        data_of(run.config, run.data_name),
        f"{len(run.rows)}/{run.config.epochs}",
        run.status.state,
        figure,
    ]
    return [printable(word) for word in words]


def _object(run: Run) -> dict[str, object]:
    return {
        "folder": plain(str(run.path)),
        "name": run.notes.name,
        "star": run.notes.star,
        "config": run.config,
        "data": run.environment.data if run.environment else None,
        "state": run.status.state,
        "epochs": len(run.rows),
        "best": run.best,
    }
