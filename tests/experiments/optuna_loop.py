"""Optuna called directly in a plain loop, the judge of the searches that it carries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import optuna
from optuna.samplers import TPESampler
from optuna.trial import TrialState

from experiments.searches import MILESTONES, search_of, top1s

TPE = search_of(method="tpe", seed=7)


def asked(trial: optuna.Trial) -> dict[str, Any]:
    """What Optuna's own calls give for `AXES`."""
    return {
        "learning_rate": trial.suggest_float("learning_rate", 0.001, 0.1, log=True),
        "momentum": trial.suggest_float("momentum", 0.5, 0.95),
        "batch_size": trial.suggest_int("batch_size", 16, 256, log=True),
        "warmup_epochs": trial.suggest_categorical("warmup_epochs", [0.0, 1.0, 2.0]),
        "schedule_epochs": trial.suggest_categorical("schedule_epochs", [None, 5, 8]),
        "milestones": MILESTONES[trial.suggest_categorical("milestones", [0, 1, 2])],
        "nesterov": trial.suggest_categorical("nesterov", [False, True]),
    }


def optunas_own(
    count: int, outcome: Callable[[int, dict[str, Any]], float | None], **study: Any
) -> list[dict[str, Any]]:
    """A plain loop of Optuna; a trial without an outcome failed."""
    given = {"direction": "maximize", "sampler": TPESampler(seed=7)}
    made = optuna.create_study(**{**given, **study})
    found = []
    for number in range(1, count + 1):
        trial = made.ask()
        found.append(asked(trial))
        value = outcome(number, found[-1])
        made.tell(trial, value, state=TrialState.FAIL if value is None else None)
    return found


def best(parameters: dict[str, Any]) -> float:
    return max(value for value in top1s(parameters) if value is not None)
