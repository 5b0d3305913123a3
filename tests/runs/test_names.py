"""Names and times of run folders: whatever a file system and a clock allow."""

from __future__ import annotations

import datetime
import logging
import os
from pathlib import Path

import pytest

from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import RunFolderError, StudioError
from cifar_studio.plain_text import printable
from cifar_studio.runs.folder import run_folder as folders
from cifar_studio.runs.folder.evaluation import load_evaluation
from cifar_studio.runs.folder.library import list_all, list_runs, load
from cifar_studio.runs.folder.log import run_log
from cifar_studio.runs.folder.run_folder import Notes, RunFolder, Status
from cifar_studio.runs.wording import train_command
from support import make_environment, make_row

CONFIG = TrainConfig(epochs=3)


def make_run(runs: Path) -> RunFolder:
    folder = folders.create(runs, "resnet18")
    folder.write_config(CONFIG)
    folder.write_environment(make_environment())
    folder.write_status(Status(state="finished", epoch=1, epochs=3))
    folder.append_epoch(make_row(1))
    return folder


def test_that_a_clock_that_was_set_back_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    for moment in ("2026-04-01T12:00:00", "2026-04-01T12:00:00", "2026-04-01T11:00:00"):
        fixed = datetime.datetime.fromisoformat(moment)

        class Clock(datetime.datetime):
            now = classmethod(lambda cls, tz=None, fixed=fixed: fixed)  # type: ignore[assignment]

        with monkeypatch.context() as patch:
            patch.setattr(folders.datetime, "datetime", Clock)
            folder = folders.create(tmp_path, "vgg11")
            folder.write_config(CONFIG)
            folder.write_status(Status(state="running"))
            made.append(folder.path)
    assert len(set(made)) == 3
    assert {run.path for run in list_runs(tmp_path)} == set(made)
    assert all(run.status.state == "interrupted" for run in list_runs(tmp_path))


@pytest.mark.parametrize("name", ["with spaces", "Übungen für später", "x" * 200, "%s {} \\ '\"$"])
def test_that_a_folder_may_have_any_name(name: str, tmp_path: Path) -> None:
    folder = make_run(tmp_path / name)
    lock = folder.hold()
    assert folder.is_held()
    lock.release()
    (run,) = list_runs(tmp_path / name)
    assert run.damage == ()
    renamed = folder.path.rename(tmp_path / name / name)
    assert load(renamed).rows == run.rows
    assert load(renamed).started is None


@pytest.mark.parametrize("name", ["new\nline", "\x1b[31mred", "\u202eright to left", "-rf", " "])
def test_that_a_name_that_a_terminal_obeys_is_printed_as_one_plain_line(
    name: str, tmp_path: Path
) -> None:
    folder = make_run(tmp_path / name)
    (run,) = list_runs(tmp_path / name)
    assert printable(str(run.path)).isprintable()
    folder.config_file.write_bytes(b"{")
    ((damaged,), runs) = list_all(tmp_path / name)[::-1]
    assert runs == []
    assert damaged.fault.isprintable()


@pytest.fixture
def no_text(tmp_path: Path) -> Path:
    """A folder whose name is Latin-1, as an old disk brings it."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/L\xe4ufe \xff"))
    try:
        path.mkdir()
    except OSError:
        pytest.skip("this file system takes text only")
    return path


def test_that_bytes_that_are_no_text_may_be_in_every_name(
    no_text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What pytest itself catches of the log cannot travel between processes that run tests.
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    folder = make_run(no_text)
    folder.write_status(Status(state="failed", message=f"{no_text} is full", epoch=1, epochs=3))
    folder.write_notes(Notes(name=no_text.name))
    lock = folder.hold()
    with run_log(folder.log_file) as log:
        log.info("run %s", folder.path)
    lock.release()
    (run,) = list_runs(no_text)
    assert run.damage == ()
    assert run.status.message == f"{no_text} is full"
    assert run.notes.name == no_text.name
    assert "L\\udce4ufe" in folder.log_file.read_text()
    assert printable(train_command(run)).isprintable()
    assert printable(str(run.path)).encode()


def test_that_faults_of_such_a_folder_can_be_printed(no_text: Path) -> None:
    folder = make_run(no_text)
    for path in (folder.config_file, folder.environment_file, folder.best_evaluation):
        path.write_bytes(b"{")
    for read in (
        lambda: load(folder.path),
        folder.read_environment,
        lambda: load_evaluation(folder.best_evaluation),
        lambda: load(no_text),
        lambda: folders.create(folder.config_file, "vgg11"),
    ):
        with pytest.raises(StudioError) as caught:
            read()
        assert printable(str(caught.value)).encode()
    (damaged,) = list_all(no_text)[1]
    assert damaged.fault.encode()


def test_that_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / ("x" * 300), tmp_path / ("x/" * 3000)):
        with pytest.raises(RunFolderError, match="no run folder can be made"):
            folders.create(path, "vgg11")
        with pytest.raises(RunFolderError, match="cannot be written"):
            RunFolder(path).hold()
        with pytest.raises(RunFolderError, match="is no run folder"):
            load(path)
        assert list_all(path) == ([], [])
        assert not RunFolder(path).is_held()


def test_that_a_year_that_no_clock_shows_is_no_start_time(tmp_path: Path) -> None:
    folder = make_run(tmp_path)
    for name in ("00000101_000000_vgg11", "20261399_250000_vgg11", "٢٠٢٦٠٤٠١_120000_vgg11"):
        folder = RunFolder(folder.path.rename(tmp_path / name))
        started = load(folder.path).started
        assert started is None or started.year == 2026
