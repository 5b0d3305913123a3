"""Measures what augmentation adds to a batch, and to a step of training.

    python tests/measure_augmentation.py [--rounds 9] [--batches 10] [--steps 3] [--threads 2]

A batch is 128 random pictures, cut out, augmented, normalised and mixed as a training does it; a
step adds ResNet18 with the settings that train by default. All kinds are measured in turn in every
round, so that what else the machine does weighs on all of them. Printed are the median over rounds
of milliseconds with the smallest and the largest, by the clock and of the processor (all threads
together: what to trust where other programs run), and the median over rounds of a kind's throughput
by the plain recipe's, by either. Left out: a run's own choice of memory format and precision.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable

import numpy as np
import torch
from msgspec.structs import replace
from numpy.typing import NDArray

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.engine.machine.device import memory_format, resolve
from cifar_studio.engine.machine.openmp_waiting import giving_way
from cifar_studio.engine.training.batches import Batch, Normalize, Pictures, make_batch, plan_epoch
from cifar_studio.engine.training.training_state import TrainingState

BATCH = 128
PICTURES = 50 * BATCH
PLAIN = TrainConfig(batch_size=BATCH)
KINDS = {
    "plain": PLAIN,
    "TrivialAugment": replace(PLAIN, auto_augment="trivialaugment"),
    "CutMix": replace(PLAIN, mixing="cutmix"),
    "TrivialAugment + CutMix": replace(PLAIN, auto_augment="trivialaugment", mixing="cutmix"),
    "RandAugment(2) + RandomErasing": replace(
        PLAIN, auto_augment="randaugment", random_erasing=0.25
    ),
}
IN_STEPS = ("plain", "TrivialAugment + CutMix")


def maker(config: TrainConfig, pictures: Pictures) -> Callable[[], Batch]:
    """Makes the batches of an epoch one after another, and from the first again."""
    resolved = resolve(config)
    device = torch.device(resolved.device)
    plan = plan_epoch(config, PICTURES, epoch=1, device=device)
    normalize = Normalize([0.5] * 3, [0.25] * 3, device, memory_format(resolved))
    along = torch.arange(BATCH, device=device)
    number = torch.zeros(1, dtype=torch.int64, device=device)

    def make() -> Batch:
        batch = make_batch(pictures, plan, normalize, number, number * BATCH + along)
        number.add_(1).remainder_(PICTURES // BATCH)
        return batch

    return make


def trainer(config: TrainConfig, pictures: Pictures) -> Callable[[], None]:
    """Takes whole steps."""
    make = maker(config, pictures)
    state = TrainingState(config, resolve(config), PICTURES, "")

    def train() -> None:
        batch = make()
        state.step(batch.images_BCHW, batch.labels_B, batch.targets_BK)

    return train


def measured(
    works: dict[str, Callable[[], object]], rounds: int, repeats: int, device: torch.device
) -> dict[str, NDArray[np.float64]]:
    """Milliseconds of a call, (rounds, 2), by the clock and of the processor, all threads together.

    A round before them is not counted.
    """
    times_ms: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for turn in range(rounds + 1):
        for name, work in works.items():
            start, start_cpu = time.perf_counter(), time.process_time()
            for _ in range(repeats):
                work()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            took = time.perf_counter() - start, time.process_time() - start_cpu
            if turn:
                times_ms[name].append((1000 * took[0] / repeats, 1000 * took[1] / repeats))
    return {name: np.array(times) for name, times in times_ms.items()}


def print_table(heading: str, times_ms: dict[str, NDArray[np.float64]]) -> None:
    print(
        f"{heading:32}  {'ms by the clock':>26}  {'ms of the processor':>26}  throughput by plain's"
    )
    for name, times in times_ms.items():
        cells = [
            f"{np.median(column):9.2f} ({column.min():.2f} to {column.max():.2f})".rjust(26)
            for column in times.T
        ]
        by_clock, by_processor = np.median(times_ms["plain"] / times, axis=0)
        print(f"{name:32}  {cells[0]}  {cells[1]}  {by_clock:.3f}, {by_processor:.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--batches", type=int, default=10)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device = torch.device(resolve(PLAIN).device)
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(
        0, 256, (PICTURES, 3, 32, 32), dtype=torch.uint8, generator=generator
    ).to(device)
    labels = torch.randint(0, 100, (PICTURES,), generator=generator).to(device)
    pictures = Pictures(images, labels, np.arange(PICTURES, dtype=np.int32))
    print(platform.platform(), device, f"{os.cpu_count()} processors", torch.__version__)
    print(f"{arguments.rounds} rounds, {arguments.threads} threads")
    makers = {name: maker(config, pictures) for name, config in KINDS.items()}
    trainers = {name: trainer(KINDS[name], pictures) for name in IN_STEPS}
    with giving_way(device.type):
        batches = measured(makers, arguments.rounds, arguments.batches, device)
        print_table(f"a batch of {BATCH}", batches)
        print_table(
            "a step of ResNet18", measured(trainers, arguments.rounds, arguments.steps, device)
        )


if __name__ == "__main__":
    main()
