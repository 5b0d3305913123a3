"""A search that learns, made anew from the ledger."""

from __future__ import annotations

import optuna
import pytest
from optuna.samplers import TPESampler
from optuna.trial import TrialState

from cifar_studio.config.experiment.axis import Axis
from cifar_studio.experiments.search.search import Search
from cifar_studio.runs.experiment.trials import (
    Begun,
    Ended,
    Planned,
    PlannedAgain,
    Withdrawn,
)
from experiments.optuna_loop import TPE, asked, best, optunas_own
from experiments.searches import MILESTONES, Bench, search_of


def test_that_made_anew_at_any_moment_it_goes_on_as_it_would_have(uninterrupted: Bench) -> None:
    lines = uninterrupted.lines
    for length in range(len(lines)):
        if isinstance(lines[length], Planned):
            search = Search(TPE, lines[:length])
            assert search.propose() == lines[length].parameters


def test_that_an_end_that_is_told_twice_counts_once(uninterrupted: Bench) -> None:
    lines = [
        copy for line in uninterrupted.lines for copy in [line] * (1 + isinstance(line, Ended))
    ]
    once, twice = Search(TPE, uninterrupted.lines), Search(TPE, lines)
    assert once.propose() == twice.propose()


def test_that_a_finished_trial_whose_run_was_deleted_counts_once(uninterrupted: Bench) -> None:
    search = Search(TPE, uninterrupted.lines)
    again = [PlannedAgain(trial=3), Begun(trial=3, run="again"), Ended(trial=3, state="finished")]
    assert search.propose() == Search(TPE, [*uninterrupted.lines, *again]).propose()


@pytest.mark.parametrize("until", [10, 20, 40])
def test_that_two_slots_are_made_anew_in_the_order_of_the_ledger(until: int) -> None:
    bench = Bench(TPE)
    running = [bench.plan(), bench.plan()]
    for number in range(until):
        line = running.pop(number % 3 == 0)  # the later one ends first, now and then
        run = bench.begin(line.trial)
        bench.epochs(line, run)
        bench.end(line.trial, "finished", run)
        running.append(bench.plan())
    on = bench.search.propose()
    bench.rebuild()
    assert bench.search.propose() == on


def test_that_the_ledger_is_right_where_the_sampler_says_other_now(uninterrupted: Bench) -> None:
    other_sampler = search_of(method="tpe", seed=8)
    search = Search(other_sampler, uninterrupted.lines)

    study = optuna.create_study(direction="maximize", sampler=TPESampler(seed=8))
    for parameters in uninterrupted.parameters():
        trial = study.ask()
        assert asked(trial) != parameters
        study.tell(trial, state=TrialState.FAIL)
        places = {**parameters, "milestones": MILESTONES.index(parameters["milestones"])}
        study.enqueue_trial(places)
        trial = study.ask()
        assert asked(trial) == parameters
        study.tell(trial, best(parameters))
    expected = [asked(study.ask()) for _ in range(3)]
    assert [search.propose() for _ in range(3)] == expected
    assert uninterrupted.parameters()[0] not in expected


def test_that_a_trial_of_other_axes_counts_for_nothing(uninterrupted: Bench) -> None:
    elsewhere = [
        Planned(trial=26, parameters={"momentum": 0.9}),
        Begun(trial=26, run="run26"),
        Ended(trial=26, state="finished", value=99.0),
    ]
    search = Search(TPE, [*uninterrupted.lines, *elsewhere])

    study = optuna.create_study(direction="maximize", sampler=TPESampler(seed=7))
    for parameters in uninterrupted.parameters():
        trial = study.ask()
        assert asked(trial) == parameters
        study.tell(trial, best(parameters))
    given_up = study.ask()
    asked(given_up)
    study.tell(given_up, state=TrialState.FAIL)
    assert [search.propose() for _ in range(3)] == [asked(study.ask()) for _ in range(3)]


def test_that_a_ledger_of_nothing_but_other_axes_fails_nowhere(uninterrupted: Bench) -> None:
    search = Search(search_of(method="tpe", seed=7, axes=TPE.axes[:2]), uninterrupted.lines)
    for number in range(26, 40):
        parameters = search.propose()
        assert parameters is not None
        assert list(parameters) == ["learning_rate", "momentum"]
        search.ended(number, "finished", best(parameters))


def test_that_a_widened_range_keeps_what_was_learnt(uninterrupted: Bench) -> None:
    wider = Axis(key="learning_rate", low=0.0001, high=1.0, logarithmic=True)
    search = Search(
        search_of(method="tpe", seed=7, axes=(wider, *TPE.axes[1:])), uninterrupted.lines
    )
    found = [search.propose() for _ in range(10)]
    rates = sorted(one["learning_rate"] for one in found if one)
    assert 0.003 < rates[5] < 0.3  # the best is at 0.03


def test_that_a_withdrawn_trial_counts_for_nothing_and_its_number_is_free() -> None:
    bench = Bench(TPE)
    for number in range(1, 21):
        if number not in (5, 14):
            bench.train()
            continue
        line = bench.plan()
        bench.lines[-1:] = [line, Withdrawn(trial=line.trial)]
        bench.search.withdrawn(line.trial)
        bench.rebuild()
    expected = optunas_own(
        20, lambda number, parameters: None if number in (5, 14) else best(parameters)
    )
    assert bench.parameters() == expected
    assert max(line.trial for line in bench.lines) == 18


def test_that_lines_of_unknown_trials_are_passed_over() -> None:
    lines = [
        Ended(trial=9, state="finished", value=1.0),
        Withdrawn(trial=4),
        Begun(trial=2, run=""),
    ]
    search = Search(TPE, lines)
    search.ended(7, "finished", 3.0)
    assert search.propose() == Search(TPE).propose()
