"""The steps of a training, one after another, without a number that comes from the host.

Which batch is next, the epoch's plan and the losses lie on the device; the host only says "once
more". So a whole step, from cutting the batch out of the pictures to the update of the weights,
can be recorded (`cuda_graph.py`). An epoch's last batch may be smaller and has a recording of its
own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from cifar_studio.engine.training.batches import EpochPlan, Normalize, Pictures, make_batch
from cifar_studio.engine.training.cuda_graph import GraphCapture, Work, restored
from cifar_studio.engine.training.training_state import TrainingState


class Steps:
    """Trains a state batch by batch.

    The state is restored, where it is to be: recordings read and write its tensors.
    """

    def __init__(
        self, state: TrainingState, pictures: Pictures, normalize: Normalize, capture: GraphCapture
    ) -> None:
        self._state = state
        self._pictures = pictures
        self._normalize = normalize
        self._capture = capture
        self._plan: EpochPlan | None = None
        self._next_1 = torch.zeros(1, dtype=torch.int64, device=state.device)
        self._works: dict[int, Work] = {}

    def begin_epoch(self, plan: EpochPlan) -> None:
        """Take an epoch's plan, and stand where the state stands in it."""
        if self._plan is None:
            self._plan = plan
        else:
            self._plan.copy_(plan)
        self._next_1.fill_(self._state.batch)

    def take(self) -> None:
        """Train on the next batch."""
        size = int(self._state.record.sizes_B[self._state.batch])
        if size not in self._works:
            self._works[size] = self._capture.captured(self._work(size), self._rolled_back)
        self._state.prepare_step()
        self._works[size]()
        self._state.batch += 1

    def _work(self, size: int) -> Work:
        state, along_B = self._state, torch.arange(size, device=self._state.device)
        batch_size = int(state.record.sizes_B[0])

        def work() -> None:
            assert self._plan is not None
            shown_B = self._next_1 * batch_size + along_B
            batch = make_batch(self._pictures, self._plan, self._normalize, self._next_1, shown_B)
            loss, correct = state.step(batch.images_BCHW, batch.labels_B, batch.targets_BK)
            state.record.put(self._next_1, loss, correct)
            self._next_1.add_(1)

        return work

    @contextmanager
    def _rolled_back(self) -> Iterator[None]:
        with (
            self._state.step.rolled_back(),
            self._state.record.rolled_back(),
            restored([self._next_1]),
        ):
            yield
