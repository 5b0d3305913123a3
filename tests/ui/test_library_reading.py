"""The library reads what is new and no more, whatever others do to the files meanwhile."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel
from pytestqt.qtbot import QtBot

from cifar_studio import paths
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.epochs import append_row, read_rows, read_table, rewrite_rows
from cifar_studio.runs.folder.folder_watch import SETTLED_NS, TURNS, FolderWatch
from cifar_studio.runs.folder.growing_file import (
    MEMORY_BYTES,
    SLICE_BYTES,
    EpochsFile,
    GrowingFile,
    TraceFile,
)
from cifar_studio.runs.folder.library import load
from cifar_studio.runs.folder.run_folder import Notes, RunFolder, Status
from cifar_studio.runs.folder.trace import read_trace
from cifar_studio.runs.queue_rules import PlannedRun
from cifar_studio.ui.library.queue_list import MOST_ROWS, QueueList
from cifar_studio.ui.library.run_model import READS_A_TURN, RunModel
from cifar_studio.ui.library.runs_panel import RunsPanel
from scripted_worker import queue_without_slots
from support import make_row


def settle(folder: Path, past_ns: int = 2 * SETTLED_NS) -> None:
    """Make a folder look as if nothing had changed in it for a while."""
    then = folder.stat().st_mtime_ns - past_ns
    os.utime(folder, ns=(then, then))


def read_all(file: EpochsFile) -> None:
    while not file.read():
        pass


def _replace(path: Path, text: bytes) -> None:
    other = path.with_name("other")
    other.write_bytes(text)
    other.replace(path)


# Files that grow


def test_that_lines_are_read_once_and_a_torn_one_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    file = GrowingFile(path)
    assert file.read() == (False, [])
    path.write_bytes(b"one\ntw")
    assert file.read() == (False, ["one"])
    with path.open("ab") as more:
        more.write(b"o\nthree\n")
    assert file.read() == (False, ["two", "three"])
    assert file.read() == (False, [])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda path: path.write_bytes(b"1\n"), id="shorter"),
        pytest.param(lambda path: path.write_bytes(b"1\n3\n4\n5\n"), id="rewritten in place"),
        pytest.param(lambda path: _replace(path, b"1\n2\n4\n"), id="replaced"),
    ],
)
def test_that_another_file_of_the_same_name_is_read_from_its_start(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"1\n2\n")
    file = GrowingFile(path)
    file.read()
    change(path)
    assert file.read() == (True, path.read_text().splitlines())
    path.unlink()
    assert file.read() == (True, [])


def test_that_a_line_without_end_is_passed_by(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"x" * (3 * SLICE_BYTES) + b"\nend\n")
    file = GrowingFile(path)
    lines = file.read()[1]
    for _ in range(5):
        lines += file.read()[1]
    assert lines[-1] == "end"
    assert not file.is_behind


def test_that_a_pipe_is_no_file_of_figures(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes in folders here")
    os.mkfifo(tmp_path / "epochs.csv")
    assert GrowingFile(tmp_path / "epochs.csv").read() == (False, [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "epoch,learning_rate\n",
        rewrite_rows([make_row(1), make_row(2)]).decode() + "3,0.01,2.0",
        rewrite_rows([make_row(1)]).decode() + "nonsense\n\n1,2,3\n,,,,,,,,,,,,,\n",
        "later,"
        + rewrite_rows([make_row(1)]).decode().replace("\n1,", "\n7,1,").replace("0.01", "inf"),
        rewrite_rows([make_row(1)]).decode().replace("4.0", "nan").replace("\n", "\r\n"),
    ],
)
def test_that_rows_are_those_of_a_whole_reading(tmp_path: Path, text: str) -> None:
    path = tmp_path / "epochs.csv"
    path.write_text(text, newline="")
    file = EpochsFile(path)
    read_all(file)
    assert file.table.lines_left_out == read_table(path).lines_left_out
    assert file.table.rows == read_rows(path)


def test_that_long_files_are_read_in_slices(tmp_path: Path) -> None:
    path = tmp_path / "epochs.csv"
    path.write_bytes(rewrite_rows([make_row(epoch) for epoch in range(1, 2001)]))
    file = EpochsFile(path)
    slices = 1
    while not file.read():
        slices += 1
        assert file.file.bytes_read <= slices * (SLICE_BYTES + MEMORY_BYTES)
    assert slices == path.stat().st_size // SLICE_BYTES + 1
    assert file.table.rows == read_rows(path)


def test_that_the_trace_is_that_of_a_whole_reading(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    lines = [f"{i / 50:g},{4 - i / 1e4:g},{i % 100},,,\n" for i in range(1, 5000)]
    lines += ["99.5,,,2.5,30,60\n", "nonsense\n", "1,2\n", "nan,1,2,,,\n"]
    path.write_text("position,train_loss,train_top1,test_loss,test_top1,test_top5\n")
    with path.open("a") as file:
        file.writelines(lines)
    trace = TraceFile(path)
    batches, quick_tests = 0, 0
    while True:
        _, points = trace.read()
        batches, quick_tests = batches + len(points.batches), quick_tests + len(points.quick_tests)
        if not trace.file.is_behind:
            break
    whole = read_trace(path)
    assert (batches, quick_tests) == (len(whole.batches), len(whole.quick_tests)) == (4999, 1)


# The folder of runs


def test_that_settled_runs_cost_one_look_at_their_folder(
    make_run: Callable[..., RunFolder],
) -> None:
    folders = [make_run(f"20260401_1200{number:02}_resnet18") for number in range(2 * TURNS)]
    for folder in folders:
        settle(folder.path)
    watch = FolderWatch(paths.runs_folder())
    assert len(watch.poll([]).changed) == 2 * TURNS
    before = watch.looks_at_files
    assert watch.poll([]).changed == ()
    assert watch.looks_at_files - before == 2  # those whose turn it is
    for _ in range(TURNS):
        watch.poll([])
    assert watch.looks_at_files - before == 2 + 2 * TURNS


def test_that_notes_and_new_states_are_seen_at_the_next_look(
    make_run: Callable[..., RunFolder],
) -> None:
    folder = make_run()
    settle(folder.path)
    watch = FolderWatch(paths.runs_folder())
    watch.poll([])
    folder.write_notes(Notes(star=True))
    assert watch.poll([]).changed == (folder.path,)
    folder.write_status(Status(state="failed"))
    assert watch.poll([]).changed == (folder.path,)
    folder.config_file.unlink()
    assert watch.poll([]).changed == (folder.path,)  # damaged, and still a run
    shutil.rmtree(folder.path)
    assert watch.poll([]).gone == (folder.path,)
    assert watch.poll([]).gone == ()


def test_that_a_change_that_no_folder_tells_of_is_seen_in_its_turn(
    make_run: Callable[..., RunFolder],
) -> None:
    folder = make_run()
    settle(folder.path)
    watch = FolderWatch(paths.runs_folder())
    watch.poll([])
    append_row(folder.epochs_file, make_row(4))
    assert [watch.poll([]).changed for _ in range(TURNS)].count((folder.path,)) == 1


def test_that_many_new_runs_are_taken_in_several_looks(
    make_run: Callable[..., RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cifar_studio.runs.folder.folder_watch.MOST_NEW", 2)
    newest_first = [make_run(f"2026040{day}_120000_resnet18").path for day in (5, 4, 3, 2, 1)]
    watch = FolderWatch(paths.runs_folder())
    found = []
    while not found or watch.has_more:
        found.append(watch.poll([]).changed)
    assert [len(paths) for paths in found] == [2, 2, 1]
    assert [path for paths in found for path in paths] == newest_first


def test_that_known_runs_are_not_asked_about_until_all_new_ones_are_taken(
    make_run: Callable[..., RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cifar_studio.runs.folder.folder_watch.MOST_NEW", 2)
    newest, *_ = [make_run(f"2026040{day}_120000_resnet18") for day in (5, 4, 3, 2, 1)]
    watch = FolderWatch(paths.runs_folder())
    watch.poll([])
    newest.write_notes(Notes(star=True))
    assert newest.path not in watch.poll([]).changed
    assert newest.path in watch.poll([newest.path]).changed, "unless somebody says so"
    newest.write_notes(Notes(star=False))
    assert not watch.has_more
    assert watch.poll([]).changed == (newest.path,)


def test_that_of_very_many_runs_the_old_ones_are_asked_about_in_turn(
    make_run: Callable[..., RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cifar_studio.runs.folder.folder_watch.MOST_FOLDERS", 2)
    folders = [make_run(f"2026040{day}_120000_resnet18") for day in range(9, 0, -1)]
    watch = FolderWatch(paths.runs_folder())
    watch.poll([])
    for folder in folders:
        folder.write_notes(Notes(star=True))
    looks = [watch.poll([]).changed for _ in range(4)]
    assert {folder.path for folder in folders[:2]} <= set(looks[0])
    assert all(0 < len(look) < 9 for look in looks)
    assert sorted(path for look in looks for path in look) == sorted(f.path for f in folders)


def test_that_a_run_that_goes_on_is_always_looked_at(make_run: Callable[..., RunFolder]) -> None:
    folder = make_run()
    settle(folder.path)
    watch = FolderWatch(paths.runs_folder())
    watch.poll([])
    assert watch.poll([folder.path]).changed == (folder.path,)


# The model


def test_that_a_large_library_is_read_in_turns_newest_first(
    qtbot: QtBot, make_run: Callable[..., RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cifar_studio.runs.folder.folder_watch.MOST_NEW", 2 * READS_A_TURN)
    names = [f"20260401_1200{number:02}_resnet18" for number in range(3 * READS_A_TURN)]
    for name in names:
        make_run(name)
    model = RunModel(paths.runs_folder())
    model.refresh()
    assert model.rowCount() == READS_A_TURN
    assert model.newest is not None
    assert model.newest.path.name == names[-1]
    newer = make_run("20260402_120000_vgg11")
    model.refresh()
    assert model.newest.path == newer.path  # before the rest of the old ones
    qtbot.waitUntil(lambda: not model.is_reading)
    assert [run.path.name for run in model.runs] == [newer.path.name, *reversed(names)]
    for run in model.runs:
        assert run == load(run.path)
        assert model.find(run.path) is run


def test_that_a_run_of_thousands_of_epochs_appears_when_it_is_read(
    qtbot: QtBot, make_run: Callable[..., RunFolder]
) -> None:
    folder = make_run(config=TrainConfig(epochs=20_000))
    rows = [make_row(epoch) for epoch in range(1, 10_001)]
    folder.keep_epochs(rows)
    model = RunModel(paths.runs_folder())
    model.refresh()
    assert model.find(folder.path) is None
    qtbot.waitUntil(lambda: not model.is_reading)
    run = model.find(folder.path)
    assert run is not None
    assert run.rows == tuple(rows)


def test_that_rows_cut_off_by_a_resume_go_from_the_library(
    qtbot: QtBot, make_run: Callable[..., RunFolder]
) -> None:
    folder = make_run(config=TrainConfig(epochs=9), state="running")
    with folder.hold():
        model = RunModel(paths.runs_folder())
        model.refresh()
        folder.keep_epochs([make_row(1, 10.0)])
        folder.append_epoch(make_row(2, 70.0))
        model.refresh()
    run = model.find(folder.path)
    assert run is not None
    assert [row.test_top1 for row in run.rows] == [10.0, 70.0]


# What stands beside it


def test_that_a_long_queue_stays_short_to_look_at(qtbot: QtBot, tmp_path: Path) -> None:
    queue = queue_without_slots(tmp_path)
    waiting = QueueList(queue)
    qtbot.addWidget(waiting)
    for seed in range(100):
        queue.add(PlannedRun(TrainConfig(seed=seed), "demo"))
    layout = waiting.layout()
    assert layout is not None
    assert layout.count() == MOST_ROWS + 3  # a heading, how many more, and air
    labels = [layout.itemAt(position).widget() for position in range(layout.count())]
    assert labels[MOST_ROWS + 1].text() == f"and {100 - MOST_ROWS} more"  # type: ignore[union-attr]


def test_that_the_keyboard_stays_on_a_run_that_is_moved(qtbot: QtBot, tmp_path: Path) -> None:
    queue = queue_without_slots(tmp_path)
    waiting = QueueList(queue)
    qtbot.addWidget(waiting)
    for seed in range(3):
        queue.add(PlannedRun(TrainConfig(seed=seed), "demo"))
    waiting.activateWindow()

    def button(row: int, tip: str) -> QAbstractButton:
        QApplication.processEvents()  # rows are made anew, and shown by the layout
        found = [one for one in waiting.findChildren(QAbstractButton) if one.toolTip() == tip]
        return [one for one in found if one.isVisible()][row]

    button(0, "Run it later").setFocus()
    for place in (1, 2):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
        QApplication.processEvents()
        assert [run.config.seed for run in queue.runs].index(0) == place
    assert QApplication.focusWidget() is button(2, "Take it out of the queue"), "it is the last"
    button(2, "Run it earlier").setFocus()
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert [run.config.seed for run in queue.runs] == [1, 0, 2]
    assert not button(0, "Run it earlier").isEnabled()
    words = [label.text() for label in waiting.findChildren(QLabel) if label.isVisible()]
    assert words[1:3] == ["1. ResNet18", "70 epochs · seed 1 · demo set"]


def test_that_asking_what_can_be_done_with_a_run_leaves_no_menus_behind(
    qtbot: QtBot, make_run: Callable[..., RunFolder], tmp_path: Path
) -> None:
    first, second = load(make_run().path), load(make_run("20260402_120000_vgg11").path)
    panel = RunsPanel(RunModel(paths.runs_folder()), queue_without_slots(tmp_path))
    qtbot.addWidget(panel)
    menu = panel.menu.menu(first)
    before = len(menu.actions())
    for _ in range(5):
        assert panel.menu.menu(second) is menu
    assert len(menu.actions()) == before
    with qtbot.waitSignal(panel.menu.settings_requested) as wanted:
        next(a for a in menu.actions() if a.text() == "Use its settings").trigger()
    assert wanted.args == [second]
