"""What only an NVIDIA GPU can show: recorded steps and answers are those of single calls."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from cifar_studio.config.architectures import ARCHITECTURE_NAMES
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Dataset
from cifar_studio.engine.machine.device import numerics, resolve
from cifar_studio.engine.speed.fastest_format import candidates, fastest
from cifar_studio.engine.training.batches import Normalize, make_batch, place, plan_epoch
from cifar_studio.engine.training.cuda_graph import GraphCapture
from cifar_studio.engine.training.epoch_steps import Steps
from cifar_studio.engine.training.forward_pass import Forward
from cifar_studio.engine.training.training_state import TrainingState
from engine.training_runs import SMALL, assert_equal

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")

ON_GPU = replace(SMALL, device="cuda", deterministic=True)
AUGMENTED = {
    "auto_augment": "randaugment",
    "cutout": 0.5,
    "random_erasing": 0.5,
    "mixing": "mixup or cutmix",
}


def call_by_call() -> GraphCapture:
    capture = GraphCapture(torch.device("cuda"))
    capture.failure = "not wanted"
    return capture


def trained(dataset: Dataset, config: TrainConfig, capture: GraphCapture) -> TrainingState:
    """Two epochs of 100 pictures, the last batch of each smaller."""
    resolved, device = resolve(config), torch.device("cuda")
    with numerics(resolved, config.deterministic):
        state = TrainingState(config, resolved, 100, "")
        pictures = place(dataset.train, np.arange(100), device)
        normalize = Normalize([0.5] * 3, [0.25] * 3, device)
        steps = Steps(state, pictures, normalize, capture)
        for epoch in (1, 2):
            state.begin_epoch()
            steps.begin_epoch(plan_epoch(replace(config, seed=1), 100, epoch=epoch, device=device))
            for _ in range(4):
                steps.take()
        torch.cuda.synchronize()
    return state


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("architecture", ARCHITECTURE_NAMES)
@pytest.mark.parametrize("augmentation", [{}, AUGMENTED], ids=["plain", "augmented"])
def test_that_recorded_steps_equal_single_calls(
    dataset: Dataset, augmentation: dict[str, object], architecture: str, precision: str
) -> None:
    config = replace(ON_GPU, architecture=architecture, precision=precision, **augmentation)
    capture = GraphCapture(torch.device("cuda"))
    recorded = trained(dataset, config, capture)
    assert capture.failure == ""
    eager = trained(dataset, config, call_by_call())
    mine, theirs = recorded.to_checkpoint(), eager.to_checkpoint()
    assert mine.updates == theirs.updates > 0
    assert_equal(mine.random, theirs.random, "random states")
    assert torch.allclose(mine.batches, theirs.batches, rtol=2e-2, atol=1e-3)
    assert mine.batches[0, 0] == theirs.batches[0, 0]


@pytest.mark.parametrize("augmentation", [{}, AUGMENTED])
def test_that_playing_a_step_never_waits_for_the_gpu(
    dataset: Dataset, augmentation: dict[str, object]
) -> None:
    config = replace(ON_GPU, deterministic=False, **augmentation)
    device = torch.device("cuda")
    state = TrainingState(config, resolve(config), 100, "")
    normalize = Normalize([0.5] * 3, [0.25] * 3, device)
    capture = GraphCapture(device)
    steps = Steps(state, place(dataset.train, np.arange(100), device), normalize, capture)
    steps.begin_epoch(plan_epoch(replace(config, seed=1), 100, epoch=1, device=device))
    steps.take()
    assert capture.failure == ""
    torch.cuda.set_sync_debug_mode("error")
    try:
        steps.take()
        steps.take()
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_that_augmented_batches_are_those_of_the_processor(dataset: Dataset) -> None:
    config = replace(ON_GPU, **AUGMENTED)
    batches = []
    for name in ("cpu", "cuda"):
        device = torch.device(name)
        plan = plan_epoch(config, 100, epoch=1, device=device)
        pictures = place(dataset.train, np.arange(100), device)
        normalize = Normalize([0.5] * 3, [0.25] * 3, device)
        number, shown = torch.tensor([1], device=device), torch.arange(32, 64, device=device)
        with numerics(resolve(config), config.deterministic):
            batches.append(make_batch(pictures, plan, normalize, number, shown))
    mine, theirs = batches
    differences = (mine.images_BCHW - theirs.images_BCHW.cpu()).abs()
    assert (differences > 1e-4).float().mean() < 1e-3
    assert torch.equal(mine.labels_B, theirs.labels_B.cpu())


def test_that_recorded_answers_equal_single_calls(dataset: Dataset) -> None:
    config, device = replace(ON_GPU, architecture="resnet18"), torch.device("cuda")
    state = TrainingState(config, resolve(config), 100, "")
    state.network.eval()
    pictures = place(dataset.train, np.arange(400), device)  # a batch of 256 and one of 144
    normalize = Normalize([0.5] * 3, [0.25] * 3, device)
    capture = GraphCapture(device)
    recorded = Forward(state.network, pictures, normalize, resolve(config), capture)
    eager = Forward(state.network, pictures, normalize, resolve(config))
    for _ in range(2):
        list(recorded.rounds())
        list(eager.rounds())
        assert capture.failure == ""
        assert torch.allclose(recorded.logits_NK, eager.logits_NK, rtol=1e-3, atol=1e-4)
        with torch.no_grad():
            next(iter(state.network.parameters())).mul_(1.5)


def test_that_a_step_that_overflows_is_not_counted(dataset: Dataset) -> None:
    config = replace(ON_GPU, precision="float16", learning_rate=1e-4)
    state = TrainingState(config, resolve(config), 100, "")
    state.step.scaler.load_state_dict({**state.step.scaler.state_dict(), "scale": 2.0**40})
    device = torch.device("cuda")
    normalize = Normalize([0.5] * 3, [0.25] * 3, device)
    pictures = place(dataset.train, np.arange(100), device)
    steps = Steps(state, pictures, normalize, GraphCapture(device))
    steps.begin_epoch(plan_epoch(replace(config, seed=1), 100, epoch=1, device=device))
    steps.take()
    assert int(state.step.updates) == 0


def test_that_a_probe_takes_one_of_its_candidates() -> None:
    config = TrainConfig(device="cuda")
    assert fastest(config) in candidates(config, resolve(config))
