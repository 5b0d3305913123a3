"""Specialised networks against torchvision's, trained by torch's own SGD in float64.

Both start from the same weights and see the same pictures. In float64 the two differ by rounding
only, and rounding is so small there that a difference in what is computed would show.
"""

from __future__ import annotations

import copy
import warnings

import pytest
import torch
from msgspec.structs import replace
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import lr_scheduler
from torchvision.models import get_model

from cifar_studio.config.architectures import ARCHITECTURE_NAMES, ARCHITECTURES, Stem
from cifar_studio.config.schedule import learning_rate
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.machine.device import resolve
from cifar_studio.engine.networks.free_weight import FreeWeight, free_weight_after
from cifar_studio.engine.networks.models import build, build_for
from cifar_studio.engine.networks.specialize import (
    Cropped,
    Folded,
    Rewrite,
    find_rewrites,
    specialize,
)
from cifar_studio.engine.networks.whole_weights import unspecialized, whole_weights
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


class PlainRecipe:
    """A plain loop over torch's own SGD and schedulers, and SAM as its paper writes it."""

    def __init__(self, network: nn.Module, config: TrainConfig) -> None:
        self.network, self.config = network, config
        weights = list(network.parameters())
        groups = [{"params": weights}]
        if config.decay_on == "weights":
            groups = [
                {"params": [one for one in weights if one.ndim > 1]},
                {"params": [one for one in weights if one.ndim == 1], "weight_decay": 0.0},
            ]
        self.optimizer = torch.optim.SGD(
            groups,
            lr=config.learning_rate,
            momentum=config.momentum,
            weight_decay=config.weight_decay,
            nesterov=config.nesterov,
            fused=True,
        )
        warmup = int(config.warmup_epochs)  # an epoch is one step here
        self.schedule: lr_scheduler.LRScheduler | None = None
        if config.schedule == "cosine":
            rising = lr_scheduler.LinearLR(self.optimizer, 1 / warmup, total_iters=warmup - 1)
            falling = lr_scheduler.CosineAnnealingLR(self.optimizer, config.epochs - warmup)
            self.schedule = lr_scheduler.SequentialLR(self.optimizer, [rising, falling], [warmup])
        self.weights_so_far: list[dict[str, Tensor]] = []

    def step(self, images: Tensor, labels: Tensor) -> float:
        loss = self._backward(images, labels)
        if self.config.sam_rho:
            weights = list(self.network.parameters())
            buffers = [one.clone() for one in self.network.buffers()]
            norm = torch.stack([one.grad.norm() for one in weights if one.grad is not None]).norm()
            moves = [self.config.sam_rho * one.grad / norm for one in weights]  # type: ignore[operator]
            with torch.no_grad():
                for weight, move in zip(weights, moves, strict=True):
                    weight += move
            self._backward(images, labels)
            with torch.no_grad():
                for weight, move in zip(weights, moves, strict=True):
                    weight -= move
                for buffer, before in zip(self.network.buffers(), buffers, strict=True):
                    buffer.copy_(before)
        self.optimizer.step()
        if self.schedule is not None:
            with warnings.catch_warnings():  # SequentialLR itself steps with a number
                warnings.simplefilter("ignore", UserWarning)
                self.schedule.step()
        if self.config.weight_averaging:
            self.weights_so_far.append(copy.deepcopy(self.network.state_dict()))
        return loss

    def _backward(self, images: Tensor, labels: Tensor) -> float:
        self.optimizer.zero_grad()
        smoothing = self.config.label_smoothing
        loss = functional.cross_entropy(self.network(images), labels, label_smoothing=smoothing)
        loss.backward()
        return loss.item()

    def average(self) -> dict[str, Tensor]:
        """Of all states after a step, each d times the weight of the one after it."""
        kept = self.config.weight_averaging
        ages = range(len(self.weights_so_far) - 1, -1, -1)
        shares = [kept**age / sum(kept**other for other in ages) for age in ages]
        last = self.weights_so_far[-1]
        return {
            name: sum(
                (
                    share * state[name]
                    for share, state in zip(shares, self.weights_so_far, strict=True)
                ),
                torch.zeros_like(value),
            )
            if value.is_floating_point()
            else value
            for name, value in last.items()
        }


