"""A run as the command that repeats it."""

from __future__ import annotations

import json
import shlex

from cifar_studio.config.presets import nearest_preset
from cifar_studio.config.serialization import differences
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.library import Run


def train_command(run: Run) -> str:
    """The `cifar-studio train` command with the fewest words that gives the same config."""
    words = ["cifar-studio", "train", *config_words(run.config)]
    if run.environment is not None and run.environment.data.is_demo:
        words += ["--data", "demo"]
    return shlex.join(words)


def config_words(config: TrainConfig) -> list[str]:
    """`--preset NAME` and `--set KEY=VALUE` words for a config."""
    nearest = nearest_preset(config)
    words = ["--preset", nearest.name]
    for key, (_, value) in differences(config, nearest.config).items():
        text = value if isinstance(value, str) else json.dumps(value)
        words += ["--set", f"{key}={text}"]
    return words
