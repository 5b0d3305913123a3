"""How fast a config trains here: a few batches of random pictures, in two to four seconds.

The batches are real steps of the real network. Where a whole batch would take too long, smaller
ones are measured and taken in proportion.
"""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from msgspec.structs import replace
from torch import Tensor

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import CLASSES
from cifar_studio.engine.machine.device import (
    MIB,
    memory_format,
    numerics,
    peak_memory_mib,
    resolve,
)
from cifar_studio.engine.speed.resident_step import (
    build_with_dummy_weights,
    random_pictures,
    wait_for,
)
from cifar_studio.engine.training.batches import EpochPlan, Normalize, make_batch, plan_epoch
from cifar_studio.engine.training.forward_pass import BATCH, answers_of
from cifar_studio.engine.training.sgd_step import TrainingStep, autocast
from cifar_studio.engine.training.training_faults import as_studio_errors
from cifar_studio.runs.folder.environment import Choice, ResolvedSettings

SMALLEST_BATCH = 2  # batch normalisation of 1x1 maps needs two pictures
GROWTH = 4
TRAIN_BUDGET_S = 2.2
TEST_BUDGET_S = 1.0
SHORT_CALL_S = 0.35
MOST_CALLS = 50
BYTES_PER_PICTURE = 3 * 32 * 32


@dataclass(frozen=True)
class SpeedEstimate:
    """Speed of a config on this machine."""

    train_images_per_second: float
    test_images_per_second: float
    memory_mib: float  # peak of the process (CPU) or of the device
    device: str


def estimate(config: TrainConfig, choice: Choice | None = None) -> SpeedEstimate:
    """Measure training, evaluation and memory of a config on the device that it would take.

    `choice` is the memory format and precision that a run of it would take, as `resolve` means it.

    Training counts whole steps with the config's augmentation and SGD; evaluation counts forward
    passes, of the mirror images too where the config has those tested.
    Memory is the peak of the measured steps, plus in proportion what a full batch and the
    pictures add. Changes no random state.

    Raises
    ------
    BadInputError
        The device that the config asks for is not here.
    TrainingError
        Not enough memory.
    """
    resolved = resolve(config, choice)
    devices = [resolved.device] if resolved.device.startswith("cuda") else []
    with (
        torch.random.fork_rng(devices=devices),
        numerics(resolved, config.deterministic),
        as_studio_errors(config),
    ):
        return _Measurement(config, resolved).run()


class _Measurement:
    """A network with arbitrary weights and random pictures, to be timed."""

    def __init__(self, config: TrainConfig, resolved: ResolvedSettings) -> None:
        self._config = config
        self._resolved = resolved
        self._device = torch.device(resolved.device)
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
        self._network, rewrites = build_with_dummy_weights(config, resolved)
        averaged = copy.deepcopy(self._network) if config.weight_averaging else None
        self._step = TrainingStep(self._network, config, resolved, rewrites, averaged)
        self._normalize = Normalize([0.5] * 3, [0.25] * 3, self._device, memory_format(resolved))
        self._pictures = random_pictures(max(config.batch_size, BATCH), self._device)
        self._first_1 = torch.zeros(1, dtype=torch.int64, device=self._device)
        self._plans: dict[int, EpochPlan] = {}

    def run(self) -> SpeedEstimate:
        kept_bytes = self._kept_bytes(SMALLEST_BATCH)
        full = self._config.batch_size
        train_s, batch = self._full_batch_s(self._train, full, TRAIN_BUDGET_S)
        missing_bytes = (full - batch) * kept_bytes / SMALLEST_BATCH
        memory_mib = peak_memory_mib(self._device) + missing_bytes / MIB + self._pictures_mib()
        self._network.eval()
        self._evaluate(SMALLEST_BATCH)
        test_s, _ = self._full_batch_s(self._evaluate, BATCH, TEST_BUDGET_S)
        return SpeedEstimate(
            train_images_per_second=full / train_s,
            test_images_per_second=BATCH / test_s,
            memory_mib=memory_mib,
            device=self._resolved.device,
        )

    def _train(self, batch: int) -> None:
        if batch not in self._plans:  # partners are of the same batch
            config = replace(self._config, batch_size=batch)
            self._plans[batch] = plan_epoch(config, batch, epoch=1, device=self._device)
        made = make_batch(
            self._pictures,
            self._plans[batch],
            self._normalize,
            self._first_1,
            torch.arange(batch, device=self._device),
        )
        self._step(made.images_BCHW, made.labels_B, made.targets_BK)

    def _evaluate(self, batch: int) -> None:
        with torch.inference_mode(), autocast(self._resolved):
            answers = answers_of(self._network, self._config.test_time_flip)
            answers(self._normalize(self._pictures.images_NCHW[:batch]))

    def _full_batch_s(
        self, work: Callable[[int], None], full: int, budget_s: float
    ) -> tuple[float, int]:
        """Seconds of a call with a full batch, and the largest batch that was tried.

        Batches grow fourfold, at least once and then while the budget lasts. The time of a batch
        is taken as a fixed part (reading and updating every weight) and a part for each picture,
        from the last two.
        """
        start = time.perf_counter()
        batch, fixed_s, per_picture_s = SMALLEST_BATCH, 0.0, 0.0
        call_s = self._second_call_s(work, batch)
        while batch < full:
            larger = min(GROWTH * batch, full)
            spent_s = time.perf_counter() - start
            has_model = batch > SMALLEST_BATCH
            if has_model and fixed_s + per_picture_s * larger > budget_s - spent_s:
                return fixed_s + per_picture_s * full, batch
            larger_s = self._second_call_s(work, larger)
            per_picture_s = max(larger_s - call_s, 0.0) / (larger - batch)
            fixed_s = larger_s - per_picture_s * larger
            batch, call_s = larger, larger_s
        times_s: list[float] = []
        while sum(times_s) < budget_s / 3 and len(times_s) < MOST_CALLS:
            times_s.append(self._timed(work, full))
        return statistics.median(times_s), full

    def _second_call_s(self, work: Callable[[int], None], batch: int) -> float:
        """Seconds of a call; the first of a size plans its convolutions, so one more if short."""
        first_s = self._timed(work, batch)
        return min(first_s, self._timed(work, batch)) if first_s < SHORT_CALL_S else first_s

    def _timed(self, work: Callable[[int], None], batch: int) -> float:
        wait_for(self._device)
        start = time.perf_counter()
        work(batch)
        wait_for(self._device)
        return time.perf_counter() - start

    def _kept_bytes(self, batch: int) -> int:
        """What a training step keeps for its backward pass; also the first, slow step."""
        weights = {weight.untyped_storage().data_ptr() for weight in self._network.parameters()}
        sizes: dict[int, int] = {}

        def note(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in weights:
                sizes[storage.data_ptr()] = storage.nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            self._train(batch)
        return sum(sizes.values())

    def _pictures_mib(self) -> float:
        config = self._config
        tested = 0 if config.test == "never" else CLASSES * config.test_per_class
        pictures = config.train_pictures + config.validation_pictures + tested
        return pictures * BYTES_PER_PICTURE / MIB
