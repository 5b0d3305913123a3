"""The rounds of `bench`: in each, every contender has its slice, and one after another begins.

All are in one process and stand still between their slices: the studio's generator is not pulled,
the loader's processes wait on full queues. They run under the same settings of torch (threads,
cuDNN's search for algorithms), which are the studio's; the plain loop has what it gains by them.
"""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import CLASSES, Dataset
from cifar_studio.data.subset import choose_for
from cifar_studio.engine.machine.describe_machine import describe
from cifar_studio.engine.machine.device import MIB, numerics, warm_up
from cifar_studio.engine.speed.bench.contenders import Evaluation, Limit, PlainStep
from cifar_studio.engine.speed.bench.plain import PlainLoop, PlainPictures, PlainTraining
from cifar_studio.engine.speed.bench.results import LoaderSlices, NetworkResult, Slice, Variant
from cifar_studio.engine.speed.bench.studio_training import Alone, Studio, train_alone
from cifar_studio.engine.training.trainer import QUICK_TEST_PER_CLASS
from cifar_studio.engine.training.training_faults import as_studio_errors
from cifar_studio.runs.folder.environment import DataFacts, Environment, ResolvedSettings
from cifar_studio.runs.folder.run_folder import RunFolder

WORKERS = (0, 2, 4)
LEAST_BATCHES_ON_CPU = 2
LEAST_BATCHES = 20
_BYTES_A_PICTURE = 3 * 32 * 32 + 8  # with its label


@dataclass(frozen=True)
class Rounds:
    """How many rounds are measured, at least 1, and how long each contender's slice of one is.

    A first round, of a batch each, is not counted. A slow step is done at least twice, on a GPU at
    least 20 times.
    """

    count: int = 5
    slice_s: float = 4.0


class Contender(Protocol):
    """What takes part."""

    def slice(self, seconds: float, at_least: int, /) -> Slice: ...


@dataclass(frozen=True)
class _Entry:
    """A contender, the settings of torch that it runs under, and its slices so far."""

    contender: Contender
    resolved: ResolvedSettings
    slices: list[Slice]


@dataclass(frozen=True)
class ResolvedConfig:
    """A config, and what the studio takes for it on this machine."""

    config: TrainConfig
    resolved: ResolvedSettings


def bench(
    configs: Sequence[ResolvedConfig],
    dataset: Dataset,
    rounds: Rounds,
    command: Sequence[str],
    report: Callable[[str], None],
) -> NetworkResult:
    """Measure one network, in one precision or several, against plain PyTorch.

    The runs' files are written in the system's temporary folder and deleted. Everything of the
    network is freed at the end, and no process is left.

    Parameters
    ----------
    configs : sequence of ResolvedConfig
        They differ in precision only; at least one. The number of epochs does not matter.
    command : sequence of str
        Noted in the environment.
    report : callable
        Takes a line about how far it is, now and then.

    Raises
    ------
    BadInputError
        The epochs are too short to be timed.
    TrainingError
        Not enough memory, a loss that is not finite, a disk that refuses.
    """
    config, device = configs[0].config, configs[0].resolved.device
    devices = [device] if device.startswith("cuda") else []
    try:
        with (
            torch.random.fork_rng(devices=devices),
            as_studio_errors(config),
            tempfile.TemporaryDirectory(prefix="cifar-studio-bench-") as folder,
            ExitStack() as stack,
        ):
            work = _Bench(configs, dataset, rounds, command, Path(folder), stack)
            return work.run(report)
    finally:
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


