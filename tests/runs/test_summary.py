"""A run in the report's figures: the report's own come back, and what is not known is None."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cifar_studio.config.presets import PRESETS
from cifar_studio.config.report import REPORT_RESULTS
from cifar_studio.runs.analysis.convergence import ConvergenceRule
from cifar_studio.runs.analysis.summary import RunSummary, summarize
from cifar_studio.runs.folder import run_folder as folders
from cifar_studio.runs.folder.epochs import EpochRow, append_row, read_rows
from cifar_studio.runs.folder.library import Run, load
from cifar_studio.runs.folder.run_folder import Status
from report_runs import report_rows
from support import make_environment, make_row

EXACT = [
    "epochs",
    "epochs_to_convergence",
    "max_train_top1",
    "min_train_loss",
    "max_test_top1",
    "max_test_top5",
    "min_test_loss",
]


def run_of(tmp_path: Path, rows: list[EpochRow], preset: str = "report-resnet18") -> Run:
    """A run folder with these rows, read back."""
    folder = folders.create(tmp_path, "resnet18")
    folder.write_config(PRESETS[preset].config)
    folder.write_environment(make_environment("CIFAR-100"))
    folder.write_status(Status(state="finished", epoch=len(rows), epochs=len(rows)))
    for row in rows:
        append_row(folder.epochs_file, row)
    return load(folder.path)


@pytest.mark.parametrize("preset", REPORT_RESULTS)
def test_that_the_reports_own_curve_gives_its_column(tmp_path: Path, preset: str) -> None:
    printed = REPORT_RESULTS[preset]
    summary = summarize(run_of(tmp_path, report_rows(printed), preset).rows)
    for name in EXACT:
        assert getattr(summary, name) == getattr(printed, name), name
    # Times as printed: two digits of the mean and its spread. The others follow from it, but for
    # the two totals that do not fit their epochs.
    assert summary.epoch_seconds == pytest.approx(printed.epoch_seconds, abs=0.005)
    assert summary.epoch_seconds_std == pytest.approx(printed.epoch_seconds_std, abs=0.005)
    assert summary.seconds_to_convergence == pytest.approx(printed.seconds_to_convergence, 1e-3)
    if preset not in ("report-resnet18-dropout", "report-vgg11"):
        assert summary.total_seconds == pytest.approx(printed.total_seconds, rel=2e-4)


def test_that_every_figure_is_what_numpy_makes_of_the_file(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    rows = [
        msgspec.structs.replace(
            make_row(epoch),
            train_loss=generator.uniform(1, 4),
            train_top1=generator.uniform(1, 90),
            test_loss=generator.uniform(2, 4),
            test_top1=generator.uniform(1, 60),
            test_top5=generator.uniform(60, 90),
            train_seconds=generator.uniform(20, 30),
            eval_seconds=generator.uniform(1, 3),
        )
        for epoch in range(1, 31)
    ]
    run = run_of(tmp_path, rows)
    table = np.genfromtxt(run.path / "epochs.csv", delimiter=",", names=True)
    summary = summarize(run.rows)
    seconds = table["train_seconds"] + table["eval_seconds"]
    assert summary.epochs == 30
    assert summary.epoch_seconds == pytest.approx(seconds.mean())
    assert summary.epoch_seconds_std == pytest.approx(seconds.std(ddof=1))
    assert summary.total_seconds == pytest.approx(seconds.sum())
    smooth = np.array([table["test_loss"][max(0, e - 2) : e + 1].mean() for e in range(30)])
    converged = int(np.flatnonzero(smooth <= smooth.min() * 1.01)[0]) + 1
    assert summary.epochs_to_convergence == converged
    assert summary.seconds_to_convergence == pytest.approx(seconds[:converged].sum())
    for name in ("train_top1", "test_top1", "test_top5"):
        assert getattr(summary, f"max_{name}") == table[name].max()
    assert summary.min_train_loss == table["train_loss"].min()
    assert summary.min_test_loss == table["test_loss"].min()
    best = int(table["test_top1"].argmax())
    assert summary.best_epoch == best + 1
    assert summary.best_by == "test"
    assert summary.best_test_top1 == summary.max_test_top1
    assert summary.best_test_top5 == table["test_top5"][best]
    assert summary.best_test_loss == table["test_loss"][best]
    assert summary.honest_top1 is None
    assert summary.honest_top5 is None


def test_that_a_validation_split_chooses_the_honest_figure() -> None:
    rows = [
        msgspec.structs.replace(make_row(epoch, top1), val_top1=val)
        for epoch, top1, val in [(1, 20.0, 18.0), (2, 24.0, 27.0), (3, 30.0, 25.0)]
    ]
    summary = summarize(rows)
    assert (summary.best_epoch, summary.best_by) == (2, "validation")
    assert (summary.honest_top1, summary.honest_top5) == (24.0, 72.0)
    assert summary.max_test_top1 == 30.0


def test_that_half_a_validation_split_is_none() -> None:
    rows = [make_row(1, 20.0), msgspec.structs.replace(make_row(2, 10.0), val_top1=90.0)]
    for broken in (rows, [msgspec.structs.replace(rows[1], val_top1=math.nan)]):
        summary = summarize(broken)
        assert summary.best_by == "test"
        assert summary.honest_top1 is None


def test_that_no_epoch_leaves_nothing_known(tmp_path: Path) -> None:
    summary = summarize(run_of(tmp_path, []).rows)
    assert (summary.epochs, summary.missing_epochs) == (0, 0)
    known = {"epochs", "missing_epochs", "rule"}
    for name in RunSummary.__dataclass_fields__:
        assert name in known or getattr(summary, name) is None


def test_that_one_epoch_has_no_spread() -> None:
    summary = summarize([make_row(1)])
    assert (summary.epoch_seconds, summary.epoch_seconds_std) == (22.0, None)
    assert (summary.epochs_to_convergence, summary.seconds_to_convergence) == (1, 22.0)
    assert (summary.total_seconds, summary.min_test_loss) == (22.0, 3.5)


def test_that_losses_that_are_lost_do_not_hide_the_others(tmp_path: Path) -> None:
    rows = [
        msgspec.structs.replace(make_row(epoch), train_loss=loss, test_loss=loss)
        for epoch, loss in [(1, 4.0), (2, 2.0), (3, None), (4, None)]
    ]
    summary = summarize(run_of(tmp_path, rows).rows, ConvergenceRule(window=1))
    assert (summary.min_train_loss, summary.min_test_loss) == (2.0, 2.0)
    assert summary.epochs_to_convergence == 2
    assert summary.epochs == 4
    nothing = summarize([rows[2], rows[3]])
    assert (nothing.min_train_loss, nothing.epochs_to_convergence) == (None, None)


@given(st.lists(st.sampled_from([math.nan, math.inf, -math.inf, 7.0]), min_size=9, max_size=9))
def test_that_nothing_that_is_not_finite_comes_out(values: list[float]) -> None:
    names = [name for name in EpochRow.__struct_fields__ if name not in ("epoch", "learning_rate")]
    odd = msgspec.structs.replace(make_row(2), **dict(zip(names, values, strict=False)))
    summary = summarize([make_row(1), odd, make_row(3)])
    for name in RunSummary.__dataclass_fields__:
        value = getattr(summary, name)
        assert not isinstance(value, float) or math.isfinite(value)


def test_that_a_time_that_is_lost_leaves_no_sum() -> None:
    rows = [make_row(1), msgspec.structs.replace(make_row(2), eval_seconds=math.nan), make_row(3)]
    summary = summarize(rows, ConvergenceRule(100.0, 1))
    assert summary.epoch_seconds == 22.0
    assert summary.total_seconds is None
    assert summary.epochs_to_convergence == 2
    assert summary.seconds_to_convergence is None


def test_that_lost_rows_are_counted_and_leave_no_sum() -> None:
    # Losses 0.7, 3.5, 1.75: twice the minimum is 1.4.
    summary = summarize([make_row(5), make_row(1), make_row(2)], ConvergenceRule(100.0, 1))
    assert (summary.epochs, summary.missing_epochs) == (5, 2)
    assert summary.total_seconds is None
    assert (summary.epochs_to_convergence, summary.seconds_to_convergence) == (5, None)
    level = [msgspec.structs.replace(make_row(epoch), test_loss=2.0) for epoch in (1, 2, 5)]
    summary = summarize(level, ConvergenceRule(0.0, 2))
    assert (summary.epochs_to_convergence, summary.seconds_to_convergence) == (1, 22.0)


def test_that_an_epoch_written_twice_counts_once(tmp_path: Path) -> None:
    rows = [make_row(1), make_row(2, 90.0), make_row(2, 30.0), make_row(3)]
    path = tmp_path / "epochs.csv"
    for row in rows:
        append_row(path, row)
    summary = summarize(read_rows(path))
    assert (summary.epochs, summary.max_test_top1, summary.total_seconds) == (3, 30.0, 66.0)


def test_that_a_resumed_run_is_summed_up_as_an_undisturbed_one(tmp_path: Path) -> None:
    whole = report_rows(REPORT_RESULTS["report-resnet18"])
    path = tmp_path / "epochs.csv"
    for row in whole[:31]:
        append_row(path, row)
    with path.open("ab") as file:
        file.write(b"32,0.01,1.2")  # torn; the resume goes on after it
    for row in whole[31:]:
        append_row(path, row)
    assert summarize(read_rows(path)) == summarize(whole)


def test_that_the_best_epoch_is_the_runs_own(tmp_path: Path) -> None:
    run = run_of(tmp_path, [make_row(1, 5), make_row(2, 9), make_row(3, 9)])
    assert run.best is not None
    assert summarize(run.rows).best_epoch == run.best.epoch == 2
