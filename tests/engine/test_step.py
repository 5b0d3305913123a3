"""Training steps against torch's own loop over stock networks."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional
from torchvision import models

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.machine.device import resolve
from cifar_studio.engine.networks.models import build_for
from cifar_studio.engine.training.sgd_step import TrainingStep
from cifar_studio.runs.folder.environment import ResolvedSettings

CONFIGS = [
    TrainConfig(seed=2),
    TrainConfig(seed=2, nesterov=True, learning_rate=0.1),
    TrainConfig(seed=2, momentum=0.0, weight_decay=0.0),
]


def batches(n: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(1)
    return [
        (
            torch.randn(8, 3, 32, 32, generator=generator),
            torch.randint(0, 100, (8,), generator=generator),
        )
        for _ in range(n)
    ]


def stock_training(config: TrainConfig, steps: int, fused: bool) -> tuple[nn.Module, list[float]]:
    """The loop as torch's tutorials write it."""
    torch.manual_seed(config.seed)
    network = models.resnet18(weights=None, num_classes=100)
    optimizer = torch.optim.SGD(
        network.parameters(),
        lr=config.learning_rate,
        momentum=config.momentum,
        weight_decay=config.weight_decay,
        nesterov=config.nesterov,
        fused=fused,
    )
    losses = []
    for images, labels in batches(steps):
        optimizer.zero_grad()
        loss = functional.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return network, losses


@pytest.mark.parametrize("config", CONFIGS)
def test_that_steps_equal_a_plain_loop_over_the_stock_network(config: TrainConfig) -> None:
    network = build_for(config)
    step = TrainingStep(network, config, resolve(config))
    losses = [step(*batch)[0].item() for batch in batches(3)]
    theirs, their_losses = stock_training(config, 3, fused=True)
    assert losses == their_losses
    for mine, other in zip(network.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(mine, other)


@pytest.mark.parametrize("config", CONFIGS)
def test_that_the_fused_form_differs_from_the_plain_one_by_rounding_only(
    config: TrainConfig,
) -> None:
    network = build_for(config)
    TrainingStep(network, config, resolve(config))(*batches(1)[0])
    theirs, _ = stock_training(config, 1, fused=False)
    for mine, other in zip(network.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(mine, other, rtol=1e-6, atol=1e-8)


def test_that_a_step_counts_right_answers_and_keeps_no_graph() -> None:
    config = TrainConfig(seed=2)
    network = build_for(config)
    images, labels = batches(1)[0]
    logits = build_for(config)(images)
    loss, correct = TrainingStep(network, config, resolve(config))(images, labels)
    assert correct.item() == int((logits.argmax(1) == labels).sum())
    assert not loss.requires_grad


def test_that_bfloat16_trains_on_a_cpu_with_float32_weights() -> None:
    config = TrainConfig(seed=2, precision="bfloat16")
    resolved = resolve(config)
    network = build_for(config)
    step = TrainingStep(network, config, resolved)
    loss, _ = step(*batches(1)[0])
    _, (exact,) = stock_training(config, 1, fused=True)
    assert resolved.precision == "bfloat16"
    assert not step.scaler.is_enabled()
    assert {weight.dtype for weight in network.parameters()} == {torch.float32}
    assert loss.item() != exact
    assert loss.item() == pytest.approx(exact, rel=0.02)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_that_a_step_never_waits_for_the_gpu(precision: str) -> None:
    config = TrainConfig(seed=2, precision=precision, device="cuda")
    step = TrainingStep(build_for(config).to("cuda"), config, resolve(config))
    on_gpu = [(images.to("cuda"), labels.to("cuda")) for images, labels in batches(3)]
    step(*on_gpu[0])
    torch.cuda.set_sync_debug_mode("error")
    try:
        for batch in on_gpu[1:]:
            step(*batch)
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_that_a_first_step_that_overflows_leaves_a_momentum_of_zeros() -> None:
    """In float16 the scaler leaves a step out by telling the optimizer that a gradient overflowed.

    Played on the processor, which runs the same optimizer.
    """
    config = TrainConfig(architecture="mobilenet_v2", learning_rate=0.1)
    resolved = ResolvedSettings(
        device="cpu",
        threads=1,
        memory_format="contiguous",
        precision="float16",
        specialized=False,
    )
    network = torch.nn.Linear(4, 4)
    before = network.weight.detach().clone()
    step = TrainingStep(network, config, resolved)
    for weight in network.parameters():
        weight.grad = torch.full_like(weight, torch.inf)
    step.optimizer.found_inf = torch.tensor(1.0)  # type: ignore[attr-defined]
    step.optimizer.grad_scale = None  # type: ignore[attr-defined]
    step.optimizer.step()
    momenta = [state["momentum_buffer"] for state in step.optimizer.state.values()]
    assert len(momenta) == 2
    assert all((momentum == 0).all() for momentum in momenta)
    assert torch.equal(network.weight, before)
