"""Where things live on this computer. Nothing here touches the disk unless it says so."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import platformdirs

_APP = "cifar-studio"


def cache_folder() -> Path:
    """Folder for what can be made again: downloads and decoded pictures."""
    return platformdirs.user_cache_path(_APP, appauthor=False)


def data_cache_folder() -> Path:
    """Folder in which downloaded archives and the decoded arrays are kept."""
    return cache_folder() / "data"


def runs_folder() -> Path:
    """Folder of runs: `CIFAR_STUDIO_RUNS` where it is set, else the person's own data folder."""
    named = os.environ.get("CIFAR_STUDIO_RUNS")
    if not named:
        return platformdirs.user_data_path(_APP, False) / "runs"
    # Unlike Path.expanduser this leaves a name alone that it does not know.
    return Path(os.path.expanduser(named))  # noqa: PTH111


def experiments_folder() -> Path:
    """Folder of experiments: `CIFAR_STUDIO_EXPERIMENTS`, else in the person's own data folder."""
    named = os.environ.get("CIFAR_STUDIO_EXPERIMENTS")
    if not named:
        return platformdirs.user_data_path(_APP, appauthor=False) / "experiments"
    return Path(os.path.expanduser(named))  # noqa: PTH111


def settings_file() -> Path:
    """The window's settings: size, splitters, last form."""
    return platformdirs.user_config_path(_APP, appauthor=False) / "settings.json"


def queue_file() -> Path:
    """The window's runs that wait."""
    return platformdirs.user_data_path(_APP, appauthor=False) / "queue.json"


def presets_folder() -> Path:
    """Presets that a person saved, one JSON file each."""
    return platformdirs.user_config_path(_APP, appauthor=False) / "presets"


def speeds_file() -> Path:
    """Training speeds measured on this computer, kept so that estimates are at hand at once."""
    return cache_folder() / "speeds.json"


def choices_file() -> Path:
    """Memory formats and precisions found fastest on this computer."""
    return cache_folder() / "choices.json"


@functools.cache
def resources_folder() -> Path:
    """The shipped icons and styles, in an installed wheel as well as in a checkout."""
    package = Path(__file__).resolve().parent
    inside = package / "resources"
    return inside if inside.is_dir() else package.parent / "resources"
