"""Grad-CAM against its definition, written out once more with autograd alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from torch import nn

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.answers.grad_cam import explain
from cifar_studio.engine.answers.trained_network import TrainedNetwork
from cifar_studio.engine.machine.device import resolve
from cifar_studio.engine.networks.models import build
from cifar_studio.engine.training.batches import Normalize
from long_forms import daily
from support import make_environment

# Of each network as published: the last layer that sees at least 4x4 of a 32x32 picture.
LAYERS = {
    "resnet18": ("layer2", (4, 4)),
    "mobilenet_v2": ("features.7.conv.0", (4, 4)),
    "vgg11": ("features.14", (4, 4)),
    "vgg11_bn": ("features.20", (4, 4)),
    "densenet161": ("features.transition2.conv", (4, 4)),
}


def trained(name: str, stem: str = "imagenet") -> TrainedNetwork:
    """A network that has seen no picture; its statistics are made such that layers differ."""
    config = TrainConfig(architecture=name, stem=stem)  # type: ignore[arg-type]
    torch.manual_seed(3)
    network = build(config.architecture, config.stem).eval()
    return TrainedNetwork(
        network=network,
        config=config,
        environment=make_environment(),
        resolved=resolve(replace(config, device="cpu", precision="float32")),
        epoch=1,
        batch=0,
        normalize=Normalize([0.5] * 3, [0.25] * 3, torch.device("cpu")),
    )


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def by_hand(subject: TrainedNetwork, image: np.ndarray, label: int, layer: str) -> np.ndarray:
    """Weights are the gradient's means over places; the map is the ReLU of the weighted sum."""
    maps: list[torch.Tensor] = []
    for module in subject.network.modules():
        if isinstance(module, nn.ReLU | nn.ReLU6):
            module.inplace = False
    hook = subject.network.get_submodule(layer).register_forward_hook(
        lambda _module, _input, output: maps.append(output)
    )
    logits = subject.network(subject.to_input(image[None]))
    hook.remove()
    (gradient,) = torch.autograd.grad(logits[0, label], maps[0])
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    heat = torch.relu((weights * maps[0]).sum(dim=1, keepdim=True)).detach()
    heat = nn.functional.interpolate(heat, size=(32, 32), mode="bilinear", align_corners=False)
    return (heat / heat.max())[0, 0].numpy()


@pytest.mark.parametrize("name", daily(("resnet18", "mobilenet_v2"), LAYERS))
def test_that_the_map_is_grad_cam_at_the_last_layer_of_4x4(name: str) -> None:
    subject = trained(name)
    image = np.random.default_rng(5).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    label = int(subject.probabilities(image).argmax())
    inplace = [getattr(module, "inplace", None) for module in subject.network.modules()]
    before = torch.get_rng_state()
    explanation = explain(subject, image, label)
    assert (explanation.layer, explanation.map_size) == LAYERS[name]
    assert explanation.heat_HW.shape == (32, 32)
    assert explanation.heat_HW.dtype == np.float32
    assert explanation.heat_HW.max() == 1
    assert explanation.heat_HW.min() >= 0
    assert explanation.probability == pytest.approx(subject.probabilities(image)[label], abs=1e-6)
    assert torch.equal(torch.get_rng_state(), before)
    assert [getattr(module, "inplace", None) for module in subject.network.modules()] == inplace
    np.testing.assert_allclose(
        explanation.heat_HW, by_hand(subject, image, label, explanation.layer), atol=1e-4
    )


def test_that_a_network_for_32x32_is_explained_at_its_own_last_layer() -> None:
    explanation = explain(trained("resnet18", "cifar"), np.zeros((32, 32, 3), np.uint8), 0)
    assert (explanation.layer, explanation.map_size) == ("layer4", (4, 4))
