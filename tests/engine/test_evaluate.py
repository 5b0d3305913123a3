"""Evaluation against scikit-learn and torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss, top_k_accuracy_score

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import Dataset
from cifar_studio.engine.machine.device import resolve
from cifar_studio.engine.networks.models import build
from cifar_studio.engine.training.batches import Normalize, Pictures, place
from cifar_studio.engine.training.clock import Gate
from cifar_studio.engine.training.evaluate import EvaluationResult, evaluate, summarize
from cifar_studio.engine.training.forward_pass import BATCH, Forward

CPU = torch.device("cpu")
CLASSES = np.arange(100)


def random_result(seed: int, n: int = 500) -> tuple[torch.Tensor, np.ndarray, EvaluationResult]:
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(n, 100, generator=generator)
    labels = torch.randint(0, 100, (n,), generator=generator)
    return logits, labels.numpy(), summarize(logits, labels, np.arange(n, dtype=np.int32), 1)


@pytest.mark.parametrize("seed", range(5))
def test_that_figures_equal_scikit_learns(seed: int) -> None:
    logits, labels, result = random_result(seed)
    scores = logits.double().numpy()
    probabilities = torch.softmax(logits.double(), 1).numpy()
    evaluation = result.evaluation
    assert result.top1 / 100 == pytest.approx(accuracy_score(labels, scores.argmax(1)), abs=1e-12)
    assert result.top5 / 100 == pytest.approx(
        top_k_accuracy_score(labels, scores, k=5, labels=CLASSES), abs=1e-12
    )
    assert result.loss == pytest.approx(log_loss(labels, probabilities, labels=CLASSES), rel=1e-12)
    assert np.array_equal(
        evaluation.confusion, confusion_matrix(labels, evaluation.predicted, labels=CLASSES)
    )
    assert np.allclose(evaluation.probabilities, probabilities, atol=1e-3)
    assert np.array_equal(evaluation.predicted, evaluation.top5[:, 0])


def test_that_the_loss_is_torchs_cross_entropy() -> None:
    logits, labels, result = random_result(0)
    expected = torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels))
    assert result.loss == pytest.approx(expected.item(), rel=1e-6)


def test_that_equal_logits_are_ranked_by_class_number() -> None:
    logits = torch.zeros(3, 100)
    logits[1, [7, 90]] = 1
    labels = torch.tensor([4, 90, 5])
    result = summarize(logits, labels, np.arange(3, dtype=np.int32), 1)
    assert result.evaluation.top5.tolist() == [
        [0, 1, 2, 3, 4],
        [7, 90, 0, 1, 2],
        [0, 1, 2, 3, 4],
    ]
    assert result.top1 == 0
    assert result.top5 == pytest.approx(200 / 3)


def test_that_a_loss_beyond_numbers_is_told_as_such() -> None:
    logits = torch.full((2, 100), torch.inf)
    result = summarize(logits, torch.tensor([0, 1]), np.arange(2, dtype=np.int32), 1)
    assert np.isnan(result.loss)


def forward_of(network: torch.nn.Module, pictures: Pictures) -> Forward:
    normalize = Normalize([0.5] * 3, [0.25] * 3, CPU)
    return Forward(network, pictures, normalize, resolve(TrainConfig()))


def run(
    dataset: Dataset, network: torch.nn.Module, gate: Gate
) -> tuple[list[tuple[int, int]], EvaluationResult]:
    pictures = place(dataset.train, np.arange(2, 400), CPU)
    events = evaluate(forward_of(network, pictures), epoch=3, split="test", gate=gate)
    progress = []
    while True:
        try:
            event = next(events)
        except StopIteration as stop:
            return progress, stop.value
        progress.append((event.done, event.total))


def test_that_an_evaluation_covers_every_picture_and_leaves_no_trace(dataset: Dataset) -> None:
    torch.manual_seed(0)
    network = build("resnet18", dropout=0.5)
    buffers = [buffer.clone() for buffer in network.buffers()]
    random = torch.get_rng_state()

    progress, result = run(dataset, network, Gate(0.0))

    assert progress == [(BATCH, 398), (398, 398)]
    assert network.training
    assert torch.equal(torch.get_rng_state(), random)
    for before, after in zip(buffers, network.buffers(), strict=True):
        assert torch.equal(before, after)
    images = (torch.from_numpy(dataset.train.images_NCHW[2:]).float() / 255 - 0.5) / 0.25
    with torch.inference_mode():
        logits = network.eval()(images)
    assert np.array_equal(result.evaluation.predicted, logits.argmax(1))
    assert np.array_equal(result.evaluation.true, dataset.train.labels_N[2:])
    assert np.array_equal(result.evaluation.indices, np.arange(2, 400))
    assert result.evaluation.epoch == 3


def test_that_progress_is_told_only_when_the_gate_is_open(dataset: Dataset) -> None:
    progress, _ = run(dataset, build("resnet18"), Gate(1e9))
    assert progress == []


def test_that_an_evaluation_given_up_leaves_the_network_training(dataset: Dataset) -> None:
    network = build("resnet18")
    forward = forward_of(network, place(dataset.test, np.arange(200), CPU))
    events = evaluate(forward, epoch=1, split="test", gate=Gate(0.0))
    next(events)
    assert not network.training
    assert not torch.is_inference_mode_enabled()  # the consumer's own work is not touched
    events.close()
    assert network.training
