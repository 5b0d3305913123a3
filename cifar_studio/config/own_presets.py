"""Presets that a person saved: one JSON file each, in a folder of theirs."""

from __future__ import annotations

import re
from pathlib import Path

from cifar_studio import atomic
from cifar_studio.config.presets import PRESETS, Preset
from cifar_studio.config.serialization import read_config, to_json
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import BadInputError, StudioError

MAX_NAME = 60


def own_presets(folder: Path) -> tuple[Preset, ...]:
    """The readable presets of a folder by name; damaged files are left out."""
    presets = []
    try:
        paths = sorted(folder.glob("*.json"))
    except OSError:
        return ()
    for path in paths:
        try:
            config = read_config(path)
        except StudioError:
            continue
        presets.append(Preset(path.stem, path.stem, f"Your own preset, kept in {path}.", config))
    return tuple(presets)


def save_preset(folder: Path, name: str, config: TrainConfig) -> Preset:
    """Keep a config under a name; one of the same name is replaced.

    Raises
    ------
    BadInputError
        The name is empty, too long, a built-in one, or not fit for a file.
    """
    name = name.strip()
    if not name or len(name) > MAX_NAME or re.search(r'[\x00-\x1f/\\:*?"<>|]', name):
        raise BadInputError(
            f"{name!r} cannot name a preset",
            f"Use 1 to {MAX_NAME} letters, digits and spaces",
        )
    if name in PRESETS or name.startswith("."):
        raise BadInputError(f"{name!r} is taken by a built-in preset", "Choose another name")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(folder / f"{name}.json", to_json(config))
    except OSError as error:
        raise BadInputError(
            f"the preset cannot be kept in {folder} ({error.strerror})", "Free space there"
        ) from error
    return Preset(name, name, f"Your own preset, kept in {folder}.", config)


def delete_preset(folder: Path, name: str) -> None:
    """Forget a preset; nothing happens where there is none of that name."""
    (folder / f"{name}.json").unlink(missing_ok=True)
