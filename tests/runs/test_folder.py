"""The run folder: whole or not at all, held by one process, and readable by the library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix as sklearn_confusion_matrix

from cifar_studio import atomic
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import RunFolderError, StudioError
from cifar_studio.runs.folder import run_folder as folders
from cifar_studio.runs.folder.evaluation import (
    load_evaluation,
    save_evaluation,
)
from cifar_studio.runs.folder.library import list_runs, load
from cifar_studio.runs.folder.run_folder import Notes, RunFolder, Status
from cifar_studio.runs.folder.trace import TraceWriter, read_trace
from support import make_evaluation

HOLD = """
import sys, pathlib
from cifar_studio.runs.folder.run_folder import RunFolder
lock = RunFolder(pathlib.Path(sys.argv[1])).hold()
print("held", flush=True)
sys.stdin.read()
"""


def make_run(tmp_path: Path, state: str = "finished") -> RunFolder:
    folder = folders.create(tmp_path / "runs", "resnet18")
    folder.write_config(TrainConfig(epochs=3))
    folder.write_status(Status(state=state))  # type: ignore[arg-type]
    return folder


def test_that_a_run_is_named_by_start_time_and_network(tmp_path: Path) -> None:
    first, second = (folders.create(tmp_path, "vgg11") for _ in range(2))
    assert folders.start_time(first.path) is not None
    assert first.path.name.endswith("_vgg11")
    assert first.path != second.path


def test_that_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "files" / "a.json"
    path.parent.mkdir()
    atomic.write_bytes(path, b"old")

    def tear(file: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        atomic.write_file(path, tear)
    assert path.read_bytes() == b"old"
    assert [file.name for file in path.parent.iterdir()] == ["a.json"]


def test_that_a_folder_is_held_by_one_process_and_freed_by_its_death(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "running")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert folder.is_held()
        assert folder.read_status().state == "running"
        with pytest.raises(RunFolderError, match="in use by another process"):
            folder.hold()
        holder.kill()
    assert not folder.is_held()
    assert folder.read_status().state == "interrupted"
    folder.hold().release()


@pytest.mark.parametrize("name", ["status.json", "environment.json", "notes.json"])
@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff\xfe", b'{"state": "odd"}', b"[" * 5000])
def test_that_a_damaged_file_leaves_the_run_readable(
    tmp_path: Path, name: str, text: bytes
) -> None:
    folder = make_run(tmp_path)
    (folder.path / name).write_bytes(text)
    run = load(folder.path)
    assert run.config == TrainConfig(epochs=3)
    assert run.notes == Notes()


def test_that_a_run_without_a_readable_config_is_left_out_of_the_library(tmp_path: Path) -> None:
    good, bad = make_run(tmp_path), make_run(tmp_path)
    bad.config_file.write_text("{")
    assert [run.path for run in list_runs(tmp_path / "runs")] == [good.path]
    with pytest.raises(StudioError):
        load(bad.path)


def test_that_a_folder_that_is_no_run_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="is no run folder"):
        load(tmp_path)


def test_that_notes_survive(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    notes = Notes(name="für Übung «1»", notes="=1+1\nzweite Zeile", star=True)
    folder.write_notes(notes)
    assert load(folder.path).notes == notes


def test_that_a_trace_is_cut_off_where_a_resumed_run_begins(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    writer = TraceWriter(path)
    for position in (0.1, 0.2, 0.3):
        writer.batches(position, 4.5, 1.0)
    writer.quick_test(0.3, 4.4, 2.0, 8.0)
    writer.close()
    TraceWriter(path, until=0.25).close()
    trace = read_trace(path)
    np.testing.assert_allclose(trace.batches, [[0.1, 4.5, 1.0], [0.2, 4.5, 1.0]])
    assert trace.quick_tests.shape == (0, 4)


def test_that_a_trace_shows_a_loss_that_is_not_finite_as_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    writer = TraceWriter(path)
    writer.batches(0.1, None, 1.0)
    writer.close()
    assert np.isnan(read_trace(path).batches[0, 1])


def test_that_the_confusion_matrix_equals_scikit_learns() -> None:
    evaluation = make_evaluation()
    expected = sklearn_confusion_matrix(
        evaluation.true, evaluation.predicted, labels=np.arange(100)
    )
    np.testing.assert_array_equal(evaluation.confusion, expected)


def test_that_an_evaluation_survives(tmp_path: Path) -> None:
    evaluation = make_evaluation()
    save_evaluation(tmp_path / "evaluation.npz", evaluation)
    loaded = load_evaluation(tmp_path / "evaluation.npz")
    for name, value in vars(evaluation).items():
        np.testing.assert_array_equal(getattr(loaded, name), value)
        assert np.asarray(getattr(loaded, name)).dtype == np.asarray(value).dtype


@pytest.mark.parametrize("cut", [0, 10, 1000, -30])
def test_that_a_truncated_evaluation_is_refused_in_one_line(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "evaluation.npz"
    save_evaluation(path, make_evaluation())
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(RunFolderError, match="is damaged"):
        load_evaluation(path)


def test_that_an_evaluation_with_pickles_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.npz"
    arrays = {name: np.asarray(value) for name, value in vars(make_evaluation()).items()}
    arrays["true"] = np.array([{"a": 1}] * 300, dtype=object)
    np.savez(path, **arrays, allow_pickle=True)
    with pytest.raises(RunFolderError, match="is damaged"):
        load_evaluation(path)
