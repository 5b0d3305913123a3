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
_UNFIT = re.compile(r'^\.|[\x00-\x1f\x7f\ud800-\udfff/\\:*?"<>|]')


def own_presets(folder: Path) -> tuple[Preset, ...]:
    """The readable presets of a folder by name; damaged files are left out.

    So is one of a built-in preset's name, which it would stand in for.
    """
    presets = []
    try:
        paths = sorted(folder.glob("*.json"))
    except OSError:
        return ()
    for path in paths:
        if path.stem in PRESETS:
            continue
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
    if not name or len(name) > MAX_NAME or _UNFIT.search(name):
        raise BadInputError(
            f"{name!r} cannot name a preset",
            f"Use 1 to {MAX_NAME} letters, digits and spaces",
        )
    if name in PRESETS:
        raise BadInputError(f"{name!r} is taken by a built-in preset", "Choose another name")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(folder / f"{name}.json", to_json(config))
    except OSError as error:
        raise BadInputError(
            f"the preset cannot be kept in {folder} ({error.strerror or error})",
            "Free space there, and see to it that it can be written",
        ) from error
    return Preset(name, name, f"Your own preset, kept in {folder}.", config)


def delete_preset(folder: Path, name: str) -> None:
    """Forget a preset; nothing happens where there is none of that name.

    Raises
    ------
    BadInputError
        Its file cannot be removed.
    """
    path = folder / f"{name}.json"
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise BadInputError(
            f"{path} cannot be removed ({error.strerror or error})",
            "See to it that its folder can be written",
        ) from error