class Stock:
    """torchvision's network and torch's own loop, in float64."""

    def __init__(self, config: TrainConfig) -> None:
        torch.manual_seed(config.seed)
        has_dropout = ARCHITECTURES[config.architecture].standard_dropout > 0
        dropout = {"dropout": 0.0} if has_dropout else {}
        self.network: nn.Module = get_model(
            config.architecture, weights=None, num_classes=100, **dropout
        ).double()
        self.recipe = PlainRecipe(self.network, config)
        self.optimizer = self.recipe.optimizer

    def step(self, images: Tensor, labels: Tensor) -> float:
        return self.recipe.step(images, labels)


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
        self.step.prepare(learning_rate(self.config, 1, self.updates - 1), self.updates)
        return self.step(images, labels)[0].item()

    def whole(self) -> dict[str, Tensor]:
        trained = self.network.state_dict()
        free = float(self.step.free.values_3[0])
        return trained | unspecialized(trained, self.start, self.rewrites, free)

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


MODERN = {
    "epochs": STEPS,
    "schedule": "cosine",
    "warmup_epochs": 4.0,
    "decay_on": "weights",
    "label_smoothing": 0.1,
    "nesterov": True,
}


@pytest.mark.long
@pytest.mark.timeout(400)  # stock vgg11 with gradients and momentum is 3 GB in float64
@pytest.mark.parametrize(
    ("architecture", "size"), [("resnet18", 16), ("vgg11", 4), ("vgg11_bn", 4)]
)
@pytest.mark.parametrize("recipe", [{}, MODERN], ids=["report", "modern"])
def test_that_twenty_free_steps_equal_the_stock_networks(
    architecture: str, size: int, recipe: dict[str, object]
) -> None:
    config = config_of(architecture, **recipe)
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
    whole = trained | unspecialized(trained, start, rewrites, float(step.free.values_3[0]))
    assert distance(whole, stock.state_dict()) < 1e-12


@pytest.mark.parametrize(
    "changes",
    [
        {},
        MODERN,
        {**MODERN, "sam_rho": 0.5},
        {"weight_averaging": 0.8},
        {**MODERN, "sam_rho": 0.5, "weight_averaging": 0.9, "momentum": 0.5},
    ],
    ids=["plain", "modern", "sam", "averaged", "all"],
)
def test_that_crops_and_folds_equal_a_plain_loop_with_every_knob(
    changes: dict[str, object],
) -> None:
    config = replace(TrainConfig(weight_decay=0.03, learning_rate=0.1), **changes)
    torch.manual_seed(0)
    stock = Copying().double()
    start = copy.deepcopy(stock.state_dict())
    mine = copy.deepcopy(stock)
    rewrites = specialize(mine)
    averaged = copy.deepcopy(mine) if config.weight_averaging else None
    step = TrainingStep(mine, config, resolve(config), rewrites, averaged)
    plain = PlainRecipe(stock, config)
    for number in range(STEPS):
        images, labels = batch(number)
        step.prepare(learning_rate(config, 1, number), number + 1)
        loss, _ = step(images, labels)
        assert loss.item() == pytest.approx(plain.step(images, labels), abs=1e-12)
    weight, _, average = step.free.values_3.tolist()
    whole = unspecialized(mine.state_dict(), start, rewrites, weight)
    assert distance(mine.state_dict() | whole, stock.state_dict()) < 1e-12
    if averaged is not None:
        trained = averaged.state_dict()
        whole = trained | unspecialized(trained, start, rewrites, average)
        # The share of a step is a float32 number on the device.
        assert distance(whole, plain.average()) < 1e-7


def test_that_a_constant_rate_carries_a_free_weight_where_the_closed_form_puts_it() -> None:
    config = TrainConfig(nesterov=True, weight_decay=0.01)
    free = FreeWeight(config, torch.device("cpu"))
    for _ in range(1000):
        free.step(config.learning_rate, None)
    assert torch.allclose(free.values_3, free_weight_after(config, 1000), rtol=1e-11, atol=0)
    before = free.values_3.clone()
    free.step(config.learning_rate, torch.tensor(1.0))  # an overflow of float16
    assert torch.equal(free.values_3, before)


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
    whole = whole_weights(network.state_dict(), rewrites, config, free=1.0)
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
            expected = start * float(free_weight_after(config, update)[0])
            assert torch.allclose(weight, expected, rtol=CLOSED_FORM_BOUND, atol=0)
    free = float(free_weight_after(config, REPORT_UPDATES)[0])
    assert torch.allclose(weight, start * free, rtol=CLOSED_FORM_BOUND, atol=0)
    assert free_weight_after(config, 0).tolist() == [1, 0, 0]
