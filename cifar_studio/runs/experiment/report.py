"""The report's study as an experiment, whose trials take in runs that stand already."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from cifar_studio.config.experiment.experiment import Experiment
from cifar_studio.config.serialization import to_mapping
from cifar_studio.config.study import StudyRun, StudySize
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.data.dataset import DEMO
from cifar_studio.errors import ConfigError
from cifar_studio.runs.experiment.experiment_folder import ExperimentFolder
from cifar_studio.runs.experiment.results import figure_of
from cifar_studio.runs.experiment.trials import AnyLine, Begun, Ended, Planned
from cifar_studio.runs.folder.library import RESUMABLE, Run, list_runs
from cifar_studio.runs.folder.run_folder import RunFolder


def report_name(size: StudySize, *, as_printed: bool = False) -> str:
    """What an experiment that repeats the report is called: "report", "report-short-3x100"."""
    words = ["report"]
    if size.epochs is not None or size.train_per_class is not None:
        numbers = (size.epochs, size.train_per_class)
        words += ["short", "x".join("all" if one is None else str(one) for one in numbers)]
    if size.test_per_class is not None:
        words.append(f"test-{size.test_per_class}")
    if as_printed:
        words.append("as-printed")
    if size.seeds > 1:
        words.append(f"{size.seeds}-seeds")
    return "-".join(words)


def report_experiment(
    runs: Sequence[StudyRun], *, data: str = "auto", folder: str = ""
) -> tuple[Experiment, list[Planned]]:
    """The experiment of these runs, and its trials in their order.

    Parameters
    ----------
    runs : sequence of StudyRun
        As `study_runs` gives them: the report's six, seed by seed.
    data : str
        As `Experiment` means it.
    folder : str
        The folder of runs; empty for the person's own.
    """
    experiment = Experiment(
        kind="report",
        data=data,
        runs=folder,
        seeds=len({run.config.seed for run in runs}),
    )
    trials = [
        Planned(
            trial=number,
            parameters=_changes(run.config, experiment.config),
            preset=run.preset.name,
        )
        for number, run in enumerate(runs, 1)
    ]
    return experiment, trials


def find_run(config: TrainConfig, data: str, present: Iterable[Run]) -> Run | None:
    """A run of this config that has finished, else one that can go on; None where there is none.

    `data` is as `TrainRequest` means it: a run of the demo set is none of CIFAR-100.
    """
    same = [run for run in present if run.config == config and _is_of(run, data)]
    finished = [run for run in same if run.status.state == "finished"]
    resumable = [
        run
        for run in same
        if run.status.state in RESUMABLE and RunFolder(run.path).has_checkpoint()
    ]
    return next(iter(finished + resumable), None)


def adopt_runs(folder: ExperimentFolder) -> None:
    """Note runs that stand already as those of trials that have none.

    Raises
    ------
    RunFolderError
        Another process works on the experiment, or it cannot be written.
    """
    with _held(folder):
        state = folder.read()
        lacking = [trial for trial in state.trials if not trial.run]
        present = list_runs(state.runs_folder) if lacking else []
        for trial in lacking:
            with contextlib.suppress(ConfigError):  # its trial fails, and tells why
                config = state.experiment.trial_config(trial.parameters)
                run = find_run(config, trial.data or state.experiment.data, present)
                if run is not None:
                    for line in _lines_of(run, trial.number, state.experiment):
                        folder.append(line)


@contextlib.contextmanager
def _held(folder: ExperimentFolder) -> Iterator[None]:
    lock = folder.hold()
    try:
        yield
    finally:
        lock.release()


def _lines_of(run: Run, number: int, experiment: Experiment) -> list[AnyLine]:
    begun = Begun(trial=number, run=run.path.name)
    if run.status.state != "finished":
        return [begun]  # and goes on
    figure = figure_of(run.rows, experiment)
    ended = Ended(
        trial=number,
        state="finished",
        value=figure.value,
        best_epoch=figure.epoch,
        epochs=len(run.rows),
        seconds=sum(row.train_seconds + row.eval_seconds for row in run.rows),
    )
    return [begun, ended]


def _changes(config: TrainConfig, base: TrainConfig) -> dict[str, Any]:
    """All keys in which a config differs, also those that mean nothing in it, as plain values."""
    before = msgspec.to_builtins(to_mapping(base))
    after = msgspec.to_builtins(to_mapping(config))
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in after.items()
        if value != before[key]
    }


def _is_of(run: Run, data: str) -> bool:
    facts = run.environment.data if run.environment else None
    return facts is not None and facts.is_demo == (data == DEMO)
