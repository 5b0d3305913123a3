"""Run folders that are damaged, or made to do harm: one line, no hang, the others stay usable."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cifar_studio import sealed
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import NewerVersionError, RunFolderError, StudioError
from cifar_studio.runs.folder import run_folder as folders
from cifar_studio.runs.folder.evaluation import (
    load_evaluation,
    save_evaluation,
)
from cifar_studio.runs.folder.library import list_all, load
from cifar_studio.runs.folder.log import run_log
from cifar_studio.runs.folder.run_folder import Notes, RunFolder, Status, is_run_folder
from cifar_studio.runs.folder.trace import TraceWriter, read_trace
from long_forms import daily
from support import make_environment, make_evaluation, make_row

TEXT_FILES = (
    "config.json", "environment.json", "status.json", "notes.json", "epochs.csv", "trace.csv",
    "log.txt",
)  # fmt: skip
CONFIG = TrainConfig(epochs=3)


def make_run(runs: Path) -> RunFolder:
    """A run with all its files but the checkpoints."""
    folder = folders.create(runs, "resnet18")
    folder.write_config(CONFIG)
    folder.write_environment(make_environment())
    folder.write_status(Status(state="finished", epoch=3, epochs=3))
    folder.write_notes(Notes(name="Übung", notes="zwei\nZeilen", star=True))
    for epoch in (1, 2, 3):
        folder.append_epoch(make_row(epoch))
    trace = TraceWriter(folder.trace_file)
    trace.batches(0.5, 4.0, 1.0)
    trace.close()
    folder.log_file.write_text("a line\n")
    save_evaluation(folder.best_evaluation, make_evaluation(200))
    return folder


def read_everything(runs: Path, folder: RunFolder) -> None:
    """What the window and the command line read of a run; one-line errors are all right."""
    listed, damaged = list_all(runs)
    assert len(listed) + len(damaged) == 1 + is_run_folder(folder.path)
    assert any(run.path != folder.path and not run.damage for run in listed)
    for read in (
        lambda: load(folder.path).trace(),
        lambda: load_evaluation(folder.best_evaluation),
        folder.read_environment,
        folder.read_status,
    ):
        with contextlib.suppress(StudioError):
            read()


@pytest.mark.parametrize("name", TEXT_FILES)
def test_that_no_damage_of_a_text_file_disturbs_another_run(name: str, tmp_path: Path) -> None:
    other, folder = make_run(tmp_path), make_run(tmp_path)
    path = folder.path / name
    whole = path.read_bytes()
    generator = random.Random(name)
    damages = [whole[: generator.randrange(len(whole))] for _ in range(10)]
    for _ in range(60):
        flipped = bytearray(whole)
        flipped[generator.randrange(len(whole))] ^= 1 << generator.randrange(8)
        damages.append(bytes(flipped))
    for damage in damages:
        path.write_bytes(damage)
        read_everything(tmp_path, folder)
    assert load(other.path).damage == ()


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(
    name=st.sampled_from(TEXT_FILES), contents=st.binary(max_size=300) | st.text().map(str.encode)
)
def test_that_any_contents_of_a_text_file_are_read_or_refused(
    name: str, contents: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    runs = tmp_path_factory.mktemp("runs")
    make_run(runs)
    folder = make_run(runs)
    (folder.path / name).write_bytes(contents)
    read_everything(runs, folder)


def test_that_what_is_damaged_is_said_and_the_rest_is_there(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    folder.environment_file.write_bytes(b"{")
    folder.status_file.write_bytes(b"")
    with folder.epochs_file.open("ab") as file:
        file.write(b"4,what,is,this\n")
    run = load(folder.path)
    assert run.damage == (
        "environment.json cannot be read",
        "status.json cannot be read",
        "epochs.csv is not whole",
    )
    assert [row.epoch for row in run.rows] == [1, 2, 3]
    assert run.notes.name == "Übung"


def test_that_a_torn_last_line_of_the_epochs_is_no_damage(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    with folder.epochs_file.open("ab") as file:
        file.write(b"4,0.01,3.")
    assert load(folder.path).damage == ()


def test_that_a_run_with_a_damaged_config_does_not_vanish(tmp_path: Path) -> None:
    good, with_checkpoint, without = (make_run(tmp_path) for _ in range(3))
    for folder in (with_checkpoint, without):
        folder.config_file.write_bytes(b"{")
    with_checkpoint.previous_checkpoint.write_bytes(b"x")
    runs, damaged = list_all(tmp_path)
    assert [run.path for run in runs] == [good.path]
    remedies = {entry.path: entry.remedy for entry in damaged}
    assert remedies == {
        with_checkpoint.path: "Resume the run: its checkpoint knows the settings",
        without.path: "Put its config.json back from a copy, or remove the run",
    }
    for folder in (with_checkpoint, without):
        folder.config_file.unlink()
    assert len(list_all(tmp_path)[1]) == 2  # a checkpoint, or a run's name and figures, tell it


def test_that_a_strangers_folder_is_no_run(tmp_path: Path) -> None:
    for name, file in (("table", "epochs.csv"), ("20260401_120000_vgg11", "holiday.jpg")):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text("")
        with pytest.raises(RunFolderError, match="is no run folder"):
            load(tmp_path / name)
    assert list_all(tmp_path) == ([], [])


def test_that_a_config_of_a_later_version_is_told_as_such(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    folder.config_file.write_bytes(b'{"format": 2, "epochs": 3}')
    with pytest.raises(NewerVersionError, match="Update CIFAR Studio"):
        load(folder.path)


def test_that_damaged_notes_are_set_aside_and_not_lost(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    folder.notes_file.write_bytes(b'{"name": "what I found ou')
    folder.write_notes(Notes(star=True))
    assert folder.read_notes() == Notes(star=True)
    aside = folder.path / "notes.damaged.json"
    assert aside.read_bytes() == b'{"name": "what I found ou'


def pipe(path: Path, _: Path) -> None:
    os.mkfifo(path)


def link_to(target: str) -> Callable[[Path, Path], None]:
    return lambda path, outside: path.symlink_to(target or outside)


def loop(path: Path, _: Path) -> None:
    path.symlink_to(path.name)


def folder_there(path: Path, _: Path) -> None:
    path.mkdir()


def ten_gibibytes(path: Path, _: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10 * 2**30)  # takes no room on the disk


def a_million_brackets(path: Path, _: Path) -> None:
    path.write_bytes(b"[" * 1_000_000)


NO_FILES = [pipe, link_to("/dev/zero"), link_to(""), loop, folder_there]
ODD = [*NO_FILES, ten_gibibytes, a_million_brackets]
ODD_IDS = ["pipe", "device", "link", "loop", "folder", "10 GiB", "brackets"]


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", [*TEXT_FILES, "evaluation.npz", ".lock"])
@pytest.mark.parametrize("make", ODD, ids=ODD_IDS)
def test_that_odd_files_neither_hang_nor_lead_astray(
    make: Callable[[Path, Path], None], name: str, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    make_run(runs)
    folder = make_run(runs)
    outside = tmp_path / "outside.txt"
    outside.write_text("somebody's own\n")
    path = folder.path / name
    path.unlink(missing_ok=True)
    make(path, outside)
    read_everything(runs, folder)
    folder.is_held()
    if make in NO_FILES:
        with pytest.raises(RunFolderError, match=f"{name} is no ordinary file"):
            folder.hold()
    TraceWriter(folder.trace_file).close()
    with run_log(folder.log_file) as log:
        log.info("a line")
    assert outside.read_text() == "somebody's own\n"


def test_that_a_folder_that_cannot_be_written_cannot_be_held(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match="cannot be written"):
        RunFolder(tmp_path / "file" / "run").hold()


@pytest.mark.parametrize("offset", daily((0,), range(4)))
def test_that_every_flip_in_an_evaluation_is_found(offset: int, tmp_path: Path) -> None:
    path = tmp_path / "evaluation.npz"
    save_evaluation(path, make_evaluation(200))
    whole = path.read_bytes()
    for place in range(offset, len(whole), 61):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        with pytest.raises(RunFolderError, match="its checksum does not match"):
            load_evaluation(path)


def write_arrays(path: Path, **changes: object) -> None:
    arrays = {name: np.asarray(value) for name, value in vars(make_evaluation(200)).items()}
    arrays |= {name: np.asarray(value) for name, value in changes.items()}
    sealed.write(path, lambda file: np.savez(file, **arrays))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"true": np.array([{}] * 200, dtype=object)},
        {"true": np.zeros(199, np.uint8)},
        {"true": np.full(200, 100, np.uint8)},
        {"true": np.zeros(200, np.int64)},
        {"top5": np.zeros((200, 4), np.uint8)},
        {"probabilities": np.zeros((200, 100), np.float64)},
        {"confusion": np.zeros((100, 100), np.int64)},
        {"confusion": -np.ones((100, 100), np.int64)},
        {"epoch": np.array([1, 2])},
        {"epoch": np.float64("nan")},
    ],
    ids=lambda changes: " ".join(changes),
)
def test_that_arrays_of_another_kind_are_refused(
    changes: dict[str, object], tmp_path: Path
) -> None:
    path = tmp_path / "evaluation.npz"
    write_arrays(path)
    load_evaluation(path)
    write_arrays(path, **changes)
    with pytest.raises(RunFolderError, match=r"is damaged .* Evaluate the run again"):
        load_evaluation(path)


def test_that_a_bomb_of_arrays_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.npz"
    header = io.BytesIO()
    np.lib.format.write_array_header_2_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (2**40,)}
    )
    for kind in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        bomb = io.BytesIO()
        with zipfile.ZipFile(bomb, "w", kind) as archive:
            archive.writestr("true.npy", header.getvalue() + bytes(2**20))
        sealed.write(path, lambda file, bomb=bomb: put(file, bomb.getvalue()))  # type: ignore[misc]
        with pytest.raises(RunFolderError, match="is damaged"):
            load_evaluation(path)


def put(file: io.BufferedIOBase, data: bytes) -> None:
    file.write(data)


def test_that_a_full_disk_silences_log_and_trace_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    full = tmp_path / "trace.csv"
    writer = TraceWriter(full)

    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    assert writer._file is not None
    writer._file.close()
    monkeypatch.setattr(writer, "_file", Full())
    writer.batches(0.5, 1.0, 1.0)
    writer.batches(0.6, 1.0, 1.0)
    writer.close()
    assert len(read_trace(full).batches) == 0
    with run_log(tmp_path / "log.txt") as log:
        (handler,) = (h for h in logging.getLogger().handlers if "Quiet" in type(h).__name__)
        full_stream = io.TextIOWrapper(Full(), write_through=True)
        kept, handler.stream = handler.stream, full_stream  # type: ignore[attr-defined]
        log.info("nobody reads this")
        handler.stream = kept  # type: ignore[attr-defined]
        log.info("this is there")
        monkeypatch.setattr(Full, "write", io.BytesIO.write)
        full_stream.close()
    assert "this is there" in (tmp_path / "log.txt").read_text()
    assert capfd.readouterr().err == ""
