"""Proposals that are learnt from what went before, against Optuna called directly."""

from __future__ import annotations

import json
from typing import Any

import optuna
import pytest
from optuna.samplers import TPESampler
from optuna.trial import TrialState

from cifar_studio.config.experiment.axis import Axis
from cifar_studio.experiments.search import search as search_module
from cifar_studio.experiments.search.search import Search
from cifar_studio.runs.experiment.trials import (
    Begun,
    Ended,
    Planned,
    PlannedAgain,
)
from experiments.optuna_loop import TPE, asked, best, optunas_own
from experiments.searches import Bench, search_of


def test_that_it_proposes_the_very_trials_of_a_plain_loop(uninterrupted: Bench) -> None:
    expected = optunas_own(25, lambda number, parameters: best(parameters))
    assert uninterrupted.parameters() == expected
    assert json.loads(json.dumps(expected[-1])).keys() == expected[-1].keys()


def test_that_a_smaller_loss_is_better() -> None:
    bench = Bench(
        search_of(method="tpe", seed=7, metric="val_loss"),
        lambda parameters: [100 - best(parameters)],
    )
    for _ in range(20):
        bench.train()
    expected = optunas_own(
        20, lambda number, parameters: 100 - best(parameters), direction="minimize"
    )
    assert bench.parameters() == expected


def test_that_it_makes_out_where_good_trials_lie(uninterrupted: Bench) -> None:
    learnt = [best(one) for one in uninterrupted.parameters()[15:]]
    drawn = [best(one) for one in uninterrupted.parameters()[:10]]
    assert sum(learnt) / len(learnt) > sum(drawn) / len(drawn)


def test_that_a_failed_trial_counts_for_nothing() -> None:
    bench = Bench(TPE)
    for number in range(1, 21):
        if number not in (4, 13):
            bench.train()
            continue
        line = bench.plan()
        bench.end(line.trial, "failed", bench.begin(line.trial))
    expected = optunas_own(
        20, lambda number, parameters: None if number in (4, 13) else best(parameters)
    )
    assert bench.parameters() == expected
    bench.rebuild()
    assert bench.search.propose() != optunas_own(21, lambda number, one: best(one))[-1]


def test_that_a_trial_without_a_finite_figure_counts_for_nothing() -> None:
    bench = Bench(TPE, lambda parameters: [None, None])
    for _ in range(14):
        bench.train()
    assert bench.parameters() == optunas_own(14, lambda number, parameters: None)


def test_that_a_trial_trained_again_counts_once_it_has_finished() -> None:
    bench = Bench(TPE)
    for _ in range(12):
        bench.train()
    line = bench.plan()
    bench.end(line.trial, "failed", bench.begin(line.trial))
    bench.lines.append(PlannedAgain(trial=line.trial))
    run = bench.begin(line.trial, "again")
    bench.epochs(line, run)
    bench.end(line.trial, "finished", run)
    for _ in range(5):
        bench.train()

    study = optuna.create_study(direction="maximize", sampler=TPESampler(seed=7))
    expected = []
    for number in range(1, 19):
        trial = study.ask()
        expected.append(asked(trial))
        if number == 13:
            study.tell(trial, state=TrialState.FAIL)
            study.enqueue_trial(trial.params)
            trial = study.ask()
            asked(trial)
        study.tell(trial, best(expected[-1]))
    assert bench.parameters() == expected
    proposed = bench.search.propose()
    bench.rebuild()
    assert bench.search.propose() == proposed


def test_that_a_stopped_trial_is_learnt_from_when_it_has_gone_on_to_its_end() -> None:
    bench = Bench(TPE)
    for number in range(1, 15):
        if number != 12:
            bench.train()
            continue
        line = bench.plan()
        run = bench.begin(line.trial)
        bench.epochs(line, run, last=4)
        bench.end(line.trial, "stopped", run)
        bench.rebuild()
        bench.begin(line.trial)
        bench.epochs(line, run, first=5)
        bench.end(line.trial, "finished", run)
    assert bench.parameters() == optunas_own(14, lambda number, parameters: best(parameters))


def test_that_a_trial_of_several_folds_counts_by_their_mean() -> None:
    experiment = search_of(method="tpe", seed=7, folds=3)
    lines: list[Any] = []
    search = Search(experiment)
    proposed = []
    for number in range(1, 17):
        parameters = search.propose()
        assert parameters is not None
        proposed.append(parameters)
        lines.append(Planned(trial=number, parameters=parameters))
        for fold, apart in ((2, -1.5), (1, 0.5), (3, 1.0)):
            value = best(parameters) + apart
            lines.append(Begun(trial=number, part=fold, run=f"run{number}-{fold}"))
            lines.append(Ended(trial=number, part=fold, state="finished", value=value))
        search.ended(number, "finished", best(parameters))
        search = Search(experiment, lines)
    assert proposed == optunas_own(16, lambda number, parameters: best(parameters))


def test_that_trials_that_run_side_by_side_are_kept_apart() -> None:
    axes = (Axis(key="momentum", low=0.5, high=0.95),)
    bench = Bench(search_of(method="tpe", seed=3, axes=axes))
    for _ in range(20):
        bench.train()
    found = [bench.plan().parameters["momentum"] for _ in range(8)]
    alone = []
    for _ in range(8):  # as if nothing ran beside it
        bench.lines[:] = bench.lines[:60]
        alone.append(Search(bench.experiment, bench.lines).propose())
    assert all(one == alone[0] for one in alone)
    assert max(found) - min(found) > 0.05


def test_that_a_negative_or_very_large_seed_is_one_too() -> None:
    for seed in (-1, 2**32, 2**63):
        assert Search(search_of(method="tpe", seed=seed)).propose() is not None


def test_that_repeats_end_in_a_combination_that_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_module, "MOST_REPEATS", 1)
    axes = tuple(Axis(key=key, values=(0.1, 0.2, 0.3)) for key in ("dropout", "momentum"))
    bench = Bench(search_of(method="tpe", axes=axes))
    for _ in range(9):
        bench.train()
        bench.rebuild()
    assert len({json.dumps(one) for one in bench.parameters()}) == 9
