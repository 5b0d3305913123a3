"""A locked test set: no figure of it is taken for more than it is, before the end and after."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from cifar_studio.config.presets import PRESETS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.export.report.methods import method_of
from cifar_studio.export.tables.report_columns import BY_VALIDATION
from cifar_studio.export.tables.report_table import report_table
from cifar_studio.runs import wording
from cifar_studio.runs.analysis.comparability import comparability
from cifar_studio.runs.analysis.convergence import ConvergenceRule
from cifar_studio.runs.analysis.reproduction import config_to_repeat, reproduction_of
from cifar_studio.runs.analysis.seeds import group_by_seed, mean_curves
from cifar_studio.runs.analysis.summary import summarize
from cifar_studio.runs.folder.early_stopping import Stop
from cifar_studio.runs.folder.epochs import EpochRow, best_row, lacks_tests, read_rows
from cifar_studio.runs.folder.library import Run, can_train_longer, load
from cifar_studio.runs.folder.run_folder import Notes, RunFolder, RunState, Status
from support import LOCKED, locked_rows, make_environment, make_row

GOING, ENDED = locked_rows(ended=False)[:4], locked_rows(ended=True)


def run_of(rows: list[EpochRow], config: TrainConfig = LOCKED, state: RunState = "finished") -> Run:
    environment = make_environment("CIFAR-100", complete=True)
    status = Status(state=state)
    return Run(Path("20260401_120000_run"), config, environment, status, tuple(rows), Notes())


def test_that_rows_without_test_figures_survive_a_file_digit_by_digit(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    for row in GOING:
        folder.append_epoch(row)
    assert folder.read_epochs() == GOING
    folder.keep_epochs(ENDED)
    assert read_rows(folder.epochs_file) == ENDED
    cells = folder.epochs_file.read_text().splitlines()[1].split(",")
    assert cells[4:7] == ["", "", ""]


def test_that_validation_chooses_the_best_epoch_and_no_figure_chooses_none() -> None:
    best = best_row(ENDED)
    assert best is not None
    assert best.epoch == 4
    # A lost validation figure leaves test figures only, and a missing one is no zero.
    mixed = [make_row(1, 5.0), replace(make_row(2), test_top1=None), make_row(3, 7.0)]
    assert best_row(mixed) == mixed[2]
    assert best_row([mixed[1]]) is None


def test_that_locked_is_told_from_tested_each_epoch() -> None:
    assert lacks_tests(GOING)
    assert lacks_tests(ENDED)
    assert not lacks_tests([make_row(1), make_row(2)])
    assert not lacks_tests([])


def test_that_the_one_test_figure_is_honest_and_no_maximum() -> None:
    going, ended = summarize(GOING), summarize(ENDED)
    assert (going.best_epoch, going.best_by, going.honest_top1) == (4, "validation", None)
    assert (ended.best_epoch, ended.honest_top1, ended.honest_top5) == (4, 43.0, 64.0)
    for summary in (going, ended):
        assert summary.max_val_top1 == 45.0
        found = (summary.max_test_top1, summary.max_test_top5, summary.min_test_loss)
        assert found == (None, None, None)


def test_that_it_converges_by_validation_loss_and_says_so() -> None:
    rule = ConvergenceRule(window=1)
    summary = summarize(ENDED, rule)
    assert summary.epochs_to_convergence == 3
    assert "validation loss" in summary.rule.describe()
    assert summarize([make_row(1), make_row(2)], rule).rule == rule
    assert summarize(ENDED, ConvergenceRule(measure="train_loss")).rule.measure == "train_loss"
    assert BY_VALIDATION in report_table([run_of(ENDED)], rule).sheet().notes
    assert BY_VALIDATION not in report_table([run_of([make_row(1)])], rule).sheet().notes


def test_that_it_does_not_compare_with_the_reports_maxima() -> None:
    report = PRESETS["report-resnet18"].config
    config = replace(report, train_per_class=450, validation_per_class=50, test="at_end")
    found = comparability(run_of(ENDED, config))
    assert found.result is None
    assert found.describe(1) == "not comparable: the test set was looked at once, …"


def test_that_the_table_says_how_it_was_chosen_and_how_it_ended() -> None:
    table = report_table([run_of(ENDED)])
    cells = dict(zip(table.header, table.rows[0], strict=True))
    assert cells["Ended"] == "stopped early at epoch 5: no better validation loss since 3"
    assert cells["Best validation top-1, %"] == "45.00"
    assert cells["Test top-1 chosen on validation, %"] == "43.00"
    assert cells["Maximum top-1 test accuracy, %"] is None


def test_how_a_run_is_said_to_have_ended() -> None:
    early = run_of(ENDED)
    assert early.early_stop == Stop(5, 3, "val_loss")
    assert wording.state(early) == "stopped early"
    assert wording.ended(run_of([make_row(1)], TrainConfig(epochs=1))) == "all epochs"
    stopped = run_of(GOING, state="stopped")
    assert (wording.ended(stopped), wording.state(stopped)) == ("stopped", "stopped")
    whole = run_of(ENDED, replace(LOCKED, epochs=5))
    assert (whole.early_stop, wording.ended(whole)) == (None, "all epochs")


def test_that_words_stand_beside_every_figure() -> None:
    going, ended = run_of(GOING, state="running"), run_of(ENDED)
    assert (going.is_test_locked, ended.is_test_locked) == (True, False)
    assert wording.best_top1(going.best) == "validation 45.00 %"
    assert wording.best_top1(ended.best) == "43.00 %"
    assert wording.best_top1(None) == wording.NONE
    assert wording.how_chosen(ended) == "chosen on validation"
    assert wording.how_chosen(run_of([make_row(1)])) == "best on test (selected)"
    assert "These are locked until the run ends." in method_of(going)
    assert "looked at once" in method_of(ended)
    assert "stopped early at epoch 5" in method_of(ended)


def test_that_a_run_that_stopped_early_counts_among_its_seeds() -> None:
    others = [run_of(ENDED, replace(LOCKED, seed=seed)) for seed in (0, 1)]
    cut = run_of(GOING, replace(LOCKED, seed=2), state="stopped")
    (group,) = group_by_seed([*others, cut])
    assert group.seeds == (0, 1)
    assert group.left_out == (cut,)
    means = mean_curves(group.runs)
    assert [row.test_top1 for row in means.rows] == [None, None, None, 43.0, None]


def test_that_a_damaged_status_of_an_early_end_is_read_as_finished(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "20260401_120000_run")
    folder.path.mkdir()
    folder.write_config(LOCKED)
    folder.keep_epochs(ENDED)
    folder.last_checkpoint.touch()
    ended = load(folder.path)
    assert ended.status.state == "finished"
    assert not can_train_longer(ended), "it would end again at once"
    folder.keep_epochs(GOING)
    assert load(folder.path).status.state == "interrupted"


def test_that_a_repetition_of_fewer_epochs_is_exact_though_it_looked_at_the_test_set() -> None:
    short = locked_rows(ended=False)[:2]
    short[1] = replace(short[1], test_loss=2.1, test_top1=28.0, test_top5=49.0)
    original = run_of(ENDED)
    again = run_of(short, replace(LOCKED, epochs=2))
    assert reproduction_of(original, again).is_exact
    other = [*ENDED[:3], replace(ENDED[3], test_top1=42.99), ENDED[4]]
    assert not reproduction_of(original, run_of(other)).is_exact
    validated = reproduction_of(original, run_of([replace(ENDED[0], val_top1=10.5), *ENDED[1:]]))
    assert "differ from epoch 1 on" in validated.verdict()
    assert "validation top-1 44.00 %, before 44.00 %" in validated.verdict()


@pytest.mark.parametrize("schedule", ["cosine", "one-cycle"])
def test_that_fewer_epochs_are_repeated_at_the_rates_of_the_whole_run(schedule: str) -> None:
    config = replace(LOCKED, schedule=schedule, warmup_epochs=3.0)
    repeated = config_to_repeat(run_of(ENDED, config), 2)
    assert (repeated.epochs, repeated.scheduled_epochs) == (2, 9)
    assert reproduction_of(run_of(ENDED, config), run_of(GOING[:2], repeated)).is_exact
    assert config_to_repeat(run_of(ENDED), 2) == replace(LOCKED, epochs=2)
