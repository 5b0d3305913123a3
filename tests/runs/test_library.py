"""The library: every run is told, and what of it is damaged, however large its files look."""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path

import numpy as np
import pytest

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import NewerVersionError, RunFolderError
from cifar_studio.runs.folder import epochs, trace
from cifar_studio.runs.folder import run_folder as folders
from cifar_studio.runs.folder.library import MAX_FAULT, list_all, load
from cifar_studio.runs.folder.run_folder import Notes, RunFolder, Status, is_run_folder
from long_forms import daily
from support import make_environment, make_row

HEADER = ",".join(epochs.COLUMNS).encode() + b"\n"
NOT_WHOLE = ("epochs.csv is not whole",)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A finished run of three epochs."""
    folder = folders.create(tmp_path, "resnet18")
    folder.write_config(TrainConfig(epochs=3))
    folder.write_environment(make_environment())
    folder.write_status(Status(state="finished", epoch=3, epochs=3))
    folder.write_notes(Notes(name="a"))
    for epoch in (1, 2, 3):
        folder.append_epoch(make_row(epoch))
    assert load(folder.path).damage == ()
    return folder


def test_that_lost_epochs_of_a_run_that_ended_are_told(folder: RunFolder) -> None:
    whole = folder.epochs_file.read_bytes()
    folder.epochs_file.write_bytes(whole[:-1] + b"x")  # the last line is whole no more
    assert load(folder.path).damage == NOT_WHOLE
    folder.epochs_file.unlink()
    assert load(folder.path).damage == NOT_WHOLE


def test_that_a_run_that_goes_on_may_be_a_row_ahead_of_the_reading(folder: RunFolder) -> None:
    folder.write_status(Status(state="running", epoch=4, epochs=9))
    lock = folder.hold()
    assert load(folder.path).damage == ()
    lock.release()
    assert load(folder.path).damage == NOT_WHOLE


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: bytes(len(whole)),
        lambda whole: bytes(len(HEADER)) + b"\n" + whole[len(HEADER) :],
        lambda whole: whole[len(HEADER) :],
        lambda whole: whole.replace(b"test_top1", b"test_top0"),
        lambda whole: whole.replace(b"\n2,", b"\n5,"),
        lambda whole: whole.replace(b"\n2,", b"\n-2,"),
        lambda whole: whole.replace(b"\n2,", b"\n" + b"9" * 5000 + b","),
        lambda whole: whole.replace(b"\n2,", b"\n2" + b"0" * 300 + b","),
        lambda whole: whole.replace(b"500.0", b"1e300"),
    ],
    ids=["zeros", "no header", "cut", "column", "number", "minus", "digits", "huge", "figure"],
)
def test_that_damaged_epochs_are_told(damage: object, folder: RunFolder) -> None:
    folder.epochs_file.write_bytes(damage(folder.epochs_file.read_bytes()))  # type: ignore[operator]
    run = load(folder.path)
    assert run.damage == NOT_WHOLE
    for row in run.rows:
        assert 1 <= row.epoch <= epochs.MAX_ROWS
        assert row.images_per_second == 500


def test_that_lines_that_end_as_on_windows_are_read(folder: RunFolder) -> None:
    whole = folder.epochs_file.read_bytes()
    folder.epochs_file.write_bytes(whole.replace(b"\n", b"\r\n"))
    assert load(folder.path).damage == ()
    folder.trace_file.write_bytes(b"0.5,4.0,1.0,,,\r\n0.6,,,3.0,1.0,5.0\r\n")
    assert load(folder.path).trace().batches.tolist() == [[0.5, 4.0, 1.0]]
    assert load(folder.path).trace().quick_tests.tolist() == [[0.6, 3.0, 1.0, 5.0]]


def test_that_each_damaged_part_is_named_and_a_missing_one_is_not(folder: RunFolder) -> None:
    folder.notes_file.write_bytes(b"{")
    folder.status_file.write_bytes(b'{"state": "finished", "epochs": 99999999999}')
    folder.environment_file.unlink()
    folder.environment_file.symlink_to("nowhere")
    run = load(folder.path)
    assert run.damage == (
        "environment.json cannot be read",
        "status.json cannot be read",
        "notes.json cannot be read",
    )
    assert (run.status.state, run.status.epochs) == ("finished", 3)  # as its rows tell
    for file in (folder.notes_file, folder.status_file, folder.environment_file):
        file.unlink()
    assert load(folder.path).damage == ()


def test_that_a_run_whose_status_is_lost_is_what_lock_and_rows_tell(folder: RunFolder) -> None:
    folder.status_file.unlink()
    folder.keep_epochs([make_row(1)])
    assert load(folder.path).status.state == "interrupted"
    lock = folder.hold()
    assert load(folder.path).status.state == "running"
    lock.release()


@pytest.mark.parametrize("kind", ["pipe", "folder", "loop", "device", "sparse"])
@pytest.mark.timeout(20)
def test_that_a_run_whose_config_is_no_file_is_told_as_damaged(
    kind: str, folder: RunFolder, tmp_path: Path
) -> None:
    path = folder.config_file
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "sparse":
        with path.open("wb") as file:
            file.truncate(10 * 2**30)
    else:
        path.symlink_to("/dev/zero" if kind == "device" else "config.json")
    assert is_run_folder(folder.path)
    runs, (damaged,) = list_all(tmp_path)
    assert runs == []
    assert damaged.path == folder.path
    assert "config.json cannot be read" in damaged.fault
    assert damaged.remedy == "Put its config.json back from a copy, or remove the run"
    folder.last_checkpoint.write_bytes(b"")
    (damaged,) = list_all(tmp_path)[1]
    assert damaged.remedy == "Resume the run: its checkpoint knows the settings"


def test_that_a_config_of_a_thousand_faults_is_told_in_a_line(folder: RunFolder) -> None:
    faults = ",".join(f'"a\\n\\u001b[2J{number}": 0' for number in range(1000))
    folder.config_file.write_text(f"{{{faults}}}")
    with pytest.raises(RunFolderError) as caught:
        load(folder.path)
    assert len(caught.value.fault) < MAX_FAULT + len(str(folder.path)) + 100
    assert caught.value.fault.isprintable()


def test_that_a_run_of_a_later_version_is_not_called_damaged(
    folder: RunFolder, tmp_path: Path
) -> None:
    folder.config_file.write_bytes(b'{"format": 2, "epochs": {"until": "good"}}')
    folder.last_checkpoint.write_bytes(b"")
    with pytest.raises(NewerVersionError):
        load(folder.path)
    ((damaged,), runs) = list_all(tmp_path)[::-1]
    assert runs == []
    assert damaged.remedy == "Update CIFAR Studio"


def test_that_a_folder_that_may_not_be_read_is_told(
    folder: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("cifar_studio.reading.os.open", refuse)
    ((damaged,), runs) = list_all(tmp_path)[::-1]
    assert runs == []
    assert "Permission denied" in damaged.fault


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("name", "line"),
    daily(
        (("epochs.csv", b""), ("trace.csv", b"1")),
        itertools.product(("epochs.csv", "trace.csv"), (b"", b"1", b",", b"9" * 100, b"," * 200)),
    ),
    ids=lambda word: word if isinstance(word, str) else len(word),
)
def test_that_files_of_nothing_but_lines_are_read_in_seconds(
    name: str, line: bytes, folder: RunFolder
) -> None:
    path = folder.path / name
    head = HEADER if name == "epochs.csv" else b""
    path.write_bytes(head + (line + b"\n") * ((epochs.MAX_BYTES - len(HEADER)) // (len(line) + 1)))
    start = time.monotonic()
    run = load(folder.path)
    if name == "epochs.csv":
        assert run.damage == NOT_WHOLE
        assert run.rows == ()
    else:
        assert len(run.trace().batches) == 0
    assert time.monotonic() - start < 20


def test_that_as_many_epochs_as_a_config_allows_are_read(folder: RunFolder) -> None:
    rows = [make_row(epoch) for epoch in range(1, epochs.MAX_ROWS + 1)]
    folder.keep_epochs(rows)
    assert folder.epochs_file.stat().st_size < epochs.MAX_BYTES
    run = load(folder.path)
    assert run.damage == ()
    assert len(run.rows) == epochs.MAX_ROWS
    with folder.epochs_file.open("ab") as file:
        file.write(b"100001,1\n" * 5)
    assert load(folder.path).damage == NOT_WHOLE


@pytest.mark.parametrize("number", ["inf", "-inf", "1e300", "nan"])
def test_that_a_trace_gives_plots_nothing_that_they_cannot_draw(
    number: str, tmp_path: Path
) -> None:
    path = tmp_path / "trace.csv"
    path.write_text(f"{number},4,1,,,\n0.5,{number},1,,,\n0.6,4,{number},,,\n-1,4,1,,,\n")
    points = trace.read_trace(path).batches
    assert points[:, 0].tolist() == [0.5]
    assert np.isnan(points[0, 1])


def test_that_a_trace_ends_where_it_could_no_longer_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "MAX_LINES", 5)
    for _ in range(2):
        writer = trace.TraceWriter(tmp_path / "trace.csv", until=10.0)
        for position in range(4):
            writer.batches(position / 10, 4.0, 1.0)
        writer.close()
    assert len(trace.read_trace(tmp_path / "trace.csv").batches) == 5


def test_that_a_trace_survives_a_crash_while_it_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "trace.csv"
    writer = trace.TraceWriter(path)
    writer.batches(0.5, 4.0, 1.0)
    writer.close()

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("cifar_studio.atomic.os.fsync", refuse)
        writer = trace.TraceWriter(path, until=1.0)
        writer.batches(0.6, 4.0, 1.0)
        writer.close()
    assert trace.read_trace(path).batches.tolist() == [[0.5, 4.0, 1.0]]
