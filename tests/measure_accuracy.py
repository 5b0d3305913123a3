"""Do the studio's trainings end where a plain PyTorch loop's do? Several seeds of each.

    python tests/measure_accuracy.py [ARCHITECTURE ...] [--seeds 3] [--epochs 3]
        [--train-per-class 50] [--test-per-class 20]

No test: run it, with CIFAR100_ROOT naming the folder of the real data. For each network it trains
  studio, precision auto     as a run in the window does, specialised,
  studio, float32            the same in float32, where auto is another,
  plain                      the loop of `bench`: stock torchvision network, PIL pictures,
                             DataLoader, torch's default SGD,
on the same training pictures with the same number of epochs, evaluates each network on the same
test pictures, and prints mean and standard deviation over the seeds of loss, top-1 and top-5.
Formats, precisions and orders of summing change last bits, and training amplifies them: what can be
equal is the distribution over seeds.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import torch
from msgspec.structs import replace

from cifar_studio.config.architectures import ARCHITECTURE_NAMES
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.cifar100.source import load_dataset
from cifar_studio.data.dataset import Dataset
from cifar_studio.data.subset import choose_for
from cifar_studio.engine.machine.describe_machine import describe
from cifar_studio.engine.machine.device import numerics, resolve
from cifar_studio.engine.speed.bench.plain import PlainLoop, PlainPictures, PlainTraining
from cifar_studio.engine.speed.fastest_format import fastest
from cifar_studio.engine.training.batches import Normalize, place
from cifar_studio.engine.training.evaluate import evaluate
from cifar_studio.engine.training.forward_pass import Forward
from cifar_studio.engine.training.progress import ReportingIntervals
from cifar_studio.engine.training.trainer import train
from cifar_studio.runs.folder.environment import ResolvedSettings
from cifar_studio.runs.folder.run_folder import RunFolder

Figures = tuple[float, float, float]


def studio(config: TrainConfig, dataset: Dataset, resolved: ResolvedSettings) -> Figures:
    """Test loss, top-1 and top-5 at the end of a run."""
    with tempfile.TemporaryDirectory() as name:
        folder = RunFolder(Path(name))
        environment = describe(config, dataset, resolved, [])
        folder.write_config(config)
        folder.write_environment(environment)
        for _ in train(
            config, dataset, folder, environment, intervals=ReportingIntervals(1.0, 1e9)
        ):
            pass
        row = folder.read_epochs()[-1]
    assert row.test_loss is not None
    return row.test_loss, row.test_top1, row.test_top5


def plain(config: TrainConfig, dataset: Dataset) -> Figures:
    """The same of the plain loop; its own order of pictures, crops and dropout."""
    resolved = resolve(replace(config, precision="float32"))
    device = torch.device(resolved.device)
    environment = describe(config, dataset, resolved, [])
    subset = choose_for(config, dataset)
    mean, std = environment.data.mean, environment.data.std
    with numerics(resolved, False):
        torch.manual_seed(config.seed)
        training = PlainTraining(config, device)
        images, labels = dataset.train.images_NCHW, dataset.train.labels_N
        pictures = PlainPictures(images[subset.train], labels[subset.train], mean, std)
        loop = PlainLoop(training, pictures, config.batch_size, workers=0)
        batches = -(-len(pictures) // config.batch_size)
        for _ in range(config.epochs * batches):
            loop._take()
        loop.close()
        forward = Forward(
            training.network,
            place(dataset.test, subset.test, device),
            Normalize(mean, std, device),
            resolved,
        )
        events = evaluate(forward, epoch=config.epochs, split="test")
        while True:
            try:
                next(events)
            except StopIteration as stop:
                result = stop.value
                return result.loss, result.top1, result.top5


def print_row(name: str, what: str, runs: list[Figures]) -> None:
    cells = []
    for values in zip(*runs, strict=True):
        spread = statistics.stdev(values) if len(values) > 1 else float("nan")
        cells.append(f"{statistics.mean(values):.3f} ± {spread:.3f}")
    print(f"| {name} | {what} | " + " | ".join(cells) + f" | {len(runs)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("architectures", nargs="*", default=ARCHITECTURE_NAMES)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--train-per-class", type=int, default=50)
    parser.add_argument("--test-per-class", type=int, default=20)
    parser.add_argument("--precision", default="auto")
    arguments = parser.parse_args()
    dataset = load_dataset("auto")
    print("| network | training | test loss | top-1, % | top-5, % | seeds |")
    print("|---|---|---|---|---|---|", flush=True)
    for name in arguments.architectures:
        config = TrainConfig(
            architecture=name,
            epochs=arguments.epochs,
            train_per_class=arguments.train_per_class,
            test_per_class=arguments.test_per_class,
            precision=arguments.precision,
        )
        forms = [config]
        if resolve(config, fastest(config)).precision != "float32":
            forms.append(replace(config, precision="float32"))
        for form in forms:
            resolved = resolve(form, fastest(form))
            runs = [
                studio(replace(form, seed=seed), dataset, resolved)
                for seed in range(arguments.seeds)
            ]
            special = ", specialised" if resolved.specialized else ""
            print_row(name, f"studio {form.precision} = {resolved.precision}{special}", runs)
        runs = [plain(replace(config, seed=seed), dataset) for seed in range(arguments.seeds)]
        print_row(name, "plain", runs)


if __name__ == "__main__":
    main()
