"""How well a network does on a set of pictures: exact over all of them, and without a trace.

The network comes back in the mode it was in, and no random state is touched.
Letters in names: N pictures, B of one batch, K = 100 classes.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from cifar_studio.engine.batches import Normalize, Pictures
from cifar_studio.engine.clock import Gate
from cifar_studio.engine.step import autocast
from cifar_studio.runs.environment import ResolvedSettings
from cifar_studio.runs.evaluation import CLASSES, Evaluation, confusion_matrix
from cifar_studio.runs.events import EvaluationProgressed, Phase

BATCH = 256


@dataclass(frozen=True)
class EvaluationResult:
    """An evaluation and its figures.

    Attributes
    ----------
    loss : float
        Mean cross-entropy in nats, computed in float64 from the logits; may be infinite or NaN.
    top1, top5 : float
        Percent.
    """

    evaluation: Evaluation
    loss: float
    top1: float
    top5: float


def evaluate(
    network: nn.Module,
    pictures: Pictures,
    normalize: Normalize,
    resolved: ResolvedSettings,
    *,
    epoch: int,
    split: Phase,
    gate: Gate | None = None,
) -> Generator[EvaluationProgressed, None, EvaluationResult]:
    """Evaluate a network; yields its progress when the gate is open and returns the result.

    Classes with equal logits are ranked by their number, the lowest first: `predicted` is the
    first of `top5`, and a picture counts for top-5 where its class is among those five.

    Parameters
    ----------
    network : nn.Module
        On the device of `pictures`.
    epoch : int
        Noted in the events and in the evaluation.
    gate : Gate, optional
        How often progress is told; ten times a second if not given.
    """
    gate = gate or Gate(0.1)
    total = len(pictures)
    logits_NK = torch.empty(total, CLASSES, device=pictures.images_NCHW.device)
    was_training = network.training
    network.eval()
    try:
        for start in range(0, total, BATCH):
            stop = min(start + BATCH, total)
            with torch.inference_mode(), autocast(resolved):
                logits_NK[start:stop] = network(normalize(pictures.images_NCHW[start:stop]))
            if gate.is_open():
                gate.shut()
                yield EvaluationProgressed(epoch=epoch, split=split, done=stop, total=total)
    finally:
        network.train(was_training)
    return summarize(logits_NK.cpu(), pictures.labels_N.cpu(), pictures.positions_N, epoch)


def summarize(
    logits_NK: Tensor, labels_N: Tensor, positions_N: NDArray[np.int32], epoch: int
) -> EvaluationResult:
    """Figures and arrays of (N, 100) float32 logits on the CPU."""
    # A stable sort ranks equal logits by class number; topk leaves their order open.
    ranked_NK = logits_NK.sort(dim=1, descending=True, stable=True).indices
    top5_N5 = ranked_NK[:, :5]
    hits_N5 = top5_N5 == labels_N[:, None]
    log_probabilities_NK = functional.log_softmax(logits_NK.double(), dim=1)
    loss = functional.nll_loss(log_probabilities_NK, labels_N)
    true = labels_N.numpy().astype(np.uint8)
    top5 = top5_N5.numpy().astype(np.uint8)
    evaluation = Evaluation(
        true=true,
        predicted=top5[:, 0].copy(),
        top5=top5,
        probabilities=log_probabilities_NK.exp().to(torch.float16).numpy(),
        confusion=confusion_matrix(true, top5[:, 0]),
        indices=positions_N,
        epoch=epoch,
    )
    return EvaluationResult(
        evaluation=evaluation,
        loss=float(loss),
        top1=_percent(hits_N5[:, 0]),
        top5=_percent(hits_N5.any(dim=1)),
    )


def _percent(hits_N: Tensor) -> float:
    return 100 * int(hits_N.sum()) / len(hits_N)
