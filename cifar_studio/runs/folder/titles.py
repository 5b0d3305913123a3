"""What a run is called, in the window and on what leaves it."""

from __future__ import annotations

from cifar_studio.config.architectures import architecture
from cifar_studio.config.study import shortened_by
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.library import Run


def network(config: TrainConfig) -> str:
    """The network in a few words: "ResNet18, dropout 0.5, for 32x32"."""
    words = [architecture(config.architecture).title]
    if config.dropout is not None:
        words.append(f"dropout {config.dropout:g}")
    if config.stem == "cifar":
        words.append("for 32x32")
    return ", ".join(words)


def dated_title(run: Run) -> str:
    """The title, and when the run was started where two runs may have the same one."""
    if run.notes.name or run.started is None:
        return run_title(run)
    return f"{run_title(run)}, {run.started:%d %b %Y %H:%M}"


def run_title(run: Run) -> str:
    """The name that a person gave, else the network."""
    return run.notes.name or network(run.config)


def data_of(config: TrainConfig, name: str) -> str:
    """The data's name, marked where the run is a smaller form of one of the report's."""
    return f"{name}, short" if shortened_by(config) else name


def chosen_by(validated: bool) -> str:
    """How the best epoch was chosen."""
    return "best on validation" if validated else "best on test (selected)"


def is_validated(run: Run) -> bool:
    """Whether a validation split chose the best epoch of a run."""
    return bool(run.rows) and all(row.val_top1 is not None for row in run.rows)


def training_caption(config: TrainConfig) -> str:
    """What sets training figures apart from test figures, for this config."""
    words = ["while learning"]
    if config.random_crop or config.horizontal_flip:
        words.append("augmented")
    rate = config.dropout
    if rate is None:
        rate = architecture(config.architecture).standard_dropout
    if rate > 0:
        words.append("dropout on")
    return f"training ({', '.join(words)})"
