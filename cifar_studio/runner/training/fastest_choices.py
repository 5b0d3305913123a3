"""Memory formats and precisions that were found fastest here, remembered from run to run.

A picture of the machine, not of any run, which notes its own: losing the file costs a few seconds
of measuring.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from cifar_studio import atomic, paths
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.machine.device import is_usable, resolve
from cifar_studio.engine.speed.fastest_format import candidates, choice_key, fastest
from cifar_studio.errors import TrainingError
from cifar_studio.reading import read_bytes
from cifar_studio.runs.folder.environment import Choice, ResolvedSettings

MAX_BYTES = 1024 * 1024
FEWEST_STEPS = 300
"""A shorter run is over before a measurement would have repaid itself."""


def choice_for(config: TrainConfig) -> Choice | None:
    """The fastest memory format and precision for a config, measured if need be.

    None for a run that is to be the same on every day, for a short one of which nothing is
    remembered, and where the measurement fails: such a run takes what most networks like best.

    Raises
    ------
    BadInputError, ConfigError
        As `resolve` does.
    """
    if config.deterministic:
        return None
    path, key = paths.choices_file(), choice_key(config)
    known = _read(path).get(key)
    if known in candidates(config, resolve(config)):  # whatever stands in the file
        return known
    if _steps(config) < FEWEST_STEPS:
        return None
    try:
        choice = fastest(config)
    except TrainingError:  # the training itself will say what is wrong, if it is
        return None
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(path, msgspec.json.encode(_read(path) | {key: choice}))
    return choice


def resolved_settings(
    config: TrainConfig, before: ResolvedSettings | None = None
) -> ResolvedSettings:
    """What a config leaves to the machine, settled: for a run, or one that was run before.

    `before` is taken where this machine can do that and the config's device allows it.

    Raises
    ------
    BadInputError, ConfigError
        As `resolve` does.
    """
    if before is not None and is_usable(before):
        device = before.device
        if config.device in ("auto", device, device.partition(":")[0]):
            return before
    return resolve(config, choice_for(config))


def _steps(config: TrainConfig) -> int:
    return config.epochs * config.steps_in_epoch


def _read(path: Path) -> dict[str, Choice]:
    try:
        return msgspec.json.decode(read_bytes(path, MAX_BYTES), type=dict[str, Choice])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
