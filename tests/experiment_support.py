"""Made-up experiments for tests of several floors: a ledger, and runs with curves behind it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from cifar_studio.config.experiment.axis import Axis, parse_axis
from cifar_studio.config.experiment.experiment import (
    Experiment,
    planned_parameters,
    settled,
)
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.experiment.experiment_folder import (
    ExperimentFolder,
    ExperimentState,
    create,
)
from cifar_studio.runs.experiment.results import figure_of
from cifar_studio.runs.experiment.trials import Begun, Ended, Planned
from cifar_studio.runs.folder.epochs import EpochRow, append_row
from cifar_studio.runs.folder.run_folder import RunFolder, Status
from support import make_environment

EPOCHS = 6
AXES = (
    parse_axis("learning_rate=0.001..0.1:log"),
    parse_axis("momentum=0.8,0.9,0.95"),
    parse_axis("mixing=none,mixup,cutmix"),
    parse_axis("batch_size=32..256:log"),
)
CONFIG = TrainConfig(epochs=EPOCHS, train_per_class=450, validation_per_class=50)


def search(axes: tuple[Axis, ...] = AXES, trials: int = 12, **changes: Any) -> Experiment:
    """A search at random."""
    found = Experiment(kind="search", config=CONFIG, axes=axes, trials=trials, seed=1)
    return settled(replace(found, **changes))


def make_search(home: Path, trials: int = 12, **changes: Any) -> ExperimentFolder:
    """A search whose trials have ended: every fifth was pruned, the last one failed."""
    experiment = search(trials=trials, runs=str(home / "runs"), **changes)
    drawn = np.random.default_rng(3)
    planned = [
        Planned(trial=number, parameters=_drawn(experiment, drawn))
        for number in range(1, trials + 1)
    ]
    folder = create(home / "experiments", "first search", experiment, planned)
    for plan in planned:
        for part in experiment.parts:
            end(folder, experiment, plan, part)
    return folder


def make_folds(home: Path, folds: int = 4) -> ExperimentFolder:
    """Folds that have all ended."""
    return _make_planned(home, settled(Experiment(kind="folds", config=CONFIG, folds=folds)))


def make_seeds(home: Path, seeds: int = 3) -> ExperimentFolder:
    """Seeds that have all ended."""
    return _make_planned(home, Experiment(kind="seeds", config=CONFIG, seeds=seeds))


def read(folder: ExperimentFolder) -> ExperimentState:
    return folder.read()


def end(
    folder: ExperimentFolder, experiment: Experiment, plan: Planned, part: int = 0
) -> RunFolder:
    """Let a training of a trial begin and end, with a run folder of its own."""
    number = plan.trial
    is_pruned = experiment.kind == "search" and number % 5 == 0
    is_failed = experiment.kind == "search" and number == experiment.trials
    run = RunFolder(Path(experiment.runs) / f"20260401_12{number:04d}_{part:02d}_resnet18")
    folder.append(Begun(trial=number, run=run.path.name, part=part))
    config = experiment.trial_config(plan.parameters, part)
    rows = curve(plan.parameters, number + part, 3 if is_pruned else EPOCHS)
    run.path.mkdir(parents=True)
    run.write_config(config)
    environment = make_environment("CIFAR-100")
    pictures = {
        "train_pictures": config.train_pictures,
        "validation_pictures": config.validation_pictures,
    }
    run.write_environment(replace(environment, data=replace(environment.data, **pictures)))
    run.write_status(Status(state="finished", epoch=len(rows), epochs=config.epochs))
    for row in rows:
        append_row(run.epochs_file, row)
    found = figure_of(rows, experiment)
    folder.append(
        Ended(
            trial=number,
            part=part,
            state="failed" if is_failed else "pruned" if is_pruned else "finished",
            value=None if is_failed else found.value,
            best_epoch=found.epoch,
            epochs=len(rows),
            seconds=22.0 * len(rows),
            message="out of memory" if is_failed else "",
        )
    )
    return run


def curve(parameters: dict[str, Any], seed: int, epochs: int) -> list[EpochRow]:
    """Epochs that get better the nearer the learning rate is to 0.03."""
    noise = np.random.default_rng(seed).normal(size=epochs)
    distance = abs(math.log10(parameters.get("learning_rate", 0.01)) - math.log10(0.03))
    top = 45.0 - 12 * distance + 2 * (parameters.get("mixing", "none") == "cutmix")
    rows = []
    for epoch in range(1, epochs + 1):
        top1 = max(1.0, top * (1 - math.exp(-epoch / 2)) + 0.4 * float(noise[epoch - 1]))
        rows.append(
            EpochRow(
                epoch=epoch,
                learning_rate=0.01,
                train_loss=4.4 - 0.06 * top1,
                train_top1=0.9 * top1,
                test_loss=None,
                test_top1=None,
                test_top5=None,
                train_seconds=20.0,
                eval_seconds=2.0,
                images_per_second=500.0,
                peak_memory_mib=900.0,
                val_loss=4.5 - 0.05 * top1,
                val_top1=top1,
                val_top5=min(100.0, 1.8 * top1),
            )
        )
    return rows


def _make_planned(home: Path, experiment: Experiment) -> ExperimentFolder:
    experiment = replace(experiment, runs=str(home / "runs"))
    planned = [
        Planned(trial=number, parameters=parameters)
        for number, parameters in enumerate(planned_parameters(experiment), 1)
    ]
    folder = create(home / "experiments", experiment.kind, experiment, planned)
    for plan in planned:
        end(folder, experiment, plan)
    return folder


def _drawn(experiment: Experiment, drawn: np.random.Generator) -> dict[str, Any]:
    return {
        axis.key: axis.at(float(drawn.random()))
        if axis.is_range
        else axis.values[int(drawn.integers(len(axis.values)))]
        for axis in experiment.axes
    }
