"""Exported networks, read by others' code, answer as the run does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn
from torchvision import transforms
from torchvision.models import get_model

from cifar_studio.config.architectures import ArchitectureName
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.answers.trained_network import TrainedNetwork
from cifar_studio.engine.networks.models import build_for
from cifar_studio.engine.training.batches import Normalize
from cifar_studio.errors import BadInputError, StudioError
from cifar_studio.export.networks.network_check import Judge, agreement, judge_of
from cifar_studio.export.networks.network_files import write_onnx, write_program, write_weights
from cifar_studio.export.networks.script import network_code_of
from export.scripts import run_of
from long_forms import daily
from support import make_environment

PICTURES = np.random.default_rng(0).integers(0, 256, (40, 3, 32, 32), dtype=np.uint8)


def trained(config: TrainConfig) -> TrainedNetwork:
    """A network with random weights, and batch statistics that are not those of the start."""
    environment = make_environment()
    network = build_for(config)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1)  # type: ignore[union-attr]
            module.running_var.uniform_(0.8, 1.2)  # type: ignore[union-attr]
    data = environment.data
    normalize = Normalize(data.mean, data.std, torch.device("cpu"))
    return TrainedNetwork(
        network=network.eval(),
        config=config,
        environment=environment,
        resolved=environment.resolved,
        epoch=3,
        batch=0,
        normalize=normalize,
    )


def stock_answers(path: Path, config: TrainConfig) -> np.ndarray:
    """By torchvision alone, with torchvision's own normalisation."""
    with safe_open(path, "pt") as file:
        about = file.metadata()
    network = get_model(about["architecture"], weights=None, num_classes=100)
    network.load_state_dict(load_file(path), strict=True)
    normalize = transforms.Normalize(json.loads(about["mean"]), json.loads(about["std"]))
    pictures = normalize(torch.from_numpy(PICTURES).float() / 255)
    with torch.inference_mode():
        return network.eval()(pictures).numpy()


@pytest.mark.parametrize(
    "config",
    [
        TrainConfig(architecture="resnet18", dropout=0.5),
        TrainConfig(architecture="resnet18", dropout=0.3, dropout_sites="blocks"),
        TrainConfig(architecture="mobilenet_v2"),
        pytest.param(TrainConfig(architecture="vgg11"), marks=pytest.mark.long),
        pytest.param(TrainConfig(architecture="vgg11_bn"), marks=pytest.mark.long),
        pytest.param(TrainConfig(architecture="densenet161", dropout=0.5), marks=pytest.mark.long),
    ],
    ids=lambda config: f"{config.architecture}-{config.dropout}-{config.dropout_sites}",
)
def test_that_weights_load_strictly_into_the_stock_network(
    tmp_path: Path, config: TrainConfig
) -> None:
    network = trained(config)
    judge = judge_of(network, PICTURES)
    path = tmp_path / "weights.safetensors"
    written = write_weights(path, network, judge, {"run": "x"})
    assert written.pictures == 40
    np.testing.assert_allclose(stock_answers(path, config), judge.logits_NK, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(TrainConfig(), marks=pytest.mark.long),
        pytest.param(TrainConfig(architecture="vgg11_bn"), marks=pytest.mark.long),
        TrainConfig(architecture="mobilenet_v2", stem="cifar", dropout=0.5),
    ],
    ids=["resnet18", "vgg11_bn", "mobilenet_v2 for 32x32"],
)
def test_that_a_program_needs_torch_alone(tmp_path: Path, config: TrainConfig) -> None:
    network = trained(config)
    judge = judge_of(network, PICTURES)
    path = tmp_path / "network.pt2"
    write_program(path, network, judge)
    np.save(tmp_path / "in.npy", PICTURES[:7].astype(np.float32) / 255)
    script = (
        "import sys, numpy, torch\n"
        "pictures = torch.from_numpy(numpy.load('in.npy'))\n"
        "logits = torch.export.load('network.pt2').module()(pictures)\n"
        "assert not [m for m in sys.modules if m.startswith('cifar_studio')]\n"
        "numpy.save('out.npy', logits.detach().numpy())\n"
    )
    subprocess.run([sys.executable, "-I", "-c", script], cwd=tmp_path, check=True, timeout=100)
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), judge.logits_NK[:7], atol=1e-4)


