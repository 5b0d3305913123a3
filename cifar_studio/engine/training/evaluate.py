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
from torch import Tensor
from torch.nn import functional

from cifar_studio.engine.training.clock import Gate
from cifar_studio.engine.training.forward_pass import Forward
from cifar_studio.runs.folder.evaluation import Evaluation, confusion_matrix
from cifar_studio.runs.folder.events import EvaluationProgressed, Phase


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
    forward: Forward, *, epoch: int, split: Phase, gate: Gate | None = None
) -> Generator[EvaluationProgressed, None, EvaluationResult]:
    """Evaluate a network; yields its progress when the gate is open and returns the result.

    Classes with equal logits are ranked by their number, the lowest first: `predicted` is the
    first of `top5`, and a picture counts for top-5 where its class is among those five.

    Parameters
    ----------
    forward : Forward
        The network and the pictures.
    epoch : int
        Noted in the events and in the evaluation.
    gate : Gate, optional
        How often progress is reported; ten times a second if not given.
    """
    gate = gate or Gate(0.1)
    network, pictures = forward.network, forward.pictures
    was_training = network.training
    network.eval()
    try:
        for done in forward.rounds():
            if gate.is_open():
                gate.shut()
                yield EvaluationProgressed(epoch=epoch, split=split, done=done, total=len(pictures))
    finally:
        network.train(was_training)
    return summarize(forward.logits_NK, pictures.labels_N, pictures.positions_N, epoch)


def summarize(
    logits_NK: Tensor, labels_N: Tensor, positions_N: NDArray[np.int32], epoch: int
) -> EvaluationResult:
    """Figures and arrays of (N, 100) float32 logits, computed where they are."""
    if logits_NK.device.type == "mps":  # it has no float64
        logits_NK, labels_N = logits_NK.cpu(), labels_N.cpu()
    # A stable sort ranks equal logits by class number; topk leaves their order open.
    ranked_NK = logits_NK.sort(dim=1, descending=True, stable=True).indices
    top5_N5 = ranked_NK[:, :5]
    hits_N5 = top5_N5 == labels_N[:, None]
    log_probabilities_NK = functional.log_softmax(logits_NK.double(), dim=1)
    loss = functional.nll_loss(log_probabilities_NK, labels_N)
    true = labels_N.cpu().numpy().astype(np.uint8)
    top5 = top5_N5.cpu().numpy().astype(np.uint8)
    evaluation = Evaluation(
        true=true,
        predicted=top5[:, 0].copy(),
        top5=top5,
        probabilities=log_probabilities_NK.exp().to(torch.float16).cpu().numpy(),
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
