"""Networks as files for other programs. Each is read back and has to answer as the run does.

weights.safetensors
    The parameters by torchvision's names. Loads strictly into the stock network where the stem is
    the published one; `network.py` beside it builds the fitting network for any stem.
network.pt2
    A torch.export program, any number of pictures at once.
network.onnx
    The same for ONNX runtimes; needs the extra `onnx`.

The last two take pictures from 0 to 1 and normalise them; the weights are of the bare network.
Where a run averages its weights it is the average that is written. All answer to the picture that
they are given, also where a run was tested on mirror images too.
"""

from __future__ import annotations

import errno
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torchvision.models import get_model

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import CLASSES
from cifar_studio.engine.answers.trained_network import TrainedNetwork
from cifar_studio.engine.networks.models import build
from cifar_studio.errors import BadInputError, StudioError
from cifar_studio.export.networks.network_check import (
    Agreement,
    Judge,
    WithNormalization,
    agreement,
    plain_network,
)
from cifar_studio.export.writing import write_export

ONNX_OPSET = 18


def write_weights(
    path: Path, trained: TrainedNetwork, judge: Judge, about: dict[str, str]
) -> Agreement:
    """Write `weights.safetensors`.

    `about` goes into the file's metadata, with what is needed to use the weights.

    Returns
    -------
    Agreement
        How the file answers, held against the run.

    Raises
    ------
    StudioError
        It cannot be written, or does not answer as the run does; no file is left then.
    """
    weights = {name: value.contiguous() for name, value in trained.whole_weights().items()}
    metadata = {**about, **_metadata(trained)}

    def write(file: BinaryIO) -> object:
        return file.write(safetensors.torch.save(weights, metadata))

    def answer(file: Path) -> NDArray[np.float32]:
        config = trained.config
        if config.stem == "imagenet":  # by torchvision alone: that is what is promised
            network = get_model(config.architecture, weights=None, num_classes=CLASSES)
        else:
            network = build(config.architecture, config.stem, 0.0)
        network.load_state_dict(safetensors.torch.load_file(file), strict=True)
        return _answers(WithNormalization(network, *_normalization(trained)).eval(), judge)

    return _write_checked(path, write, answer, judge)


def write_program(path: Path, trained: TrainedNetwork, judge: Judge) -> Agreement:
    """Write a `torch.export` program. Raises StudioError as `write_weights` does."""
    program = _program(trained)

    def answer(file: Path) -> NDArray[np.float32]:
        with file.open("rb") as written:
            return _answers(torch.export.load(written).module(), judge)

    return _write_checked(path, lambda file: torch.export.save(program, file), answer, judge)


def write_onnx(path: Path, trained: TrainedNetwork, judge: Judge) -> Agreement:
    """Write an ONNX model.

    Raises
    ------
    BadInputError
        The extra `onnx` is not installed.
    StudioError
        As for `write_weights`.
    """
    try:
        import onnxruntime
        import onnxscript  # noqa: F401 - torch imports it late, and says less
    except ImportError as error:
        raise BadInputError(
            f"ONNX needs the package {error.name}, which is not installed",
            "Install it with: pip install 'cifar-studio[onnx]'",
        ) from error
    program = _program(trained)

    def write(file: BinaryIO) -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter's own deprecations
            model: Any = torch.onnx.export(
                program,
                dynamo=True,
                verbose=False,
                input_names=["pictures"],
                output_names=["logits"],
                opset_version=ONNX_OPSET,
                external_data=False,
            )
        return file.write(model.model_proto.SerializeToString())

    def answer(file: Path) -> NDArray[np.float32]:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(
            str(file), options, providers=["CPUExecutionProvider"]
        )
        name = session.get_inputs()[0].name
        return np.concatenate([session.run(None, {name: x})[0] for x in judge.batches()])

    return _write_checked(path, write, answer, judge)


def _program(trained: TrainedNetwork) -> torch.export.ExportedProgram:
    module = WithNormalization(plain_network(trained), *_normalization(trained)).eval()
    example = torch.zeros(2, 3, 32, 32)
    batch = torch.export.Dim("batch", min=1)
    with torch.no_grad():
        return torch.export.export(module, (example,), dynamic_shapes=({0: batch},))


def _answers(module: Callable[[torch.Tensor], torch.Tensor], judge: Judge) -> NDArray[np.float32]:
    with torch.inference_mode():
        parts = [module(torch.from_numpy(part)).numpy() for part in judge.batches()]
    return np.concatenate(parts)


def _write_checked(
    path: Path,
    write: Callable[[BinaryIO], object],
    answer: Callable[[Path], NDArray[np.float32]],
    judge: Judge,
) -> Agreement:
    """Put a file in its place only where it answers as the run does."""
    found: list[Agreement] = []

    def check(file: Path) -> None:
        found.append(agreement(judge, answer(file)))
        if not found[0].holds:
            raise StudioError(
                f"{path.name} does not answer as the run does ({found[0].describe()}; "
                f"{judge.limit:g} is allowed); it was not kept",
                "Tell the developers, with the run's environment.json",
            )

    write_export(path, lambda file: _write(write, file), check)
    return found[0]


def _write(write: Callable[[BinaryIO], object], file: BinaryIO) -> None:
    try:
        write(file)
    except RuntimeError as error:  # torch's own words for a disk that is full
        raise OSError(errno.EIO, str(error).splitlines()[0][:200]) from error


def _normalization(trained: TrainedNetwork) -> tuple[tuple[float, ...], tuple[float, ...]]:
    data = trained.environment.data
    return tuple(data.mean), tuple(data.std)


def _metadata(trained: TrainedNetwork) -> dict[str, str]:
    """What one needs to know to use the weights, as strings: safetensors keeps no others."""
    config, (mean, std) = trained.config, _normalization(trained)
    return {
        "architecture": config.architecture,
        "stem": config.stem,
        "classes": str(CLASSES),
        "input": "N x 3 x 32 x 32 float32, RGB from 0 to 1, less mean, divided by std",
        "mean": json.dumps(mean),
        "std": json.dumps(std),
        "data": trained.environment.data.name,
        "epoch": str(trained.epoch),
        **_notes(config),
    }


def _notes(config: TrainConfig) -> dict[str, str]:
    """What one could take the weights or the run's figures for, and should not."""
    notes = {}
    if config.weight_averaging:
        notes["weights"] = "the running average of the weights"
    if config.test_time_flip:
        notes["figures"] = "the run's own are of the mean of the logits of both mirror images"
    return notes
