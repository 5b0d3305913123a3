"""The figures of k folds, with SciPy and the formula in a plain loop as judges."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import BadInputError
from cifar_studio.runs.analysis.convergence import ConvergenceRule
from cifar_studio.runs.analysis.folds import FIGURES, folds_figure, summarize_folds
from cifar_studio.runs.analysis.statistics import Spread, student_t
from cifar_studio.runs.folder.epochs import EpochRow
from cifar_studio.runs.folder.library import Run
from cifar_studio.runs.folder.run_folder import Notes, Status
from support import make_environment, make_row

CONFIG = TrainConfig(epochs=3, folds=3, test="never", train_per_class=500)
FOLD_1, FOLD_2 = (10.0, 30.0, 20.0), (20.0, 30.0, 40.0)


def fold_run(
    fold: int,
    top1s: tuple[float, ...],
    losses: tuple[float | None, ...] = (3.0, 1.0, 2.0),
    config: TrainConfig = CONFIG,
    name: str = "",
) -> Run:
    rows = [
        replace(
            make_row(epoch),
            **dict.fromkeys(("test_loss", "test_top1", "test_top5")),
            val_top1=top1,
            val_top5=2 * top1,
            val_loss=loss,
        )
        for epoch, (top1, loss) in enumerate(zip(top1s, losses, strict=False), 1)
    ]
    return made(replace(config, fold=fold), rows, name)


def made(config: TrainConfig, rows: list[EpochRow], name: str = "") -> Run:
    facts = make_environment("CIFAR-100")
    data = replace(
        facts.data,
        train_pictures=config.train_pictures,
        validation_pictures=config.validation_pictures,
    )
    path = Path(name or f"20260401_12000{config.fold}_run")
    environment = replace(facts, data=data)
    return Run(path, config, environment, Status(state="finished"), tuple(rows), Notes())


@given(
    values=st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20),
    ratio=st.floats(0.01, 1.0),
)
def test_that_error_and_interval_are_the_formulas(values: list[float], ratio: float) -> None:
    k, total = len(values), 0.0
    for value in values:
        total += value
    mean, squares = total / k, 0.0
    for value in values:
        squares += (value - mean) ** 2
    error = math.sqrt((1 / k + ratio) * squares / (k - 1))
    found = folds_figure(values, ratio)
    assert found.spread.n == k
    assert found.spread.mean == pytest.approx(mean, abs=1e-9)
    assert found.standard_error == pytest.approx(error, rel=1e-9, abs=1e-9)
    if error > 1e-6:
        low, high = scipy.stats.t.interval(0.95, k - 1, loc=mean, scale=error)
        assert (found.low, found.high) == pytest.approx((low, high), rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("confidence", [0.05, 0.5, 0.9, 0.95, 0.999])
def test_that_students_t_is_scipys(confidence: float) -> None:
    for degrees in (*range(1, 31), 100, 1001):
        wanted = scipy.stats.t.ppf((1 + confidence) / 2, degrees)
        assert student_t(confidence, degrees) == pytest.approx(wanted, rel=1e-10), degrees


@pytest.mark.parametrize(("confidence", "degrees"), [(0.0, 3), (1.0, 3), (0.95, 0)])
def test_that_there_is_no_t_out_of_range(confidence: float, degrees: int) -> None:
    with pytest.raises(ValueError, match="no t of"):
        student_t(confidence, degrees)


def test_that_one_fold_says_nothing_of_the_spread() -> None:
    assert folds_figure([50.0], 0.25).standard_error is None
    alone = folds_figure([None, math.nan, 50.0], 0.25)
    assert (alone.spread, alone.low, alone.high) == (Spread(1, 50.0, None), None, None)
    assert folds_figure([], 0.25).spread == Spread(0, None, None)


def test_that_folds_are_summed_up_at_each_ones_best_epoch() -> None:
    runs = [fold_run(3, (30.0, 31.0, 32.0)), fold_run(1, FOLD_1), fold_run(2, FOLD_2)]
    found = summarize_folds(runs, ConvergenceRule(window=1))
    assert (found.k, found.n, found.left_out) == (3, 3, ())
    assert [row.fold for row in found.rows] == [1, 2, 3]
    assert found.rows[0].run == "20260401_120001_run"
    assert [row.best_epoch for row in found.rows] == [2, 3, 3]
    assert [row.val_top1 for row in found.rows] == [30.0, 40.0, 32.0]
    assert [row.val_top5 for row in found.rows] == [60.0, 80.0, 64.0]
    assert [row.val_loss for row in found.rows] == [1.0, 2.0, 2.0]
    assert [row.epochs_to_convergence for row in found.rows] == [2, 2, 2]
    assert found.rule.measure == "val_loss"
    assert found.mean_best_epoch == 3, "2.67 is nearest to 3"
    assert found.test_to_train == 0.5
    top1 = found.figures["val_top1"]
    deviation = np.std([30.0, 40.0, 32.0], ddof=1)
    assert top1.spread.mean == pytest.approx(34.0)
    assert top1.spread.standard_deviation == pytest.approx(deviation)
    assert top1.standard_error == pytest.approx(deviation * math.sqrt(1 / 3 + 1 / 2))
    assert found.figures.keys() == FIGURES.keys()


def test_that_an_experiment_that_goes_on_has_what_there_is() -> None:
    going = fold_run(2, (20.0,))
    none = summarize_folds([going])
    assert (none.k, none.n, none.rows, none.mean_best_epoch) == (3, 0, (), None)
    assert none.figures["val_top1"].spread == Spread(0, None, None)
    assert none.left_out == ("Fold 2: 20260401_120002_run has not come to its end",)
    one = summarize_folds([fold_run(1, FOLD_1), going])
    assert (one.n, one.mean_best_epoch) == (1, 2)
    assert one.figures["val_top1"].standard_error is None


def test_that_the_newest_run_of_a_fold_counts() -> None:
    old, new = (
        fold_run(1, top1s, name=f"2026040{day}_120000_run")
        for day, top1s in ((1, FOLD_1), (2, FOLD_2))
    )
    found = summarize_folds([new, old])
    assert [row.run for row in found.rows] == [new.path.name]
    assert found.left_out == (f"Fold 1: {old.path.name} was trained again later",)


def test_that_losses_that_are_not_finite_are_left_out_and_told() -> None:
    broken = fold_run(2, FOLD_2, (math.nan, None, math.inf))
    found = summarize_folds([fold_run(1, FOLD_1), broken])
    assert found.figures["val_loss"].spread == Spread(1, 1.0, None)
    assert found.figures["epochs_to_convergence"].spread.n == 1
    assert found.figures["val_top1"].spread.n == 2
    assert found.left_out == (
        "Fold 2 has no finite validation loss, and does not count in its mean",
        "Fold 2 has no finite epochs to convergence, and does not count in its mean",
    )


def test_that_the_mean_best_epoch_is_rounded_to_the_nearest() -> None:
    first, second = fold_run(1, (30.0, 20.0, 10.0)), fold_run(2, FOLD_1)
    assert summarize_folds([first]).mean_best_epoch == 1
    assert summarize_folds([first, second]).mean_best_epoch == 2, "1.5 goes up"


def test_that_other_runs_are_refused() -> None:
    first = fold_run(1, FOLD_1)
    with pytest.raises(BadInputError, match="no run of a fold"):
        summarize_folds([])
    with pytest.raises(BadInputError, match="holds out no fold"):
        summarize_folds([made(TrainConfig(epochs=1), [make_row(1)])])
    other = fold_run(2, FOLD_2, config=replace(CONFIG, learning_rate=0.5, seed=3))
    with pytest.raises(BadInputError, match=r"differs from .* in learning_rate, seed"):
        summarize_folds([first, other])
    elsewhere = fold_run(2, FOLD_2, config=replace(CONFIG, device="cpu"))
    assert summarize_folds([first, elsewhere]).n == 2
    assert first.environment is not None
    facts = replace(first.environment.data, digest="a")
    others = replace(first.environment, data=facts)
    digests = [
        Run(run.path, run.config, environment, run.status, run.rows, run.notes)
        for run, environment in (
            (first, others),
            (elsewhere, replace(others, data=replace(facts, digest="b"))),
        )
    ]
    with pytest.raises(BadInputError, match="saw other pictures"):
        summarize_folds(digests)
