"""Which memory format and precision train a network fastest here: measured, not assumed.

Half precision is not always quicker: without instructions for it a processor is many times slower,
and even with them a network of small convolutions may be. So each candidate takes a few real steps
with a small batch. A precision other than float32 is taken only where the config leaves it open
and it is clearly faster; it keeps weights, momentum, loss and batch statistics in float32.
"""

from __future__ import annotations

import gc
import itertools
import time

import torch

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.machine.device import numerics, resolve
from cifar_studio.engine.machine.processor import processor_name
from cifar_studio.engine.speed.resident_step import ResidentStep
from cifar_studio.engine.training.training_faults import as_studio_errors
from cifar_studio.errors import TrainingError
from cifar_studio.runs.folder.environment import (
    Choice,
    MemoryFormat,
    ResolvedPrecision,
    ResolvedSettings,
)

LARGEST_BATCH_ON_A_CPU = 32
STEPS = 3
BUDGET_S = 10.0
"""Once it is spent no other candidate is begun; a step that takes a third of it is not repeated."""
SLOW = 1.5
"""A candidate whose first timed step takes so many times the best one's is not tried again."""
WORTH = 1.1
"""How many times faster another precision than float32 has to be."""


def choice_key(config: TrainConfig) -> str:
    """All that the answer depends on, as one line: the network, the batch and the machine."""
    resolved = resolve(config)
    device = torch.device(resolved.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else processor_name()
    parts = (
        config.architecture,
        config.stem,
        config.dropout_sites,
        _batch(config, resolved),
        config.precision,
        "specialized" if resolved.specialized else "whole",
        resolved.device,
        name,
        resolved.threads,
        torch.__version__,
    )
    return "/".join(map(str, parts))


def fastest(config: TrainConfig) -> Choice:
    """Measure the candidates; takes some seconds on a processor, changes no random state.

    Raises
    ------
    BadInputError
        The device that the config asks for is not here.
    TrainingError
        No candidate could be measured, for want of memory perhaps.
    """
    plain = resolve(config)
    devices = [plain.device] if plain.device.startswith("cuda") else []
    seconds: dict[Choice, float] = {}
    fault: Exception | None = None
    start = time.perf_counter()
    with torch.random.fork_rng(devices=devices):
        for choice in candidates(config, plain):
            resolved = resolve(config, choice)
            try:
                with numerics(resolved, False), as_studio_errors(config):
                    best = min(seconds.values(), default=float("inf"))
                    seconds[choice] = _seconds(config, resolved, best)
            except (TrainingError, RuntimeError) as error:  # such as a missing primitive
                fault = error
            gc.collect()  # two networks need not be there at once
            if time.perf_counter() - start > BUDGET_S:
                break
    if not seconds:
        raise TrainingError(
            f"no step of {config.architecture} could be measured ({fault})", "Start it nevertheless"
        ) from fault
    return _best(seconds)


def candidates(config: TrainConfig, resolved: ResolvedSettings) -> list[Choice]:
    """What is to be measured, the likeliest first."""
    formats: list[MemoryFormat] = ["channels_last", "contiguous"]
    if resolved.device == "mps":
        formats = ["contiguous"]
    precisions: list[ResolvedPrecision] = [resolved.precision]  # type: ignore[list-item]
    if config.precision == "auto":
        half = _half_precisions(torch.device(resolved.device))
        # SAM's two gradients are not for float16's scaler.
        precisions = ["float32", *(one for one in half if one != "float16" or not config.sam_rho)]
    return [Choice(order, one) for one, order in itertools.product(precisions, formats)]


def _half_precisions(device: torch.device) -> list[ResolvedPrecision]:
    """Those for which the device has instructions."""
    if device.type == "cuda":
        # Before Ampere bfloat16 is emulated; float16 needs the scaler, so it comes second.
        has_bfloat16 = torch.cuda.get_device_capability(device) >= (8, 0)
        return ["bfloat16"] if has_bfloat16 else ["float16"]
    if device.type == "cpu" and torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return ["bfloat16"]
    return []


def _seconds(config: TrainConfig, resolved: ResolvedSettings, best_s: float) -> float:
    """The fastest of a few steps, after one that plans; fewer where it is far from the best."""
    step = ResidentStep(config, resolved, _batch(config, resolved))
    repeats = 10 if resolved.device.startswith("cuda") else 1  # as many as can be told apart
    times_s: list[float] = []
    for _ in range(STEPS + 1):
        step.wait()
        start = time.perf_counter()
        for _ in range(repeats):
            step()
        step.wait()
        times_s.append((time.perf_counter() - start) / repeats)
        if len(times_s) > 1 and times_s[-1] > SLOW * best_s:
            break
        if times_s[-1] > BUDGET_S / STEPS:
            break
    return min(times_s[1:] or times_s)


def _best(seconds: dict[Choice, float]) -> Choice:
    exact = {choice: s for choice, s in seconds.items() if choice.precision == "float32"}
    best = min(seconds, key=seconds.__getitem__)
    if exact and best not in exact:
        best_exact = min(exact, key=exact.__getitem__)
        if exact[best_exact] < WORTH * seconds[best]:
            return best_exact
    return best


def _batch(config: TrainConfig, resolved: ResolvedSettings) -> int:
    if resolved.device == "cpu":
        return min(config.batch_size, LARGEST_BATCH_ON_A_CPU)
    return config.batch_size
