"""Which trials are ended early, against Optuna called directly."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import optuna
import pytest
from optuna.pruners import HyperbandPruner, MedianPruner
from optuna.trial import TrialState

from cifar_studio.config.experiment.axis import Axis
from cifar_studio.config.experiment.experiment import Experiment, planned_parameters
from cifar_studio.experiments.search.search import Search
from cifar_studio.runs.experiment.results import best_trial
from cifar_studio.runs.experiment.trials import Planned, PlannedAgain, TrialTable
from cifar_studio.runs.folder.epochs import LARGEST
from experiments.optuna_loop import asked
from experiments.searches import Bench, losses, row_of, search_of, top1s

GRID = (
    Axis(key="learning_rate", values=(0.01, 0.09, 0.001, 0.03, 0.002, 0.05)),
    Axis(key="momentum", values=(0.9, 0.5, 0.7, 0.95)),
)


def bench_of(pruning: str, metric: str, method: str = "random", **changes: Any) -> Bench:
    experiment = search_of(pruning=pruning, metric=metric, method=method, seed=4, **changes)
    return Bench(experiment, losses if metric == "val_loss" else top1s)


def optunas_own(bench: Bench, count: int) -> list[tuple[int, str, int]]:
    """A plain loop of Optuna: of each trial how it ended, after how many epochs."""
    is_loss = bench.experiment.metric == "val_loss"
    study = optuna.create_study(
        study_name="search-4",
        direction="minimize" if is_loss else "maximize",
        sampler=optuna.samplers.TPESampler(seed=4),
        pruner=MedianPruner()
        if bench.experiment.pruning == "median"
        else HyperbandPruner(min_resource=1, max_resource=9),
    )
    ends = []
    for number in range(1, count + 1):
        trial = study.ask()
        parameters = bench.parameters()[number - 1]
        if bench.experiment.method == "tpe":
            assert asked(trial) == parameters
        values = bench.curve(parameters)
        for epoch, value in enumerate(values, start=1):
            trial.report(LARGEST if value is None else value, epoch)
            if trial.should_prune():
                study.tell(trial, state=TrialState.PRUNED)
                ends.append((number, "pruned", epoch))
                break
        else:
            known = [value for value in values if value is not None]
            study.tell(trial, min(known) if is_loss else max(known))
            ends.append((number, "finished", 9))
    return ends


@pytest.mark.parametrize("method", ["random", "tpe", "grid"])
@pytest.mark.parametrize("metric", ["val_top1", "val_loss"])
@pytest.mark.parametrize("pruning", ["median", "hyperband"])
def test_that_the_trials_that_optuna_would_end_are_ended(
    pruning: str, metric: str, method: str
) -> None:
    bench = bench_of(pruning, metric, method, **({"axes": GRID} if method == "grid" else {}))
    train = grid_trainer(bench) if method == "grid" else bench.train
    for _ in range(24):
        train()
        bench.rebuild()
    assert bench.ends() == optunas_own(bench, 24)
    assert {"pruned", "finished"} == {state for _, state, _ in bench.ends()}


def grid_trainer(bench: Bench) -> Any:
    bench.lines += [
        Planned(trial=number, parameters=parameters)
        for number, parameters in enumerate(planned_parameters(bench.experiment), start=1)
    ]
    bench.rebuild()
    waiting = iter(list(bench.lines))

    def train() -> None:
        line = next(waiting)
        assert isinstance(line, Planned)
        run = bench.begin(line.trial)
        is_pruned = bench.epochs(line, run)
        bench.end(line.trial, "pruned" if is_pruned else "finished", run)

    return train


@pytest.mark.parametrize("epoch", [1, 3, 4])
@pytest.mark.parametrize("method", ["random", "tpe"])
@pytest.mark.parametrize("pruning", ["median", "hyperband"])
def test_that_a_trial_that_was_cut_off_is_judged_as_if_it_had_not_been(
    pruning: str, method: str, epoch: int
) -> None:
    whole, cut = (bench_of(pruning, "val_top1", method) for _ in range(2))
    for _ in range(20):
        whole.train()
        line = cut.plan()
        run = cut.begin(line.trial)
        is_pruned = cut.epochs(line, run, last=epoch)
        if not is_pruned:
            cut.rebuild()
            cut.begin(line.trial)
            # Its checkpoint is an epoch older: one is trained and told again.
            cut.folders[run] = cut.folders[run][: epoch - 1]
            is_pruned = cut.epochs(line, run, first=epoch)
        cut.end(line.trial, "pruned" if is_pruned else "finished", run)
    assert cut.parameters() == whole.parameters()
    assert cut.ends() == whole.ends()
    assert "pruned" in {state for _, state, _ in whole.ends()}


@pytest.mark.parametrize("pruning", ["median", "hyperband"])
def test_that_a_decision_that_a_kill_cut_off_is_made_again(pruning: str) -> None:
    bench = bench_of(pruning, "val_top1")
    for _ in range(30):
        line = bench.plan()
        run = bench.begin(line.trial)
        if not bench.epochs(line, run):
            bench.end(line.trial, "finished", run)
            continue
        last = len(bench.folders[run])
        bench.rebuild()  # killed before the end was written
        older = [bench.search.report(line.trial, row) for row in bench.folders[run][:-1]]
        assert not any(older)
        assert bench.search.report(line.trial, bench.folders[run][-1])
        bench.rebuild()  # and from a checkpoint that is newer
        assert bench.search.report(line.trial, row_of(bench.experiment, last + 1, 99.0))
        assert bench.search.report(line.trial, row_of(bench.experiment, last + 2, 99.0))
        return
    pytest.fail("no trial was pruned")


def finish_at(bench: Bench, heights: list[float]) -> None:
    """Trials with one figure for all their epochs."""
    for height in heights:
        bench.curve = lambda _, height=height: [height] * 9  # type: ignore[misc]
        line = bench.plan()
        run = bench.begin(line.trial)
        bench.epochs(line, run)
        bench.end(line.trial, "finished", run)


@pytest.mark.parametrize("pruning", ["median", "hyperband"])
def test_that_a_loss_that_is_not_finite_is_worse_than_any_other(pruning: str) -> None:
    bench = bench_of(pruning, "val_loss")
    finish_at(bench, [4.0, 4.1, 4.2, 4.3, 4.4, 4.5, 5e5, 1e30] * 3)
    bench.curve = lambda _: [None] * 9
    ended = []
    for _ in range(6):
        ended.append(bench.train().trial)
        bench.rebuild()
    states = {number: state for number, state, _ in bench.ends()}
    assert [states[number] for number in ended] == ["pruned"] * 6
    assert bench.ends()[-1][2] <= (1 if pruning == "median" else 9)
    table = TrialTable()
    table.feed(bench.lines)
    best = best_trial(table.in_order(), bench.experiment)
    assert best is not None
    assert best.value == 4.0


@pytest.mark.parametrize("pruning", ["median", "hyperband"])
def test_that_nothing_but_losses_that_are_not_finite_fails_nowhere(pruning: str) -> None:
    bench = bench_of(pruning, "val_loss", "tpe")
    bench.curve = lambda _: [None] * 9
    for _ in range(15):
        bench.train()
        bench.rebuild()
    assert len(bench.ends()) == 15


def test_that_pruned_trials_are_learnt_from_as_optuna_does() -> None:
    bench = bench_of("median", "val_top1", "tpe")
    for _ in range(30):
        bench.train()
    assert bench.ends() == optunas_own(bench, 30)  # which compares all proposals as well
    proposed = bench.search.propose()
    bench.rebuild()
    assert bench.search.propose() == proposed
    bench.folders.clear()  # without the epochs it knows less, and still goes on
    bench.rebuild()
    assert bench.search.propose() is not None


def test_that_trials_side_by_side_are_judged_the_same_after_a_kill() -> None:
    benches = [bench_of("hyperband", "val_top1") for _ in range(2)]
    for bench, is_killed in zip(benches, (False, True), strict=True):
        running: dict[int, tuple[Planned, str, int]] = {}
        for step in range(200):
            if len(running) < 3:
                line = bench.plan()
                running[line.trial] = line, bench.begin(line.trial), 1
            number = sorted(running)[step % 3 % len(running)]
            line, run, epoch = running[number]
            is_pruned = bench.epochs(line, run, first=epoch, last=epoch)
            running[number] = line, run, epoch + 1
            if is_pruned or epoch == 9:
                bench.end(number, "pruned" if is_pruned else "finished", run)
                del running[number]
            if is_killed and step % 10 == 5:
                bench.rebuild()
    assert benches[0].ends() == benches[1].ends()


def test_that_a_trial_that_went_on_is_not_ended_for_what_others_reached_later() -> None:
    bench = bench_of("hyperband", "val_top1")
    bench.curve = lambda _: [1.0] * 4
    early = [bench.plan() for _ in range(6)]
    for line in early:
        assert not bench.epochs(line, bench.begin(line.trial))
    finish_at(bench, [50.0] * 30)
    bench.rebuild()  # which sees the better ones first
    for line in early:
        assert not bench.search.report(line.trial, row_of(bench.experiment, 5, 1.0))


def test_that_a_trial_trained_again_is_judged_anew() -> None:
    bench = bench_of("median", "val_top1")
    finish_at(bench, [30.0] * 6)
    bench.curve = lambda _: [40.0] * 4
    line = bench.plan()
    bench.epochs(line, bench.begin(line.trial))
    bench.end(line.trial, "failed", f"run{line.trial}")
    bench.lines.append(PlannedAgain(trial=line.trial))
    for is_killed in (False, True):
        if is_killed:
            bench.folders.pop("again")
            bench.rebuild()
        bench.curve = lambda _: [29.0]
        assert bench.epochs(line, bench.begin(line.trial, "again"))


def test_that_a_failed_trial_is_not_running_after_a_kill() -> None:
    bench = bench_of("median", "val_top1", "tpe")
    for _ in range(12):
        bench.train()
    for _ in range(4):
        line = bench.plan()
        bench.epochs(line, bench.begin(line.trial), last=2)
        bench.end(line.trial, "failed", f"run{line.trial}")
    killed = Search(bench.experiment, bench.lines, bench.rows_of)
    assert [killed.propose() for _ in range(3)] == [bench.search.propose() for _ in range(3)]


def test_that_without_pruning_no_trial_is_ended_and_no_run_is_read() -> None:
    bench = Bench(search_of(method="tpe"), lambda parameters: [1.0])
    for _ in range(12):
        bench.train()
    assert {state for _, state, _ in bench.ends()} == {"finished"}

    def rows_of(run: str) -> list[Any]:
        raise AssertionError(run)

    Search(bench.experiment, bench.lines, rows_of)


@pytest.mark.parametrize(
    ("axis", "longest"),
    [
        (Axis(key="epochs", low=3, high=27), 27),
        (Axis(key="epochs", values=(5, 27, 9)), 27),
        (Axis(key="momentum", low=0.5, high=0.9), 9),
    ],
)
def test_that_hyperband_reckons_with_the_longest_trial(axis: Axis, longest: int) -> None:
    axes = (axis, Axis(key="learning_rate", low=0.01, high=0.1))
    experiment: Experiment = search_of(pruning="hyperband", axes=axes, seed=4)
    search = Search(experiment)
    study = optuna.create_study(
        study_name="search-4",
        direction="maximize",
        pruner=HyperbandPruner(min_resource=1, max_resource=longest),
    )
    for number in range(1, 60):
        search.propose()
        trial = study.ask()
        decisions, expected = [], []
        for epoch in range(1, longest + 1):
            value = 50.0 - number % 7
            decisions.append(search.report(number, row_of(experiment, epoch, value)))
            trial.report(value, epoch)
            expected.append(trial.should_prune())
        first = expected.index(True) if True in expected else longest
        assert decisions == [False] * first + [True] * (longest - first)


def test_that_searching_needs_neither_scipy_nor_scikit_learn() -> None:
    code = """
import sys
for name in ("scipy", "sklearn", "pandas", "torch", "matplotlib", "plotly"):
    sys.modules[name] = None  # importing it fails
from cifar_studio.experiments.search.importance import importance
from cifar_studio.runs.experiment.trials import TrialTable
from experiments.searches import Bench, search_of
for pruning in ("median", "hyperband"):
    bench = Bench(search_of(method="tpe", pruning=pruning))
    for _ in range(30):
        bench.train()
    table = TrialTable()
    table.feed(bench.lines)
    assert len(importance(bench.experiment, table.in_order())) == 7
"""
    paths = f"import sys; sys.path[:0] = {sys.path!r}\n"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", paths + code],
        check=True,
        timeout=100,
        capture_output=True,
    )
    assert done.stdout + done.stderr == b""  # nor does it say anything
