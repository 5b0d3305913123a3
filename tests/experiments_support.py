"""Experiments on the disk with plausible figures, for tests and measurements of the window."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from cifar_studio import paths
from cifar_studio.config.experiment.axis import Axis
from cifar_studio.config.experiment.experiment import (
    Experiment,
    planned_parameters,
    settled,
)
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.experiment import experiment_folder
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.experiment.results import figure_of
from cifar_studio.runs.experiment.trials import Begun, Ended, EndState, Planned
from cifar_studio.runs.folder.environment import TrialOf
from cifar_studio.runs.folder.epochs import EpochRow, rewrite_rows
from cifar_studio.runs.folder.run_folder import RunFolder, Status
from support import make_environment, make_row

CONFIG = TrainConfig(epochs=20, train_per_class=100, test_per_class=20)
AXES = (
    Axis(key="learning_rate", low=0.001, high=0.1, logarithmic=True),
    Axis(key="momentum", low=0.5, high=0.99),
    Axis(key="batch_size", values=(32, 64, 128, 256)),
    Axis(key="architecture", values=("resnet18", "mobilenet_v2", "vgg11")),
)
SEARCH = settled(
    Experiment(kind="search", config=CONFIG, axes=AXES, trials=40, method="tpe", pruning="median")
)
FOLDS = settled(Experiment(kind="folds", config=CONFIG, folds=5))
SEEDS = Experiment(kind="seeds", config=CONFIG, seeds=4)


def rows_of(
    top1: float, epochs: int, generator: np.random.Generator, *, is_locked: bool = True
) -> list[EpochRow]:
    """Rows that rise to about `top1`, of validation where the test set is locked."""
    found = []
    for epoch in range(1, epochs + 1):
        value = top1 * (1 - math.exp(-3 * epoch / 20)) + generator.normal(0, 0.4)
        value = min(max(value, 1.0), 99.0)
        if not is_locked:
            found.append(make_row(epoch, value))
            continue
        found.append(
            replace(
                make_row(epoch, value),
                test_loss=None,
                test_top1=None,
                test_top5=None,
                val_loss=4.6 * math.exp(-value / 40),
                val_top1=value,
                val_top5=min(100.0, value + 25),
            )
        )
    return found


def write_run(
    name: str,
    config: TrainConfig,
    rows: Sequence[EpochRow],
    state: str,
    trial: TrialOf | None = None,
) -> RunFolder:
    """A run folder as a training leaves it."""
    folder = RunFolder(paths.runs_folder() / name)
    folder.path.mkdir(parents=True)
    folder.write_config(config)
    folder.write_environment(replace(make_environment(), trial=trial))
    folder.write_status(Status(state=state, epochs=config.epochs))  # type: ignore[arg-type]
    folder.epochs_file.write_bytes(rewrite_rows(rows))
    return folder


def drawn(experiment: Experiment, generator: np.random.Generator) -> dict[str, Any]:
    """Values from the axes, at random."""
    return {
        axis.key: axis.at(float(generator.random()))
        if axis.is_range
        else axis.values[int(generator.integers(len(axis.values)))]
        for axis in experiment.axes
    }


def likely_top1(parameters: dict[str, Any]) -> float:
    """Best at the upper edge of the learning rate, and on ResNet18."""
    rate = math.log10(parameters.get("learning_rate", 0.01))
    network = {"resnet18": 0.0, "mobilenet_v2": -4.0, "vgg11": -9.0}
    momentum = parameters.get("momentum", 0.9)
    return (
        44.0
        - 5.0 * (rate + 1.0) ** 2
        - 20.0 * (momentum - 0.9) ** 2
        + network.get(parameters.get("architecture", "resnet18"), 0.0)
    )


def make_search(
    name: str = "rates",
    *,
    experiment: Experiment = SEARCH,
    trials: int = 40,
    running: int = 2,
    seed: int = 0,
) -> ExperimentFolder:
    """A search: one in nine failed, one in four pruned, the last ones still running."""
    generator = np.random.default_rng(seed)
    parameters = [drawn(experiment, generator) for _ in range(trials)]
    planned = [Planned(trial=n, parameters=p) for n, p in enumerate(parameters, 1)]
    folder = experiment_folder.create(paths.experiments_folder(), name, experiment, planned)
    for number, values in enumerate(parameters, 1):
        is_running = number > trials - running
        state: EndState = "finished"
        if number % 9 == 5:
            state = "failed"
        elif number % 4 == 3:
            state = "pruned"
        epochs = {"finished": 20, "pruned": 5, "failed": 3, "stopped": 0}[state]
        if is_running:
            epochs = 4 + number % 7
        add_trial(folder, experiment, number, values, state, epochs, generator, ends=not is_running)
    return folder


def add_trial(
    folder: ExperimentFolder,
    experiment: Experiment,
    number: int,
    values: dict[str, Any],
    state: EndState,
    epochs: int,
    generator: np.random.Generator,
    *,
    ends: bool = True,
) -> None:
    """Begin a trial that was planned, with all its parts, and end it."""
    for part in experiment.parts:
        top1 = likely_top1(values) + generator.normal(0, 1.5)
        rows = rows_of(top1, epochs, generator, is_locked=experiment.is_test_locked)
        run = f"20260401_{120000 + number}_{folder.name}{f'_{part}' if part else ''}"
        config = experiment.trial_config(values, part)
        place = TrialOf(experiment=folder.name, trial=number, part=part)
        write_run(run, config, rows, state if ends and state != "pruned" else "running", place)
        folder.append(Begun(trial=number, run=run, part=part))
        if ends:
            figure = figure_of(rows, experiment)
            folder.append(
                Ended(
                    trial=number,
                    part=part,
                    state=state,
                    value=figure.value if state != "failed" else None,
                    best_epoch=figure.epoch,
                    epochs=epochs,
                    seconds=31.0 * epochs,
                    message="The GPU ran out of memory" if state == "failed" else "",
                )
            )


def make_planned(
    name: str, experiment: Experiment, *, done: int, seed: int = 0
) -> ExperimentFolder:
    """Folds or seeds of which some are done."""
    generator = np.random.default_rng(seed)
    parameters = planned_parameters(experiment)
    planned = [Planned(trial=n, parameters=p) for n, p in enumerate(parameters, 1)]
    folder = experiment_folder.create(paths.experiments_folder(), name, experiment, planned)
    for number, values in enumerate(parameters[:done], 1):
        add_trial(folder, experiment, number, values, "finished", 20, generator)
    return folder


def make_edge(name: str, axis: Axis, value: float) -> ExperimentFolder:
    """A search along one axis whose only trial has this value."""
    experiment = replace(SEARCH, axes=(axis,))
    planned = [Planned(trial=1, parameters={axis.key: value})]
    folder = experiment_folder.create(paths.experiments_folder(), name, experiment, planned)
    folder.append(Ended(trial=1, state="finished", value=40.0, best_epoch=2, epochs=2))
    return folder


def write_importance(folder: Path, shares: dict[str, float]) -> None:
    """What the sampler reckoned."""
    text = ", ".join(f'"{key}": {share}' for key, share in shares.items())
    (folder / "importance.json").write_text(f'{{"trials": 20, "importance": {{{text}}}}}')
