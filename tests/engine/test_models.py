"""The networks against torchvision's own."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models

from cifar_studio.config.architectures import ARCHITECTURE_NAMES, ARCHITECTURES
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.networks.models import build, build_for
from long_forms import daily

NETWORKS = pytest.mark.parametrize("name", ARCHITECTURE_NAMES)
STEMS = pytest.mark.parametrize("stem", ["imagenet", "cifar"])


def stock(name: str, seed: int, **arguments: Any) -> nn.Module:
    torch.manual_seed(seed)
    return getattr(models, name)(weights=None, num_classes=100, **arguments)


def batch(n: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(7)
    images = torch.randn(n, 3, 32, 32, generator=generator)
    return images, torch.randint(0, 100, (n,), generator=generator)


def assert_same_training(mine: nn.Module, theirs: nn.Module) -> None:
    """Equal bits of logits, loss and every gradient for one batch, given equal random states."""
    images, labels = batch()
    results = []
    for network in (mine, theirs):
        torch.manual_seed(5)
        logits = network(images)
        loss = functional.cross_entropy(logits, labels)
        loss.backward()
        gradients = [weight.grad for weight in network.parameters()]
        results.append([logits, loss, *gradients])
    for one, other in zip(*results, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("name", daily(("resnet18", "mobilenet_v2"), ARCHITECTURE_NAMES))
def test_that_weights_logits_and_gradients_are_those_of_the_stock_network(name: str) -> None:
    mine = build_for(TrainConfig(architecture=name, seed=11, dropout=0.0))
    has_dropout = ARCHITECTURES[name].standard_dropout > 0
    theirs = stock(name, 11, **({"dropout": 0.0} if has_dropout else {}))

    assert list(mine.state_dict()) == list(theirs.state_dict())
    for one, other in zip(mine.state_dict().values(), theirs.state_dict().values(), strict=True):
        assert torch.equal(one, other)
    assert_same_training(mine, theirs)
    with torch.inference_mode():
        assert torch.equal(mine.eval()(batch()[0]), theirs.eval()(batch()[0]))


@NETWORKS
def test_that_weights_have_the_names_and_shapes_of_the_stock_network(name: str) -> None:
    with torch.device("meta"):
        mine, theirs = build(name), stock(name, 0)
    shapes = [
        [(weight, value.shape, value.dtype) for weight, value in network.state_dict().items()]
        for network in (mine, theirs)
    ]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize(
    ("name", "dropout", "sites", "arguments"),
    [
        ("mobilenet_v2", None, "classifier", {}),
        ("mobilenet_v2", 0.4, "classifier", {"dropout": 0.4}),
        pytest.param("vgg11", None, "classifier", {}, marks=pytest.mark.long),
        pytest.param("vgg11_bn", None, "classifier", {}, marks=pytest.mark.long),
        pytest.param("densenet161", 0.3, "blocks", {"drop_rate": 0.3}, marks=pytest.mark.long),
    ],
)
def test_that_dropout_in_torchvisions_places_draws_the_same_masks(
    name: str, dropout: float | None, sites: str, arguments: dict[str, float]
) -> None:
    config = TrainConfig(architecture=name, seed=3, dropout=dropout, dropout_sites=sites)
    assert_same_training(build_for(config), stock(name, 3, **arguments))


@pytest.mark.parametrize(("name", "last"), [("resnet18", "fc"), ("densenet161", "classifier")])
def test_that_classifier_dropout_sits_before_the_last_linear_layer(name: str, last: str) -> None:
    mine = build_for(TrainConfig(architecture=name, seed=3, dropout=0.5))
    theirs = stock(name, 3)
    linear = getattr(theirs, last)
    setattr(theirs, last, nn.Sequential(nn.Dropout(0.5), linear))
    assert_same_training(mine, theirs)
    assert list(mine.state_dict()) == list(stock(name, 3).state_dict())


def test_that_block_dropout_of_resnet18_follows_each_residual_block() -> None:
    mine = build_for(
        TrainConfig(architecture="resnet18", seed=3, dropout=0.5, dropout_sites="blocks")
    )
    theirs = stock("resnet18", 3)
    for number in range(1, 5):
        layer = getattr(theirs, f"layer{number}")
        setattr(theirs, f"layer{number}", nn.Sequential(
            layer[0], nn.Dropout(0.5), layer[1], nn.Dropout(0.5)
        ))  # fmt: skip
    assert_same_training(mine, theirs)
    assert list(mine.state_dict()) == list(stock("resnet18", 3).state_dict())


def test_that_block_dropout_of_mobilenet_v2_follows_each_inverted_residual_block() -> None:
    config = TrainConfig(architecture="mobilenet_v2", seed=3, dropout=0.5, dropout_sites="blocks")
    theirs = stock("mobilenet_v2", 3, dropout=0.0)
    layers = list(theirs.features)
    with_dropout = [nn.Sequential(block, nn.Dropout(0.5)) for block in layers[1:-1]]
    theirs.features = nn.Sequential(layers[0], *with_dropout, layers[-1])
    assert_same_training(build_for(config), theirs)


@NETWORKS
def test_that_no_random_number_is_drawn_at_rate_zero(name: str) -> None:
    network = build(name, dropout=0.0)
    before = torch.get_rng_state()
    network(batch()[0])
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("sites", ["classifier", "blocks"])
def test_that_dropout_is_still_in_evaluation(sites: str) -> None:
    network = build("resnet18", dropout=0.9, sites=sites).eval()
    before = torch.get_rng_state()
    with torch.inference_mode():
        assert torch.equal(network(batch()[0]), network(batch()[0]))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("name", "dropout"), [("vgg11", 0.5), ("vgg11_bn", 0.5), ("resnet18", None)]
)
def test_that_block_dropout_without_meaning_is_refused(name: str, dropout: float | None) -> None:
    with pytest.raises(ValueError, match="after blocks"):
        build(name, dropout=dropout, sites="blocks")


@STEMS
@NETWORKS
def test_that_parameters_and_multiply_adds_are_as_stated(name: str, stem: str) -> None:
    facts = ARCHITECTURES[name]
    with torch.device("meta"):
        network = build(name, stem).eval()
        counter = FlopCounterMode(display=False)
        with counter, torch.inference_mode():
            logits = network(torch.empty(1, 3, 32, 32))
    assert logits.shape == (1, 100)
    assert sum(weight.numel() for weight in network.parameters()) == facts.parameters[stem]
    assert counter.get_total_flops() == 2 * facts.multiply_adds[stem]


@pytest.mark.parametrize(
    ("name", "place", "shape"),
    [
        ("resnet18", "layer1", (64, 32, 32)),
        ("mobilenet_v2", "features.3", (24, 32, 32)),
        ("densenet161", "features.denseblock1.denselayer1", (48, 32, 32)),
        ("vgg11", "avgpool", (512, 1, 1)),
        ("vgg11_bn", "avgpool", (512, 1, 1)),
    ],
)
def test_that_the_cifar_stem_keeps_the_resolution(
    name: str, place: str, shape: tuple[int, ...]
) -> None:
    shapes = []
    with torch.device("meta"):
        network = build(name, "cifar")
        network.get_submodule(place).register_forward_hook(
            lambda module, inputs, output: shapes.append(tuple(output.shape[1:]))
        )
        network(torch.empty(2, 3, 32, 32))
    assert shapes == [shape]


@pytest.mark.parametrize(
    ("name", "layer"), [("resnet18", "conv1"), ("densenet161", "features.conv0")]
)
def test_that_the_new_first_convolution_is_drawn_like_the_others(name: str, layer: str) -> None:
    torch.manual_seed(0)
    weight = build(name, "cifar").get_parameter(f"{layer}.weight")
    torch.manual_seed(0)
    stock_weight = stock(name, 0).get_parameter(f"{layer}.weight")

    # He's rule: variance 2 over the number of connections; of outputs in resnet18, else of inputs.
    def spread(values: torch.Tensor) -> float:
        connections = values[0].numel() if name == "densenet161" else values[:, 0].numel()
        return float(values.detach().std()) * (connections / 2) ** 0.5

    assert spread(weight) == pytest.approx(1, abs=0.06)
    assert spread(stock_weight) == pytest.approx(1, abs=0.06)
