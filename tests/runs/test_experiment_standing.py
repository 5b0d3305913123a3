"""How an experiment stands, what can be done with it, and how long it takes yet."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from msgspec.structs import replace

from cifar_studio.runs.experiment.experiment_folder import ExperimentState
from cifar_studio.runs.experiment.standing import (
    progress_words,
    seconds_left,
    stage,
    step_tip,
    step_words,
    steps,
)
from cifar_studio.runs.experiment.trials import Begun, Ended, Planned, TrialTable
from experiments_support import FOLDS, SEARCH, SEEDS

TEN = replace(SEARCH, trials=10)
MINUTES = 600.0


def state_of(experiment, *lines, is_held: bool = False) -> ExperimentState:  # type: ignore[no-untyped-def]
    table = TrialTable(experiment.parts)
    table.feed(lines)
    trials = tuple(table.in_order())
    order = tuple(table.waiting)
    return ExperimentState("one", Path("one"), experiment, trials, is_held, order)


def ended(number: int, state: str = "finished", seconds: float = MINUTES) -> list[object]:
    return [
        Planned(trial=number, parameters={"seed": number}),
        Begun(trial=number, run=f"run {number}"),
        Ended(trial=number, state=state, value=40.0 + number, seconds=seconds),  # type: ignore[arg-type]
    ]


def running(number: int) -> list[object]:
    return ended(number)[:2]


def test_that_time_left_is_what_trials_took_shared_by_those_that_run_at_once() -> None:
    lines = [*ended(1), *ended(2, "pruned", 200.0), *running(3), *running(4)]
    state = state_of(TEN, *lines, is_held=True)
    assert seconds_left(state) == pytest.approx(8 * 400 / 2)
    assert seconds_left(state, share_done=1.5) == pytest.approx(6.5 * 400 / 2)


def test_that_time_left_is_unknown_before_a_trial_has_ended() -> None:
    assert seconds_left(state_of(TEN, *running(1), is_held=True)) is None
    failed = state_of(TEN, *ended(1, "failed"), *running(2), is_held=True)
    assert seconds_left(failed) is None, "a fault tells nothing of the others"
    stranger = state_of(TEN, *ended(1, seconds=float("nan")), *running(2), is_held=True)
    assert seconds_left(stranger) is None


def test_that_a_budget_of_hours_bounds_it() -> None:
    hours = replace(SEARCH, trials=None, hours=0.5)
    lines = [*ended(1), *running(2)]
    assert seconds_left(state_of(hours, *lines, is_held=True)) == pytest.approx(1200)
    both = replace(hours, trials=2)
    assert seconds_left(state_of(both, *lines, is_held=True)) == pytest.approx(600)
    long_over = state_of(hours, *ended(1, seconds=9000.0), is_held=True)
    assert seconds_left(long_over) == 0


def test_that_more_seeds_than_there_are_trials_are_left_to_train() -> None:
    two = [*ended(1), *ended(2)]
    assert stage(state_of(replace(SEEDS, seeds=2), *two)) == "finished"
    assert stage(state_of(replace(SEEDS, seeds=3), *two)) == "stopped"


def test_that_progress_counts_what_is_over_of_what_is_asked_for() -> None:
    lines = [*ended(1), *ended(2, "failed"), *ended(3, "stopped")]
    assert progress_words(state_of(TEN, *lines)) == ["Search", "1/10"]
    many = replace(SEARCH, trials=1000)
    assert progress_words(state_of(many, *lines)) == ["Search", "1/1,000"]
    assert progress_words(state_of(replace(SEARCH, trials=None, hours=2.0), *lines)) == [
        "Search",
        "1 trial",
    ]


@pytest.mark.parametrize(
    ("experiment", "lines", "is_held", "is_paused", "expected"),
    [
        (TEN, running(1), True, False, ["Pause", "Stop"]),
        (TEN, running(1), True, True, ["Go on", "Stop"]),
        (TEN, [], False, False, ["Start"]),
        (TEN, ended(1), False, False, ["Go on", "More trials…"]),
        (replace(TEN, trials=1), ended(1), False, False, ["More trials…", "Train the winner…"]),
        (replace(TEN, trials=1), ended(1, "failed"), False, False, ["More trials…"]),
        (replace(SEEDS, seeds=1), ended(1), False, False, ["More seeds…"]),
        (replace(FOLDS, folds=2), [*ended(1), *ended(2)], False, False, ["Train on all pictures…"]),
    ],
)
def test_that_only_what_makes_sense_is_offered(  # type: ignore[no-untyped-def]
    experiment, lines, is_held: bool, is_paused: bool, expected: list[str]
) -> None:
    state = dataclasses.replace(state_of(experiment, *lines, is_held=is_held), is_paused=is_paused)
    now = stage(state)
    offered = steps(state, now)
    assert [step_words(step, state, now) for step in offered] == expected
    assert all(step_tip(step, now)[0].isupper() for step in offered)
