"""An experiment as an object for programs, and as a few lines for a terminal.

Its ledger is read, and not its runs: a thousand trials are told at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from cifar_studio.config.experiment.experiment import KIND_TITLES, Experiment
from cifar_studio.plain_text import plain, printable
from cifar_studio.runs.analysis.statistics import spread
from cifar_studio.runs.experiment.experiment_folder import (
    ExperimentFolder,
    ExperimentState,
    is_deleted,
)
from cifar_studio.runs.experiment.results import best_trial, figure_name
from cifar_studio.runs.experiment.says import (
    edge_words,
    finished_values,
    folds_summary,
    plain_value,
    said_together,
)
from cifar_studio.runs.experiment.trials import Part, Trial
from cifar_studio.runs.experiment.words import (
    figure_words,
    number_of,
    parameters_words,
    usable,
    varied_keys,
)

ProgressState = Literal["running", "paused", "finished", "stopped"]
_SECONDS_AN_HOUR = 3600
_MOST_IMPORTANCES = 3


def progress_state(state: ExperimentState) -> ProgressState:
    """ "finished" where nothing is left to train; else whether somebody works on it."""
    if state.is_held:
        return "paused" if state.is_paused else "running"
    return "stopped" if is_left(state) else "finished"


def number_done(state: ExperimentState) -> int:
    """How many trials need no training any more; one that failed is to be trained again."""
    return sum(trial.state in ("finished", "pruned") for trial in state.trials)


def is_left(state: ExperimentState) -> bool:
    """Whether `experiment run` would train anything."""
    experiment, trials = state.experiment, state.trials
    if state.order:
        return True
    if experiment.kind == "queue":
        return False
    if experiment.is_planned_ahead:
        return not trials or len(trials) < (experiment.trial_count or 0)
    if experiment.trials is not None and len(trials) >= experiment.trials:
        return False
    hours = sum(trial.seconds for trial in trials) / _SECONDS_AN_HOUR
    return experiment.hours is None or hours < experiment.hours


def experiment_object(
    state: ExperimentState, says: Mapping[str, object] | None = None
) -> dict[str, object]:
    """What `experiment show --json` prints, of plain values.

    Parameters
    ----------
    state : ExperimentState
    says : mapping, optional
        What is known besides of what the trials say together, such as the rows of the report's
        table; it is put in beside what the ledger tells.

    Returns
    -------
    dict
        `name`, `kind`, `state`, `metric`, `trials`, `best` (a number, or None) and `says`.
    """
    best = best_trial(state.trials, state.experiment)
    return {
        "name": plain(state.name),
        "kind": state.experiment.kind,
        "state": progress_state(state),
        "metric": figure_name(state.experiment),
        "trials": [_trial_object(state, trial) for trial in state.trials],
        "best": None if best is None else best.number,
        "says": {**said_together(state, best), **(says or {})},
    }


def describe_experiment(state: ExperimentState) -> list[str]:
    """A few plain lines, each fit for a terminal; the first one says where it stands."""
    return [printable(line) for line in _lines(state)]


def headline(state: ExperimentState, *, sets: bool = True) -> str:
    """Where it stands in one line: "Search · 12/30 trials · best 41.20 % (trial 7: …)".

    `sets` is whether it also tells what the best trial sets.
    """
    experiment, trials = state.experiment, state.trials
    over = number_done(state)
    total = experiment.trial_count
    total = len(trials) if total is None and experiment.is_planned_ahead else total
    counted = f"{over:,} trials" if total is None else f"{over:,}/{number_of(total, 'trial')}"
    parts = [KIND_TITLES[experiment.kind], counted]
    best = best_trial(trials, experiment)
    if best is not None and experiment.kind not in ("seeds", "folds"):
        keys = varied_keys(experiment, trials) if sets else ()
        words = parameters_words(best.parameters, keys)
        about = f"trial {best.number}: {words}" if words else f"trial {best.number}"
        parts.append(f"best {figure_words(experiment, best.value)} ({about})")
    elif best is not None:
        parts.append(_mean_words(experiment, trials))
    return " · ".join(parts)


def state_of_trial(state: ExperimentState, trial: Trial) -> str:
    """The state of a trial; "deleted" where it had run folders and none of them is left."""
    begun = [part for part in trial.parts if part.run]
    is_gone = bool(begun) and all(state_of_part(state, part) == "deleted" for part in begun)
    return "deleted" if is_gone else trial.state


def state_of_part(state: ExperimentState, part: Part) -> str:
    """The state of a training; "deleted" where its run folder is gone."""
    # What has just begun may not have written its settings yet.
    is_gone = part.state != "running" and is_deleted(state, part)
    return "deleted" if is_gone else part.state


def _lines(state: ExperimentState) -> Iterator[str]:
    experiment = state.experiment
    yield headline(state)
    counts = Counter(trial.state for trial in state.trials)
    words = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
    is_begun = any(trial.state != "planned" for trial in state.trials)
    stands = progress_state(state) if is_begun or state.is_held else "not begun"
    yield f"{stands.capitalize()}: {words or 'no trial yet'}"
    best = best_trial(state.trials, experiment)
    yield from _judged(state)
    if best is not None:
        yield from edge_words(best, experiment)
    shares = ExperimentFolder(state.path).read_importance().ranked()[:_MOST_IMPORTANCES]
    if shares and experiment.kind == "search":
        yield "Matters most: " + ", ".join(f"{key} {100 * share:.0f} %" for key, share in shares)
    for trial in state.trials:
        if trial.state == "failed":
            yield f"Trial {trial.number} failed: {trial.message or 'without a word'}"
            break


def _judged(state: ExperimentState) -> Iterator[str]:
    """What stands beside the figures of repetitions: how chosen they are, and how sure."""
    experiment = state.experiment
    if experiment.kind == "folds" and (summary := folds_summary(state)) is not None:
        error = summary.figures[figure_name(experiment)].standard_error
        if error is not None:
            yield f"Corrected standard error {figure_words(experiment, error)}"
        if summary.mean_best_epoch is not None:
            yield f"Mean best epoch {summary.mean_best_epoch}"
    if figure_name(experiment) == "test_top1":
        once = experiment.config.test == "at_end"
        yield (
            "Test top-1 of the last epoch; the test set is looked at once by each training"
            if once
            else "Test top-1 of the epoch that is best on test (selected)"
        )


def _mean_words(experiment: Experiment, trials: Sequence[Trial]) -> str:
    found = spread(finished_values(trials))
    words = f"mean {figure_words(experiment, found.mean)}"
    if found.standard_deviation is not None:
        words += f", deviation {figure_words(experiment, found.standard_deviation)}"
    return f"{words}, n = {found.n}"


def _trial_object(state: ExperimentState, trial: Trial) -> dict[str, object]:
    state_now = state_of_trial(state, trial)
    found: dict[str, object] = {
        "number": trial.number,
        "parameters": plain_value(trial.parameters),
        "run": _run(state, trial, state_now),
        "state": state_now,
        "value": usable(trial.value),
        "best_epoch": _mean_of([part.best_epoch for part in trial.parts]),
        "epochs": sum(part.epochs for part in trial.parts),
        "seconds": usable(trial.seconds),
        "message": plain(trial.message),
    }
    if len(trial.parts) > 1:
        found["runs"] = [_part_object(state, part) for part in trial.parts]
    return found


def _part_object(state: ExperimentState, part: Part) -> dict[str, object]:
    state_now = state_of_part(state, part)
    return {
        "fold": part.number,
        "run": _run(state, part, state_now),
        "state": state_now,
        "value": usable(part.value),
        "best_epoch": part.best_epoch,
        "epochs": part.epochs,
        "seconds": usable(part.seconds),
        "message": plain(part.message),
    }


def _run(state: ExperimentState, of: Trial | Part, state_now: str) -> str | None:
    path = None if state_now == "deleted" else state.run_path(of)
    return None if path is None else plain(str(path.absolute()))


def _mean_of(epochs: Sequence[int]) -> float | int:
    """Of one training its epoch as it is, over folds their mean."""
    return epochs[0] if len(epochs) == 1 else sum(epochs) / len(epochs)
