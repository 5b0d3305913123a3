"""Specialised networks against torchvision's, trained by torch's own SGD in float64.

Both start from the same weights and see the same pictures. In float64 the two differ by rounding
only, and rounding is so small there that a difference in what is computed would show.
"""

from __future__ import annotations

import copy

import pytest
import torch
from msgspec.structs import replace
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import get_model

from cifar_studio.config.architectures import ARCHITECTURE_NAMES, ARCHITECTURES, Stem
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.machine.device import resolve
from cifar_studio.engine.networks.models import build, build_for
from cifar_studio.engine.networks.specialize import (
    Cropped,
    Folded,
    Rewrite,
    find_rewrites,
    specialize,
)
from cifar_studio.engine.networks.whole_weights import shrinkage, unspecialized, whole_weights
from cifar_studio.engine.training.sgd_step import TrainingStep

STEPS = 20
CONTROL_STEPS = 5
BOUND = 1e-9
CLOSED_FORM_BOUND = 1e-4
REPORT_UPDATES = 70 * 391


def batch(number: int, size: int = 4) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(number)
    images = torch.randn(size, 3, 32, 32, generator=generator, dtype=torch.float64)
    return images, torch.randint(0, 100, (size,), generator=generator)


class Stock:
    """torchvision's network and torch's own loop, in float64."""

    def __init__(self, config: TrainConfig) -> None:
        torch.manual_seed(config.seed)
        has_dropout = ARCHITECTURES[config.architecture].standard_dropout > 0
        dropout = {"dropout": 0.0} if has_dropout else {}
        self.network: nn.Module = get_model(
            config.architecture, weights=None, num_classes=100, **dropout
        ).double()
        self.optimizer = torch.optim.SGD(
            self.network.parameters(),
            lr=config.learning_rate,
            momentum=config.momentum,
            weight_decay=config.weight_decay,
            nesterov=config.nesterov,
            fused=True,
        )

    def step(self, images: Tensor, labels: Tensor) -> float:
        self.optimizer.zero_grad()
        loss = functional.cross_entropy(self.network(images), labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()


class Specialised:
    """The studio's step on the specialised form of the same start, in float64."""

    def __init__(self, config: TrainConfig, start: nn.Module) -> None:
        self.config = config
        self.start = copy.deepcopy(start.state_dict())
        self.network = build(config.architecture, dropout=0.0).double()
        self.network.load_state_dict(start.state_dict())
        self.rewrites = specialize(self.network)
        self.step = TrainingStep(self.network, config, resolve(config), self.rewrites)
        self.updates = 0

    def train(self, images: Tensor, labels: Tensor) -> float:
        self.updates += 1
        return self.step(images, labels)[0].item()

    def whole(self) -> dict[str, Tensor]:
        trained = self.network.state_dict()
        shrunk = shrinkage(self.config, self.updates)
        return trained | unspecialized(trained, self.start, self.rewrites, shrunk)

    def take_over(self, stock: Stock) -> None:
        """Stand where the stock training stands: weights, buffers and momentum."""
        state = stock.network.state_dict()
        momenta = {
            name: stock.optimizer.state[weight]["momentum_buffer"]
            for name, weight in stock.network.named_parameters()
            if weight in stock.optimizer.state
        }
        for values in (state, momenta):
            for rewrite in self.rewrites:
                if rewrite.weight in values:
                    values[rewrite.weight] = small(rewrite, values[rewrite.weight])
        self.network.load_state_dict(state)
        if momenta:
            numbered = dict(enumerate(momenta[name] for name, _ in self.network.named_parameters()))
            self.step.restore(numbered, {}, self.updates)


def small(rewrite: Rewrite, whole: Tensor) -> Tensor:
    return rewrite.live(whole) if isinstance(rewrite, Cropped) else rewrite.sums(whole)


def distance(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    """The largest difference of any weight or buffer."""
    assert one.keys() == other.keys()
    return max(
        float((value.double() - other[name].double()).abs().max()) for name, value in one.items()
    )


def config_of(architecture: str, **changes: object) -> TrainConfig:
    return replace(TrainConfig(device="cpu", dropout=0.0), architecture=architecture, **changes)


@pytest.mark.long
@pytest.mark.timeout(400)  # stock vgg11 with gradients and momentum is 3 GB in float64
@pytest.mark.parametrize(
    ("architecture", "size"), [("resnet18", 16), ("vgg11", 4), ("vgg11_bn", 4)]
)
def test_that_twenty_free_steps_equal_the_stock_networks(architecture: str, size: int) -> None:
    config = config_of(architecture)
    stock = Stock(config)
    mine = Specialised(config, stock.network)
    for number in range(STEPS):
        images, labels = batch(number, size)
        assert mine.train(images, labels) == pytest.approx(stock.step(images, labels), abs=BOUND)
    assert distance(mine.whole(), stock.network.state_dict()) < BOUND


@pytest.mark.parametrize(
    "architecture", ["mobilenet_v2", pytest.param("densenet161", marks=pytest.mark.long)]
)
def test_that_single_steps_equal_the_stock_networks_from_its_own_states(architecture: str) -> None:
    """These two amplify one unit in the last place; the control shows by how much."""
    config = config_of(architecture)
    stock = Stock(config)
    mine = Specialised(config, stock.network)
    control = Stock(config)
    with torch.no_grad():
        first = next(iter(control.network.parameters()))
        first.copy_(torch.nextafter(first, torch.full_like(first, torch.inf)))
    for number in range(STEPS):
        mine.take_over(stock)
        loss = mine.train(*batch(number))
        assert loss == pytest.approx(stock.step(*batch(number)), abs=BOUND)
        assert distance(mine.whole(), stock.network.state_dict()) < BOUND, number
        if number < CONTROL_STEPS:
            control.step(*batch(number))
        if number == CONTROL_STEPS - 1:
            assert distance(control.network.state_dict(), stock.network.state_dict()) > BOUND


class Copying(nn.Module):
    """The smallest network with every kind of rewrite."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 4, 3, stride=16, padding=1)
        self.strided = nn.Conv2d(4, 4, 3, stride=2, padding=1, groups=2)
        self.single = nn.Conv2d(4, 5, 3, padding=1)
        self.pooling = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Linear(5 * 49, 100)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.single(torch.tanh(self.strided(torch.tanh(self.down(images)))))
        logits: Tensor = self.classifier(torch.flatten(self.pooling(maps), 1))
        return logits


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.9, False), (0.9, True)])
def test_that_crops_and_folds_equal_plain_sgd_however_it_is_set(
    momentum: float, nesterov: bool
) -> None:
    config = TrainConfig(momentum=momentum, nesterov=nesterov, weight_decay=0.03, learning_rate=0.1)
    torch.manual_seed(0)
    stock = Copying().double()
    start = copy.deepcopy(stock.state_dict())
    mine = copy.deepcopy(stock)
    rewrites = specialize(mine)
    assert [type(one) for one in rewrites] == [Cropped, Cropped, Folded]
    step = TrainingStep(mine, config, resolve(config), rewrites)
    optimizer = torch.optim.SGD(
        stock.parameters(), lr=0.1, momentum=momentum, weight_decay=0.03, nesterov=nesterov
    )
    for number in range(STEPS):
        images, labels = batch(number)
        step(images, labels)
        optimizer.zero_grad()
        functional.cross_entropy(stock(images), labels).backward()
        optimizer.step()
    trained = mine.state_dict()
    whole = trained | unspecialized(trained, start, rewrites, shrinkage(config, STEPS))
    assert distance(whole, stock.state_dict()) < 1e-12


class Shared(nn.Module):
    """Layers that look as if they could be rewritten, and must not be."""

    def __init__(self) -> None:
        super().__init__()
        self.twice = nn.Conv2d(3, 3, 3, padding=1)
        self.reflecting = nn.Conv2d(3, 3, 2, stride=32, padding=1, padding_mode="reflect")
        self.pooling = nn.AdaptiveAvgPool2d((2, 2))
        self.classifier = nn.Linear(12, 100)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.twice(functional.adaptive_avg_pool2d(self.twice(images), 1))
        pooled = self.pooling(maps).flatten(1)
        logits: Tensor = self.classifier(pooled * torch.arange(12).to(pooled))
        return logits


def test_that_layers_used_twice_or_fed_with_something_else_are_left_alone() -> None:
    assert find_rewrites(Shared()) == ()


@pytest.mark.parametrize("architecture", ARCHITECTURE_NAMES)
@pytest.mark.parametrize("stem", ["imagenet", "cifar"])
def test_that_the_weights_left_out_are_as_many_as_the_form_says(
    architecture: str, stem: Stem
) -> None:
    with torch.device("meta"):
        network = build(architecture, stem)  # type: ignore[arg-type]
    facts = ARCHITECTURES[architecture]
    assert sum(weight.numel() for weight in network.parameters()) == facts.parameters[stem]
    rewrites = specialize(network)
    trained = sum(weight.numel() for weight in network.parameters())
    assert trained == facts.trained_parameters[stem]
    assert bool(rewrites) == (trained < facts.parameters[stem])


@pytest.mark.parametrize("architecture", ["resnet18", "mobilenet_v2"])
def test_that_starting_weights_and_random_stream_stay_the_stock_networks(architecture: str) -> None:
    config = config_of(architecture, dropout=0.5, seed=5)
    network = build_for(config)
    after = torch.get_rng_state()
    rewrites = specialize(network)
    assert torch.equal(torch.get_rng_state(), after)
    torch.manual_seed(5)
    stock = get_model(architecture, weights=None, num_classes=100)
    assert torch.equal(torch.get_rng_state(), after)
    whole = whole_weights(network.state_dict(), rewrites, config, updates=0)
    stock.load_state_dict(whole, strict=True)
    assert torch.equal(torch.get_rng_state(), after)
    assert distance(whole, build_for(config).state_dict()) == 0


def test_that_a_network_that_was_not_rewritten_is_whole() -> None:
    network = nn.Linear(2, 3)
    whole = whole_weights(network.state_dict(), (), TrainConfig(), 7)
    assert torch.equal(whole["weight"], network.weight)


@pytest.mark.parametrize("nesterov", [False, pytest.param(True, marks=pytest.mark.long)])
def test_that_the_closed_form_holds_in_float32_through_a_reports_run(nesterov: bool) -> None:
    """27,370 updates without a gradient, by torch's own SGD."""
    config = TrainConfig(nesterov=nesterov)
    torch.manual_seed(1)
    start = torch.randn(64) * 0.05
    weight = nn.Parameter(start.clone())
    optimizer = torch.optim.SGD(
        [weight],
        lr=config.learning_rate,
        momentum=config.momentum,
        weight_decay=config.weight_decay,
        nesterov=nesterov,
        fused=True,
    )
    weight.grad = torch.zeros_like(weight)
    for update in range(1, REPORT_UPDATES + 1):
        optimizer.step()
        if update in (1, 391, 10 * 391):
            expected = start * shrinkage(config, update)
            assert torch.allclose(weight, expected, rtol=CLOSED_FORM_BOUND, atol=0)
    assert torch.allclose(
        weight, start * shrinkage(config, REPORT_UPDATES), rtol=CLOSED_FORM_BOUND, atol=0
    )
    assert shrinkage(config, 0) == 1
