"""The Compare tab on runs on the disk."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from cifar_studio import paths
from cifar_studio.config.presets import PRESETS
from cifar_studio.config.report import REPORT_RESULTS
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.export.tables.write_tables import write_table
from cifar_studio.runs.folder.library import list_runs
from cifar_studio.runs.folder.run_folder import Notes, RunFolder, Status
from cifar_studio.ui.compare.columns import COLUMNS
from cifar_studio.ui.compare.model import BELOW_ROLE, LINE_ROLE
from cifar_studio.ui.compare.view import CompareView
from report_runs import report_rows
from support import LOCKED, locked_rows, make_environment, make_row

Maker = Callable[..., RunFolder]
PLACES = {column.key: place for place, column in enumerate(COLUMNS)}


@pytest.fixture
def report_run(home: Path) -> Maker:
    """Puts a run of an unchanged report preset on complete CIFAR-100 into the library."""

    def make(preset: str, name: str, *, seed: int = 0, higher: float = 0.0) -> RunFolder:
        folder = RunFolder(paths.runs_folder() / name)
        folder.path.mkdir(parents=True)
        config = replace(PRESETS[preset].config, seed=seed)
        environment = make_environment("CIFAR-100")
        facts = replace(
            environment.data, complete=True, train_pictures=50_000, test_pictures=10_000
        )
        folder.write_config(config)
        folder.write_environment(replace(environment, data=facts))
        folder.write_status(Status(state="finished", epochs=config.epochs))
        for row in report_rows(REPORT_RESULTS[preset]):
            folder.append_epoch(replace(row, test_top1=row.test_top1 + higher))
        return folder

    return make


@pytest.fixture
def view(qtbot: QtBot, light: None) -> CompareView:
    view = CompareView()
    qtbot.addWidget(view)
    view.resize(1240, 600)
    view.show()
    return view


def show_library(view: CompareView) -> None:
    view.set_runs(list_runs(paths.runs_folder()))


def text(view: CompareView, row: int, key: str) -> str:
    return str(view.table.filter.index(row, PLACES[key]).data())


def below(view: CompareView, row: int, key: str) -> tuple[str, ...]:
    return tuple(view.table.filter.index(row, PLACES[key]).data(BELOW_ROLE))


def titles(view: CompareView) -> list[str]:
    return [text(view, row, "run") for row in range(view.table.filter.rowCount())]


def select(view: CompareView, *names: str) -> None:
    view.table.choose(names)


def test_that_the_reports_values_stand_below_those_of_its_own_presets(
    view: CompareView, report_run: Maker
) -> None:
    report_run("report-vgg11", "20260401_120000_vgg11", higher=1.5)
    show_library(view)
    assert text(view, 0, "max_test_top1") == "58.90"
    assert below(view, 0, "max_test_top1") == ("57.4", "+1.50")
    assert below(view, 0, "epochs_to_convergence") == ("~40", "0")
    assert below(view, 0, "epoch_seconds")[0] == "145 (1.9)"


def test_that_another_run_says_why_it_does_not_compare(view: CompareView, make_run: Maker) -> None:
    make_run()
    show_library(view)
    assert below(view, 0, "max_test_top1") == ()
    assert below(view, 0, "run")[1].startswith("not comparable: demo")


def test_that_a_change_of_the_rule_changes_the_epoch(view: CompareView, report_run: Maker) -> None:
    report_run("report-vgg11", "20260401_120000_vgg11")
    show_library(view)
    rule = view.toolbar.rule
    assert text(view, 0, "epochs_to_convergence") == "40"
    rule.window_epochs.setText("1")
    assert text(view, 0, "epochs_to_convergence") == "38"
    rule.within.setText("")
    assert rule.rule.within_percent == 1.0, "half typed, the rule before stays in force"
    rule.within.setText("100")
    assert text(view, 0, "epochs_to_convergence") < "38"
    assert "100 %" in rule.text()


def test_sorting_by_figure_and_not_by_letter(view: CompareView, make_run: Maker) -> None:
    for day, top1 in ((1, 9.0), (2, 30.0), (3, 10.0)):
        make_run(f"2026040{day}_120000_resnet18", top1s=(1.0, 2.0, top1))
    show_library(view)
    view.table.sortByColumn(PLACES["max_test_top1"], Qt.SortOrder.DescendingOrder)
    shown = [text(view, row, "max_test_top1") for row in range(3)]
    assert shown == ["30.00", "10.00", "9.00"]


def test_that_a_search_looks_through_notes_and_networks(
    view: CompareView, make_run: Maker, qtbot: QtBot
) -> None:
    make_run("20260401_120000_resnet18").write_notes(Notes(notes="Warm room\nsecond line"))
    make_run("20260402_120000_vgg11", config=TrainConfig(architecture="vgg11", epochs=3))
    show_library(view)
    qtbot.keyClicks(view.toolbar.search, "warm second")
    assert titles(view) == ["ResNet18"]
    view.toolbar.search.setText("vgg")
    assert titles(view) == ["VGG11"]
    view.toolbar.search.clear()
    assert len(titles(view)) == 2


def test_that_what_is_selected_stays_selected_while_the_library_grows(
    view: CompareView, make_run: Maker
) -> None:
    make_run("20260401_120000_resnet18")
    show_library(view)
    select(view, "20260401_120000_resnet18")
    folder = make_run("20260402_120000_resnet18")
    show_library(view)
    folder.append_epoch(make_row(4, 77.0))
    show_library(view)
    (line,) = view.table.chosen
    assert line.key == ("20260401_120000_resnet18",)


def test_that_an_unchanged_run_is_not_computed_again(view: CompareView, make_run: Maker) -> None:
    make_run("20260401_120000_resnet18")
    (run,) = list_runs(paths.runs_folder())
    view.set_runs([run])
    (before,) = view.table.lines.lines
    make_run("20260402_120000_resnet18")
    view.set_runs([*(r for r in list_runs(paths.runs_folder()) if r.path != run.path), run])
    assert view.table.lines.lines[1] is before


def test_that_nothing_is_computed_while_hidden(qtbot: QtBot, light: None, make_run: Maker) -> None:
    make_run()
    view = CompareView()
    qtbot.addWidget(view)
    show_library(view)
    assert view.table.lines.lines == []
    view.show()
    assert len(view.table.lines.lines) == 1


def test_seeds_as_mean_and_deviation(view: CompareView, make_run: Maker) -> None:
    for seed, top1 in enumerate((30.0, 32.0, 34.0)):
        config = TrainConfig(epochs=1, seed=seed)
        make_run(f"2026040{seed + 1}_120000_resnet18", config=config, top1s=(top1,))
    show_library(view)
    view.toolbar.rows.buttons["seeds"].click()
    assert view.table.filter.rowCount() == 1
    assert text(view, 0, "max_test_top1") == "32.00"
    assert below(view, 0, "max_test_top1") == ("\N{PLUS-MINUS SIGN} 2.00",)
    assert below(view, 0, "run")[1] == "n = 3, seeds 0 to 2"


def test_that_two_groups_are_paired_by_seed(
    view: CompareView, make_run: Maker, qtbot: QtBot
) -> None:
    for seed in (0, 1, 2):
        for day, dropout, top1 in ((1, None, 30.0), (2, 0.5, 31.0 + seed)):
            config = TrainConfig(epochs=1, seed=seed, dropout=dropout)
            make_run(f"2026040{day}_12000{seed}_resnet18", config=config, top1s=(top1 + seed,))
    show_library(view)
    view.toolbar.rows.buttons["seeds"].click()
    view.table.selectAll()
    qtbot.waitUntil(lambda: "paired over 3 seeds" in view.details.words.text())
    assert "+2.00 points" in view.details.words.text()
    assert "too narrow" in view.details.words.text()
    table = view.details.settings
    assert [table.figures.rows[0].values[0]] == ["dropout"]


def test_that_notes_and_oddities_are_told_of_a_selected_run(
    view: CompareView, report_run: Maker, qtbot: QtBot
) -> None:
    report_run("report-mobilenet_v2", "20260401_120000_mobilenet_v2")
    show_library(view)
    select(view, "20260401_120000_mobilenet_v2")
    qtbot.waitUntil(lambda: "34.46" in view.details.words.text())
    assert "selected on the test set" in view.details.words.text()
    assert "first epoch whose test loss" in view.details.words.text()


def test_that_the_saved_table_holds_every_figure_of_table_2(
    view: CompareView, report_run: Maker, tmp_path: Path
) -> None:
    folder = report_run("report-vgg11", "20260401_120000_vgg11", higher=1.5)
    folder.write_notes(Notes(name='=HYPERLINK("x")'))
    show_library(view)
    table = view.table.as_table("runs")
    write_table(tmp_path / "runs.csv", table.header, table.rows)
    read = (tmp_path / "runs.csv").read_text(encoding="utf-8-sig")
    ((_, values),) = [(0, row) for row in csv.DictReader(io.StringIO(read))]
    assert values["Maximum top-1 test accuracy, %"] == "58.90"
    assert values["Standard deviation of it, s"]
    assert values["Maximum top-1 test accuracy, % (report, as printed)"] == "57.4"
    assert not values["Run"].startswith("=")


def test_that_seeds_are_saved_with_their_number(
    view: CompareView, make_run: Maker, qapp: QApplication
) -> None:
    make_run(config=TrainConfig(epochs=1), top1s=(12.5,))
    show_library(view)
    view.toolbar.rows.buttons["seeds"].click()
    table = view.table.as_table("seeds")
    row = dict(zip(table.header, table.rows[0], strict=True))
    assert row["n"] == 1
    assert row["Maximum top-1 test accuracy, % (mean)"] == 12.5
    assert row["Maximum top-1 test accuracy, % (sd over seeds)"] is None
    copied = view.table.copy()
    assert copied.splitlines()[1].split("\t")[PLACES["max_test_top1"]] == "12.50"


def test_that_columns_are_hidden_and_kept(view: CompareView, make_run: Maker) -> None:
    view.choose_columns(["notes", "run", "nonsense"])
    assert view.table.hidden == {"notes"}
    assert view.toolbar.hidden == {"notes"}


def test_that_enter_opens_a_run_and_the_menu_is_about_what_is_selected(
    view: CompareView, make_run: Maker, qtbot: QtBot
) -> None:
    folder = make_run()
    show_library(view)
    select(view, folder.path.name)
    with qtbot.waitSignal(view.run_requested) as requested:
        qtbot.keyClick(view.table, Qt.Key.Key_Return)
    assert requested.args == [folder.path]
    with qtbot.waitSignal(view.menu_requested) as menu:
        at = view.table.visualRect(view.table.filter.index(0, 0)).center()
        view.table.customContextMenuRequested.emit(QPoint(at))
    assert [line.key for line in menu.args[0]] == [(folder.path.name,)]


@pytest.mark.parametrize("kept", [(-1.0, 3, "test_loss"), (1.0, 0, "test_loss"), (1.0, 3, "x")])
def test_that_a_kept_rule_without_sense_is_left(view: CompareView, kept: tuple) -> None:
    before = view.rule
    view.choose_rule(kept)
    assert view.rule == before


def test_that_a_locked_run_shows_what_validation_chose_and_how_it_ended(
    view: CompareView, make_run: Callable[..., RunFolder]
) -> None:
    folder = make_run(config=LOCKED, top1s=())
    folder.keep_epochs(locked_rows(ended=True))
    show_library(view)
    assert text(view, 0, "max_val_top1") == "45.00"
    assert text(view, 0, "honest_top1") == "43.00"
    assert text(view, 0, "max_test_top1") == "—"
    assert text(view, 0, "ended") == "stopped early at 5"
    assert below(view, 0, "ended") == ("no better validation loss since 3",)
    (fact,) = view.table.filter.index(0, 0).data(LINE_ROLE).facts[1:]
    assert fact == "not comparable: demo, the test set was looked at once, …"
    table = view.table.as_table("runs")
    cells = dict(zip(table.header, table.rows[0], strict=True))
    assert cells["Ended"] == "stopped early at epoch 5: no better validation loss since 3"
    select(view, folder.path.name)
    view.details.show_lines(view.table.chosen, view.rule)
    assert "By the validation loss, since the test set was locked." in view.details.words.text()
    assert {"max_val_top1", "honest_top1", "ended"}.isdisjoint(view.table.hidden)
