"""Checkpoints: everything that an exact resume needs, in one file that shows any damage.

The file is what `torch.save` writes, an uncompressed zip, and `torch.load(path, weights_only=True)`
reads it as it stands. It is sealed, and the seal is checked before torch sees anything.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import msgspec
import torch
from torch import Tensor, nn

from cifar_studio import sealed
from cifar_studio.config.serialization import differences, from_json, to_json
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.checkpoints.untrusted_file import MAX_BYTES, check_contents, plain_tensor
from cifar_studio.engine.networks.free_weight import free_weight_after
from cifar_studio.errors import BadInputError, NewerVersionError, RunFolderError
from cifar_studio.reading import open_file
from cifar_studio.runs.folder.environment import ResolvedSettings
from cifar_studio.runs.folder.epochs import COLUMNS, EpochRow
from cifar_studio.sealed import BrokenSealError

FORMAT_VERSION = 3
"""2: weights as they are trained, specialised or not, and `updates`. 3: `free` and `averaged`."""
MAY_CHANGE = {"epochs", "schedule_epochs", "device"}
_Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
_REMEDY = "Take another checkpoint of the run, or train again"


def _unmoved() -> Tensor:
    return torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64)


@dataclass(frozen=True)
class Checkpoint:
    """A training between two batches.

    Attributes
    ----------
    network : dict of str to tensor
        Weights and buffers, by torchvision's names; in the specialised form where `resolved` says
        so.
    optimizer, scaler : dict
        The state dicts of SGD and of the float16 scaler (empty where it is off).
    random : dict of str to uint8 tensor
        torch's random states: "cpu", and "device" where that is another.
    epochs_done : int
        Finished epochs, their rows written.
    batch : int
        Batches done of the epoch after; all of them where only its evaluation is missing.
    batches : (2, batch) float32 tensor
        Loss and right answers of each of these batches.
    rows : tuple of EpochRow
        Of the finished epochs.
    train_seconds : float
        Spent on these batches.
    data_digest : str
        Of the pictures, as `Dataset.digest`.
    updates : int
        Steps that changed the weights, since the start.
    free : (3,) float64 tensor
        A weight of 1 without a gradient, as `FreeWeight` takes it along.
    averaged : dict of str to tensor
        The running average of `network`; empty where there is none.
    """

    config: TrainConfig
    resolved: ResolvedSettings
    network: dict[str, Tensor]
    optimizer: dict[str, Any]
    scaler: dict[str, Any]
    random: dict[str, Tensor]
    epochs_done: int
    batch: int
    batches: Tensor
    rows: tuple[EpochRow, ...]
    train_seconds: float
    data_digest: str = ""
    updates: int = 0
    free: Tensor = field(default_factory=_unmoved)
    averaged: dict[str, Tensor] = field(default_factory=dict)

    @property
    def tested(self) -> dict[str, Tensor]:
        """Weights and buffers of the network whose figures count."""
        return self.averaged or self.network

    @property
    def tested_free(self) -> float:
        """What a weight without a gradient has come to in that network."""
        return float(self.free[2 if self.averaged else 0])

    @property
    def momenta(self) -> dict[int, Tensor]:
        """SGD's momentum of each weight, by its place among the network's parameters."""
        return {
            number: values["momentum_buffer"]
            for number, values in self.optimizer["state"].items()
            if values.get("momentum_buffer") is not None
        }

    @property
    def progress(self) -> tuple[int, int]:
        """How far the training is: finished epochs, batches of the one after."""
        return self.epochs_done, self.batch


def save(path: Path, checkpoint: Checkpoint, *, keep_as: Path | None = None) -> None:
    """Write a checkpoint at once or not at all; raises OSError.

    `keep_as` is where the checkpoint before goes, as `atomic.write_file` means it.
    """
    contents = {
        "format": FORMAT_VERSION,
        **vars(checkpoint),
        "config": to_json(checkpoint.config).decode(),
        "resolved": msgspec.json.encode(checkpoint.resolved).decode(),
        "rows": _rows_to_tensor(checkpoint.rows),
    }
    sealed.write(path, lambda file: torch.save(contents, file), keep_as=keep_as)


def load(path: Path) -> Checkpoint:
    """Read and check what `save` wrote, onto the CPU.

    Nothing in the file is run, and no file makes this take more memory than the largest network.

    Raises
    ------
    RunFolderError
        Missing, damaged (any bit), or no checkpoint of the studio.
    NewerVersionError
    """
    try:
        with open_file(path) as file:
            if file.seek(0, os.SEEK_END) > MAX_BYTES:
                raise RunFolderError(f"{path} is longer than any checkpoint", _REMEDY)
            sealed.verify(file)
            check_contents(file)
            contents = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise RunFolderError(
            f"{path} cannot be read ({error.strerror})", "Choose a run with a checkpoint"
        ) from error
    except RunFolderError:
        raise
    except BrokenSealError as error:
        raise RunFolderError(f"{path} is damaged: {error}", _REMEDY) from error
    except Exception as error:  # whatever a pickle of a stranger's making brings torch to raise
        raise RunFolderError(f"{path} is no checkpoint of the studio", _REMEDY) from error
    version = contents.get("format") if isinstance(contents, dict) else None
    if type(version) is int and version > FORMAT_VERSION:
        raise NewerVersionError(
            f"{path} has format {version}, this version reads up to {FORMAT_VERSION}",
            "Update CIFAR Studio",
        )
    try:
        if type(version) is not int:
            raise ValueError("it has no format")
        return _from_contents(contents)
    except NewerVersionError:
        raise
    except Exception as error:  # any value may stand in any place
        raise RunFolderError(f"{path} is no checkpoint of the studio", _REMEDY) from error


def check_same_run(checkpoint: Checkpoint, config: TrainConfig) -> None:
    """Raise BadInputError where a checkpoint was trained with other settings.

    A resumed run may be longer and may go on elsewhere; all else would make it another run.
    """
    changed = [key for key in differences(config, checkpoint.config) if key not in MAY_CHANGE]
    if changed:
        raise BadInputError(
            f"the checkpoint was trained with another {', '.join(changed)}",
            "Start a new run with these settings; or remove config.json and resume, which takes "
            "the settings from the checkpoint",
        )


def check_fits(checkpoint: Checkpoint, network: nn.Module) -> None:
    """Whether the checkpoint's weights are those of such a network.

    Raises
    ------
    RunFolderError
        Names, shapes or types of weights, buffers or momenta are others; names the first.
    """
    expected = network.state_dict()
    for name in (*expected, *checkpoint.network):
        mine, theirs = expected.get(name), checkpoint.network.get(name)
        if mine is None or theirs is None or not _alike(mine, theirs):
            _does_not_fit(checkpoint, name)
    if bool(checkpoint.averaged) != bool(checkpoint.config.weight_averaging):
        _does_not_fit(checkpoint, "average of weights")
    for name in (*expected, *checkpoint.averaged) if checkpoint.averaged else ():
        mine, theirs = expected.get(name), checkpoint.averaged.get(name)
        if mine is None or theirs is None or not _alike(mine, theirs):
            _does_not_fit(checkpoint, f"average of {name}")
    weights = dict(enumerate(network.named_parameters()))
    for number, momentum in checkpoint.momenta.items():
        name, weight = weights.get(number, ("another weight", None))
        if weight is None or not _alike(weight, momentum):
            _does_not_fit(checkpoint, f"momentum of {name}")
    if checkpoint.momenta and len(checkpoint.momenta) < len(weights):
        _does_not_fit(checkpoint, "number of momenta")


def _from_contents(contents: dict[str, Any]) -> Checkpoint:
    values = {name: contents[name] for name in Checkpoint.__annotations__ if name in contents}
    values["config"] = from_json(contents["config"].encode())
    values["resolved"] = msgspec.json.decode(contents["resolved"], type=ResolvedSettings)
    values["rows"] = _rows_from_tensor(plain_tensor(contents["rows"]))
    if "free" not in values:  # before format 3 every rate was constant
        values["free"] = free_weight_after(values["config"], _updates(values))
    checkpoint = Checkpoint(**values)
    _check_types(checkpoint)
    if (
        checkpoint.batches.shape != (2, checkpoint.batch)
        or len(checkpoint.rows) != checkpoint.epochs_done
        or checkpoint.updates > _steps(checkpoint)
        or [row.epoch for row in checkpoint.rows] != list(range(1, checkpoint.epochs_done + 1))
    ):
        raise ValueError("the parts do not fit each other")
    return checkpoint


def _updates(values: dict[str, Any]) -> int:
    return msgspec.convert(values.get("updates", 0), _Count)


def _steps(checkpoint: Checkpoint) -> int:
    """All steps so far; some of float16 may have changed nothing."""
    return checkpoint.epochs_done * checkpoint.config.steps_in_epoch + checkpoint.batch


def _check_types(checkpoint: Checkpoint) -> None:
    """Raise TypeError or ValueError where a part is of another kind than it should be."""
    parts = (
        checkpoint.network,
        checkpoint.optimizer,
        checkpoint.scaler,
        checkpoint.random,
        checkpoint.averaged,
    )
    if any(type(part) is not dict for part in parts):
        raise TypeError("a part is no dict")
    tensors = [*checkpoint.network.values(), *checkpoint.random.values(), checkpoint.batches]
    tensors += [*checkpoint.averaged.values(), checkpoint.free]
    if plain_tensor(checkpoint.free).shape != (3,) or checkpoint.free.dtype != torch.float64:
        raise ValueError("the weight without a gradient is not three numbers")
    for tensor in [*tensors, *checkpoint.momenta.values()]:
        plain_tensor(tensor)
    # Field by field: what is none of SGD's must not be passed over in silence.
    state = checkpoint.optimizer["state"].values()
    if any(not isinstance(part, dict) or set(part) - {"momentum_buffer"} for part in state):
        raise TypeError("the optimizer is another")
    numbers = (
        checkpoint.epochs_done,
        checkpoint.batch,
        checkpoint.updates,
        checkpoint.train_seconds,
    )
    if any(isinstance(number, bool) for number in numbers):
        raise TypeError("a number is a truth value")
    msgspec.convert(numbers, tuple[int, int, _Count, float])
    msgspec.convert(checkpoint.scaler, dict[str, float | int | None])
    msgspec.convert(checkpoint.data_digest, str)
    names = (*checkpoint.network, *checkpoint.random, *checkpoint.averaged)
    if any(type(name) is not str for name in names):
        raise TypeError("a name is no text")


def _rows_to_tensor(rows: tuple[EpochRow, ...]) -> Tensor:
    values = [[getattr(row, column) for column in COLUMNS] for row in rows]
    numbers = [[math.nan if value is None else float(value) for value in row] for row in values]
    return torch.tensor(numbers, dtype=torch.float64).view(len(rows), len(COLUMNS))


def _rows_from_tensor(numbers_RC: Tensor) -> tuple[EpochRow, ...]:
    rows = []
    for numbers in numbers_RC.tolist():
        values = {c: None if math.isnan(n) else n for c, n in zip(COLUMNS, numbers, strict=False)}
        rows.append(msgspec.convert({**values, "epoch": int(numbers[0])}, EpochRow))
    return tuple(rows)


def _alike(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and one.dtype == other.dtype


def _does_not_fit(checkpoint: Checkpoint, name: str) -> None:
    raise RunFolderError(
        f"the checkpoint's {name} does not fit {checkpoint.config.architecture}", _REMEDY
    )
