"""Finds the run folders of trainings that began when nobody could note it any more."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Container
from pathlib import Path

from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import StudioError
from cifar_studio.runs.folder.library import run_paths
from cifar_studio.runs.folder.run_folder import RunFolder, start_time

Key = tuple[int, int]
"""A trial's number and the number of its part."""
_SLACK = datetime.timedelta(days=1)  # names tell local times, which jump and travel


def find_strays(
    parent: Path, experiment: str, created: str, known: Container[str]
) -> dict[Key, list[Path]]:
    """The run folders of an experiment of which its ledger does not tell, by their place in it.

    Runs that were started before the experiment was made are of another one that had its name.

    Parameters
    ----------
    created : str
        ISO 8601; what is none leaves no run out.
    known : container of str
        Names of run folders that the ledger tells of.
    """
    made = _moment(created)
    found: dict[Key, list[Path]] = {}
    for path in run_paths(parent):
        if path.name in known or _is_much_older(path, made):
            continue
        with contextlib.suppress(StudioError):
            environment = RunFolder(path).read_environment()
            place, started = environment.trial, _moment(environment.started)
            is_older = made is not None and started is not None and started < made
            if place is not None and place.experiment == experiment and not is_older:
                found.setdefault((place.trial, place.part), []).append(path)
    return found


def best_match(paths: list[Path], config: TrainConfig) -> Path | None:
    """Of runs the one with these settings that has come furthest; the device is the slot's."""
    epochs: dict[Path, int] = {}
    for path in paths:
        with contextlib.suppress(StudioError):
            folder = RunFolder(path)
            if replace(folder.read_config(), device=config.device) == config:
                epochs[path] = len(folder.read_epochs())
    return max(epochs, key=lambda path: epochs[path], default=None)


def _moment(text: str) -> datetime.datetime | None:
    with contextlib.suppress(ValueError):
        moment = datetime.datetime.fromisoformat(text)
        return moment if moment.tzinfo is not None else None
    return None


def _is_much_older(path: Path, made: datetime.datetime | None) -> bool:
    """Whether the name alone tells it: files need not be read then."""
    started = start_time(path)
    if started is None or made is None:
        return False
    with contextlib.suppress(OverflowError, ValueError, OSError):
        return started < made.astimezone().replace(tzinfo=None) - _SLACK
    return False
