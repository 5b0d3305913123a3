"""Long runs and many runs: nothing is left behind, and work does not grow with what is done.

Nothing here measures time; `tests/measure_window.py --epochs` and `tests/soak_window.py` do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.runs.folder.epochs import rewrite_rows
from cifar_studio.runs.folder.events import BatchesEnded, EpochEnded, RunEnded, RunStarted
from cifar_studio.runs.folder.growing_file import MEMORY_BYTES, GrowingFile
from cifar_studio.runs.folder.run_folder import RunFolder
from cifar_studio.ui.curves.data.run_data import RunData
from cifar_studio.ui.library.run_model import RunModel
from cifar_studio.ui.window.main_window import MainWindow
from soak_window import Look, Soak, faults
from support import make_environment, make_row

DONE = 10_000
TRACE_HEADER = "position,train_loss,train_top1,test_loss,test_top1,test_top5\n"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Bytes of each slice that is read of a growing file."""
    sizes: list[int] = []
    read = GrowingFile.read

    def counted(file: GrowingFile) -> tuple[bool, list[str]]:
        before = file.bytes_read
        result = read(file)
        sizes.append(file.bytes_read - before)
        return result

    monkeypatch.setattr(GrowingFile, "read", counted)
    return sizes


def end_epochs(window: MainWindow, folder: RunFolder, epochs: range) -> None:
    for epoch in epochs:
        folder.append_epoch(make_row(epoch, 40.0))
        window.parts.controller.event_received.emit(
            EpochEnded(row=make_row(epoch, 40.0), best_epoch=epochs[0])
        )


def begin(window: MainWindow, folder: RunFolder, config: TrainConfig, done: int) -> None:
    window.parts.controller.event_received.emit(
        RunStarted(
            folder=str(folder.path),
            config=config,
            environment=make_environment(),
            batches=10,
            first_epoch=done + 1,
        )
    )


def drawn_points(window: MainWindow) -> int:
    lines = [
        line
        for panel in window.parts.curves.panels
        for drawn in panel.drawn
        for line in drawn.drawn_lines()
    ]
    return sum(len(line) for line in lines)


def test_that_an_epoch_costs_the_same_after_ten_thousand_others(
    qtbot: QtBot, make_run: Callable[..., RunFolder], window: MainWindow, reads: list[int]
) -> None:
    config = TrainConfig(epochs=2 * DONE)
    folder = make_run(config=config, state="running", top1s=())
    folder.epochs_file.write_bytes(rewrite_rows([make_row(e) for e in range(1, DONE + 1)]))
    folder.trace_file.write_text(
        TRACE_HEADER + "".join(f"{batch / 10:g},3,20,,,\n" for batch in range(1, 10 * DONE + 1))
    )
    with folder.hold():
        window.open_library()
        begin(window, folder, config, DONE)
        shown = window.parts.curves.shown
        assert shown is not None
        qtbot.waitUntil(lambda: not shown.is_behind)
        model = window.findChildren(RunModel)[0]
        qtbot.waitUntil(lambda: not model.is_reading)
        reads.clear()
        end_epochs(window, folder, range(DONE + 1, DONE + 21))
        line = len(rewrite_rows([make_row(DONE + 1, 40.0)]))
        assert sum(reads) <= len(reads) * (MEMORY_BYTES + line)
        assert max(reads) < 1000
    assert len(shown.rows) == DONE + 20
    assert len(shown.batches("train_loss")[0]) == 10 * DONE  # type: ignore[index]
    window.parts.curves.show_live()
    assert drawn_points(window) <= 40 * window.parts.curves.width()


def test_that_points_come_in_order_when_a_long_run_goes_on(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "20260401_120000_resnet18")
    folder.path.mkdir()
    config = TrainConfig(epochs=2000)
    folder.write_config(config)
    folder.epochs_file.write_bytes(rewrite_rows([make_row(e) for e in range(1, 1001)]))
    points = [f"{batch / 10:g},3,20,,,\n" for batch in range(1, 10_006)]  # half an epoch too many
    folder.trace_file.write_text(TRACE_HEADER + "".join(points))
    started = RunStarted(
        folder=str(folder.path),
        config=config,
        environment=make_environment(),
        batches=10,
        first_epoch=1001,
    )
    data = RunData.from_started(started)
    assert data.is_behind
    batch = BatchesEnded(
        epoch=1001,
        batch=3,
        batches=10,
        loss=2.0,
        top1=30.0,
        epoch_loss=2.5,
        epoch_top1=25.0,
        images_per_second=500.0,
        memory_mib=900.0,
    )
    assert data.take(batch)
    assert data.latest("train_loss") == 2.5  # at once, before the earlier points are read
    while data.is_behind:
        assert data.read_on()
    positions = data.batches("train_loss")[0]  # type: ignore[index]
    assert len(positions) == 10_001
    assert (positions[1:] > positions[:-1]).all()
    assert positions[-1] == pytest.approx(1000.3)


@pytest.mark.timeout(300)  # four workers that import torch, perhaps beside other tests
@pytest.mark.long
@pytest.mark.real_worker
def test_that_runs_in_one_window_leave_nothing_behind(qtbot: QtBot, window: MainWindow) -> None:
    soak = Soak(window, runs=4, every=2)
    soak.begin()
    qtbot.waitUntil(lambda: soak.is_done, timeout=280_000)
    assert [seen.runs for seen in soak.looks] == [2, 4]
    assert faults(soak, growth_mib=30) == []


@pytest.mark.real_worker
def test_that_what_is_left_behind_is_named(qtbot: QtBot, window: MainWindow) -> None:
    soak = Soak(window, runs=20, every=10)
    clean = Look(10, 1, 5, 1, 20, 100.0, 500, 9000, 3.0, 4.0, 9.0)
    more = dataclasses.replace(clean, runs=20, system_threads=6, files=22, memory_mib=140.0)
    soak.looks = [clean, more]
    soak.unfinished = [RunEnded(state="crashed", folder="", message="it fell over")]
    assert faults(soak, growth_mib=30) == [
        "a run crashed: it fell over",
        "system threads grew from 5 to 6",
        "files grew from 20 to 22",
        "memory grew by 40.0 MiB, more than 30",
    ]
