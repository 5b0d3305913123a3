"""Finds the run folders of trainings that began when nobody could note it any more."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Container, Mapping
from pathlib import Path

from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import StudioError
from cifar_studio.runs.folder.library import run_paths
from cifar_studio.runs.folder.run_folder import RunFolder

Key = tuple[int, int]
"""A trial's number and the number of its part."""


def find_runs(
    parent: Path,
    experiment: str,
    created: str,
    wanted: Mapping[Key, TrainConfig],
    known: Container[str],
) -> dict[Key, Path]:
    """The run folders of an experiment of which its ledger does not tell.

    A run is of the experiment if it says so, has the settings that the trial has, and was started
    after the experiment was made: there may have been another one of this name.

    Parameters
    ----------
    wanted : mapping
        The parts that lack a run, and the settings that it would have.
    known : container of str
        Names of run folders that the ledger tells of.
    """
    found: dict[Key, Path] = {}
    for path in run_paths(parent) if wanted else []:
        if path.name in known:
            continue
        with contextlib.suppress(StudioError, OSError):
            key = _place(path, experiment, created)
            if key is None or key not in wanted:
                continue
            if _has(path, wanted[key]) and _is_further(path, found.get(key)):
                found[key] = path
    return found


def _place(path: Path, experiment: str, created: str) -> Key | None:
    """Which part of the experiment a run is; None where it is of another. Raises StudioError."""
    environment = RunFolder(path).read_environment()
    place = environment.trial
    if place is None or place.experiment != experiment:
        return None
    is_older = _is_before(environment.started, created)
    return None if is_older else (place.trial, place.part)


def _is_before(started: str, created: str) -> bool:
    try:
        return datetime.datetime.fromisoformat(started) < datetime.datetime.fromisoformat(created)
    except (ValueError, TypeError):  # somebody has changed the one or the other
        return False


def _has(path: Path, config: TrainConfig) -> bool:
    """Whether a run has these settings; the device is the slot's. Raises StudioError."""
    found = RunFolder(path).read_config()
    return replace(found, device=config.device) == config


def _is_further(path: Path, other: Path | None) -> bool:
    """Whether a run has more epochs than another one of the same trial."""
    if other is None:
        return True
    return len(RunFolder(path).read_epochs()) > len(RunFolder(other).read_epochs())