class _Bench:
    """One call of `bench`."""

    def __init__(
        self,
        configs: Sequence[ResolvedConfig],
        dataset: Dataset,
        rounds: Rounds,
        command: Sequence[str],
        folder: Path,
        stack: ExitStack,
    ) -> None:
        self._config = configs[0].config
        self._dataset = dataset
        self._rounds = rounds
        self._folder = folder
        self._stack = stack
        self._entries: dict[str, _Entry] = {}
        self._configs = [one.config for one in configs]
        known = describe(configs[0].config, dataset, configs[0].resolved, command)
        self._environments = [replace(known, resolved=one.resolved) for one in configs]
        self._device = torch.device(configs[0].resolved.device)

    def run(self, report: Callable[[str], None]) -> NetworkResult:
        name, count = self._config.architecture, self._rounds.count
        report(f"{name}, getting ready")
        warm_up()
        torch.zeros(1, device=self._device)  # has the device made ready, once a process
        alone = [self._alone(number) for number in range(len(self._configs))]
        plain_step, plain_peak_mib = self._add_plain()
        limits = [self._add_studio(number) for number in range(len(self._configs))]
        self._round(0, 0.0, 1)
        for entry in self._entries.values():
            entry.slices.clear()
        least = LEAST_BATCHES_ON_CPU if self._device.type == "cpu" else LEAST_BATCHES
        for number in range(count):
            report(f"{name}, round {number + 1} of {count}")
            self._round(number, self._rounds.slice_s, least)
        return NetworkResult(
            config=self._config,
            loaders=tuple(
                LoaderSlices(workers, self._slices(f"plain {workers}")) for workers in WORKERS
            ),
            plain_step=self._slices("plain step"),
            plain_peak_mib=plain_peak_mib,
            plain_state_mib=plain_step.state_mib,
            variants=tuple(
                self._variant(number, one, limit)
                for number, (one, limit) in enumerate(zip(alone, limits, strict=True))
            ),
        )

    def _alone(self, number: int) -> Alone:
        """Before anything else is on the device."""
        folder = RunFolder(self._folder / f"alone {number}")
        alone = train_alone(
            self._configs[number], self._dataset, folder, self._environments[number]
        )
        gc.collect()
        return alone

    def _add_plain(self) -> tuple[PlainStep, float | None]:
        """The plain loops and the plain step, which share one network; and its peak of memory."""
        config, facts = self._config, self._environments[0].data
        split, rows = self._dataset.train, choose_for(config, self._dataset).train
        pictures = PlainPictures(
            split.images_NCHW[rows], split.labels_N[rows], facts.mean, facts.std
        )
        training = PlainTraining(config, self._device)
        batch = [pictures[row] for row in range(min(config.batch_size, len(pictures)))]
        images_BCHW = torch.stack([image for image, _ in batch]).to(self._device)
        labels_B = torch.tensor([label for _, label in batch], device=self._device)
        step = PlainStep(training, images_BCHW, labels_B)
        resolved = replace(self._environments[0].resolved, precision="float32")
        with numerics(resolved, config.deterministic):
            peak_mib = step.peak_mib()
        for workers in WORKERS:
            loop = PlainLoop(training, pictures, config.batch_size, workers)
            self._stack.callback(loop.close)
            self._add(f"plain {workers}", loop, resolved)
        self._add("plain step", step, resolved)
        return step, peak_mib

    def _add_studio(self, number: int) -> Limit:
        config, environment = self._configs[number], self._environments[number]
        folder = RunFolder(self._folder / f"run {number}")
        studio = Studio(config, self._dataset, folder, environment)
        self._stack.callback(studio.close)
        self._add(f"studio {number}", studio, environment.resolved)
        with numerics(environment.resolved, config.deterministic):
            limit = Limit(config, self._dataset, environment)
        self._add(f"limit {number}", limit, environment.resolved)
        evaluation = Evaluation(limit, config, self._dataset, environment)
        self._add(f"evaluation {number}", evaluation, environment.resolved)
        return limit

    def _add(self, name: str, contender: Contender, resolved: ResolvedSettings) -> None:
        self._entries[name] = _Entry(contender, resolved, [])

    def _round(self, number: int, seconds: float, at_least: int) -> None:
        """A slice of each, another one first in each round."""
        entries = list(self._entries.values())
        begin = number % len(entries)
        for entry in entries[begin:] + entries[:begin]:
            with numerics(entry.resolved, self._config.deterministic):
                entry.slices.append(entry.contender.slice(seconds, at_least))

    def _slices(self, name: str) -> tuple[Slice, ...]:
        return tuple(self._entries[name].slices)

    def _variant(self, number: int, alone: Alone, limit: Limit) -> Variant:
        environment: Environment = self._environments[number]
        return Variant(
            asked=self._configs[number].precision,
            environment=environment,
            studio=self._slices(f"studio {number}"),
            limit=self._slices(f"limit {number}"),
            evaluation=self._slices(f"evaluation {number}"),
            first_step_s=alone.first_step_s,
            peak_mib=alone.peak_mib,
            state_mib=limit.state_mib,
            data_mib=_data_mib(environment.data),
        )


def _data_mib(facts: DataFacts) -> float:
    """Of all pictures and labels that a training puts on the device."""
    quick = min(QUICK_TEST_PER_CLASS * CLASSES, facts.test_pictures)
    count = facts.train_pictures + facts.test_pictures + facts.validation_pictures + quick
    return count * _BYTES_A_PICTURE / MIB
