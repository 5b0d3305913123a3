"""A training that is ready to start, and what every run folder is checked for before."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import filelock

from cifar_studio.config.architectures import architecture
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Dataset
from cifar_studio.disk_space import check_free
from cifar_studio.engine.checkpoints.checkpoint import Checkpoint
from cifar_studio.errors import BadInputError
from cifar_studio.runs.folder.environment import Environment
from cifar_studio.runs.folder.run_folder import RunFolder

# A run keeps three checkpoints, weights and momentum of float32, and writes a fourth before it
# lets the oldest go; the rest is arrays and tables.
_CHECKPOINTS = 4
_BYTES_A_WEIGHT = 8
_BYTES_OF_AN_AVERAGE = 4
_OTHER_BYTES = 64 * 2**20


@dataclass(frozen=True)
class ReadyTraining:
    """A training that is ready to start: its folder stands and is held.

    Attributes
    ----------
    checkpoint : Checkpoint or None
        Where to go on.
    lock : filelock.BaseFileLock
        Of the folder; whoever follows the training releases it.
    notices : tuple of str
        What a person should know of it, a sentence each.
    """

    config: TrainConfig
    dataset: Dataset
    folder: RunFolder
    environment: Environment
    checkpoint: Checkpoint | None
    lock: filelock.BaseFileLock
    notices: tuple[str, ...] = ()

    def discard(self) -> None:
        """Remove the folder of a new run that is not to be trained."""
        shutil.rmtree(self.folder.path, ignore_errors=True)
        self.lock.release()


def needed_bytes(config: TrainConfig, specialized: bool) -> int:
    """Room that a run of this config takes on the disk at most."""
    network = architecture(config.architecture)
    weights = (network.trained_parameters if specialized else network.parameters)[config.stem]
    each = _BYTES_A_WEIGHT + (_BYTES_OF_AN_AVERAGE if config.weight_averaging else 0)
    return _CHECKPOINTS * each * weights + _OTHER_BYTES


def check_name(path: Path) -> None:
    """Raise BadInputError for a name that no JSON can hold."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        name = str(path).encode(errors="replace").decode()
        raise BadInputError(
            f"the name of the folder {name} is no valid text",
            "Rename it, or choose another place with --runs",
        ) from None


def check_room(folder: RunFolder, config: TrainConfig, specialized: bool) -> None:
    """Raise RunFolderError where the disk has no room for the run beside what it has already."""
    checkpoints = (folder.last_checkpoint, folder.previous_checkpoint, folder.best_checkpoint)
    facts = [path.stat() for path in checkpoints if path.exists()]
    taken = sum({fact.st_ino: fact.st_size for fact in facts}.values())
    check_free(
        folder.path.parent,
        needed_bytes(config, specialized) - taken,
        f"a run of {config.architecture} needs up to",
    )


def as_text(command: list[str]) -> list[str]:
    """The words of a command as JSON can hold them: a file name need not be valid text."""
    return [word.encode(errors="replace").decode() for word in command]