@pytest.mark.parametrize("architecture", daily(("resnet18",), ("resnet18", "vgg11_bn")))
def test_that_onnx_answers_any_number_of_pictures(
    tmp_path: Path, architecture: ArchitectureName
) -> None:
    onnx = pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    network = trained(TrainConfig(architecture=architecture, dropout=0.5))
    judge = judge_of(network, PICTURES)
    path = tmp_path / "network.onnx"
    written = write_onnx(path, network, judge)
    assert written.holds
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for count in (1, 3, 40):
        pictures = PICTURES[:count].astype(np.float32) / 255
        (logits,) = session.run(["logits"], {"pictures": pictures})
        np.testing.assert_allclose(logits, judge.logits_NK[:count], atol=1e-3)


def test_that_other_answers_are_found_and_nothing_is_kept(tmp_path: Path) -> None:
    network = trained(TrainConfig())
    judge = judge_of(network, PICTURES)
    other = Judge(judge.pictures_NCHW, judge.logits_NK + 0.01, judge.limit)
    before = tmp_path / "weights.safetensors"
    before.write_bytes(b"what was there")
    with pytest.raises(StudioError, match=r"does not answer as the run does.*0\.01"):
        write_weights(before, network, other, {})
    assert before.read_bytes() == b"what was there"
    assert {path.name for path in tmp_path.iterdir()} == {"home", before.name}


def test_that_an_answer_that_is_no_number_does_not_agree() -> None:
    judge = Judge(PICTURES[:1], np.zeros((1, 100)), 1e-3)
    assert not agreement(judge, np.full((1, 100), np.nan, dtype=np.float32)).holds


def test_that_without_the_extra_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    network = trained(TrainConfig())
    with pytest.raises(BadInputError, match=r"pip install 'cifar-studio\[onnx\]'"):
        write_onnx(tmp_path / "network.onnx", network, judge_of(network, PICTURES[:2]))


def test_that_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    network = trained(TrainConfig(architecture="mobilenet_v2"))
    judge = judge_of(network, PICTURES[:2])
    with pytest.raises(BadInputError, match="cannot be written"):
        write_weights(tmp_path / "none" / "weights.safetensors", network, judge, {})


def test_that_a_file_says_what_its_weights_are_and_answers_plainly(tmp_path: Path) -> None:
    config = TrainConfig(weight_averaging=0.99, test_time_flip=True)
    network = trained(config)
    path = tmp_path / "weights.safetensors"
    assert write_weights(path, network, judge_of(network, PICTURES), {}).holds
    with safe_open(path, "pt") as file:
        about = file.metadata()
    assert about["weights"] == "the running average of the weights"
    assert "mirror images" in about["figures"]
    plain = trained(TrainConfig())
    write_weights(path, plain, judge_of(plain, PICTURES), {})
    with safe_open(path, "pt") as file:
        assert file.metadata().keys() == about.keys() - {"weights", "figures"}
    code, usual = (network_code_of(run_of(one)) for one in (config, plain.config))
    assert "the running average of the weights" in code
    assert "pictures.flip(3)" in code
    assert "average" not in usual
    assert "flip" not in usual


def test_that_reduced_precision_is_judged_less_strictly() -> None:
    network = trained(TrainConfig(architecture="mobilenet_v2"))
    reduced = replace(network.resolved, precision="bfloat16")
    loose = judge_of(TrainedNetwork(**{**vars(network), "resolved": reduced}), PICTURES[:2])
    assert loose.limit > judge_of(network, PICTURES[:2]).limit
